{{
    config(
        materialized='incremental',
        incremental_strategy='merge' if target.type == 'bigquery' else 'replace_window',
        full_refresh=none if var('allow_full_refresh') else false,
        partition_by={
            'field': 'game_date', 'data_type': 'date'
        } if target.type == 'bigquery' else none,
        require_partition_filter=true
    )
}}
with

player_games as (

    {{ window_rows(ref('int_player_game_summary_window')) }}

),

player_rows as (

    {{ window_rows(ref('int_player_rows_window')) }}

),

team_aliases as (

    select * from {{ ref('team_aliases') }}

),

raw_teams as (

    select
        source_game_date,
        team_abbr
    from {{ ref('stg_nbac__gamebook_player_stats') }}
    where {{ in_window('source_game_date') }}
    union all
    select
        source_game_date,
        team_abbr
    from {{ ref('stg_bdl__player_boxscores') }}
    where {{ in_window('source_game_date') }}

),

named_raw_teams as (

    select distinct
        raw_teams.source_game_date as game_date,
        coalesce(team_aliases.team_abbr, raw_teams.team_abbr) as team_abbr
    from raw_teams
    left join team_aliases on raw_teams.team_abbr = team_aliases.team_alias

),

findings as (

    {{ findings(
        'player_games', 'player_rows', published=published_rows(), raw_teams='select * from named_raw_teams'
    ) }}

),

final as (

    select
        game_date,
        rule_number,
        rule,
        severity,
        game_id,
        team_abbr,
        player_lookup,
        figure,
        threshold,
        example,
        sentence,
        {{ literal(var('run_id', none)) }} as run_id,
        {{ run_timestamp() }} as processed_at,
        '{{ invocation_id }}' as dbt_invocation_id
    from findings

)

select * from final

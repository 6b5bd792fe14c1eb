{{
    config(
        materialized='incremental',
        incremental_strategy='merge' if target.type == 'bigquery' else 'replace_window',
        full_refresh=none if var('allow_full_refresh') else false
    )
}}
with

player_links as (

    {{ written_down('int_player_links') }}

),

final as (

    select
        season_year,
        team_abbr,
        source_player_lookup,
        source_name,
        player_lookup,
        universal_player_id,
        player_full_name,
        is_linked,
        games_together,
        equal_lines,
        equal_statistics,
        contradictions,
        example_game_id,
        {{ run_timestamp() }} as processed_at,
        '{{ invocation_id }}' as dbt_invocation_id
    from player_links

)

select * from final

{{
    config(
        materialized='incremental',
        incremental_strategy='merge' if target.type == 'bigquery' else 'replace_window',
        full_refresh=none if var('allow_full_refresh') else false,
        partition_by={
            'field': 'game_date', 'data_type': 'date'
        } if target.type == 'bigquery' else none,
        require_partition_filter=true,
        cluster_by=['player_lookup', 'team_abbr']
    )
}}
-- Written when what it lacks is.
-- depends_on: {{ ref('excluded_box_score_rows') }}
with

window_rows as (

    {{ publishable_rows(ref('int_player_game_summary_window')) }}

),

final as (

    select
        game_date,
        game_id,
        season_year,
        season_phase,
        player_lookup,
        player_full_name,
        universal_player_id,
        team_abbr,
        opponent_team_abbr,
        is_home,
        minutes_played,
        points,
        assists,
        total_rebounds,
        offensive_rebounds,
        defensive_rebounds,
        steals,
        blocks,
        turnovers,
        personal_fouls,
        plus_minus,
        fg_makes,
        fg_attempts,
        three_pt_makes,
        three_pt_attempts,
        ft_makes,
        ft_attempts,
        ts_pct,
        efg_pct,
        usage_rate,
        player_status,
        is_active,
        dnp_reason,
        dnp_reason_category,
        primary_source_used,
        has_nbac_gamebook,
        has_bdl_boxscores,
        sources_disagree,
        bdl_team_score,
        source_processed_at,
        {{ summary_row_hash() }} as row_hash,
        {{ run_timestamp() }} as processed_at,
        '{{ invocation_id }}' as dbt_invocation_id
    from window_rows

)

select * from final

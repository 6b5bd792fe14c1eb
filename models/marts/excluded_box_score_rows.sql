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
with

player_rows as (

    {{ publishable_rows(ref('int_player_rows_window')) }}

),

final as (

    select
        game_date,
        game_id,
        source_name,
        exclusion_reason,
        source_game_id,
        source_game_date,
        team_abbr,
        source_player_lookup,
        source_player_full_name,
        player_lookup,
        player_status,
        minutes_text,
        points,
        source_file_path,
        source_processed_at,
        {{ run_timestamp() }} as processed_at,
        '{{ invocation_id }}' as dbt_invocation_id
    from player_rows
    where exclusion_reason is not null

)

select * from final

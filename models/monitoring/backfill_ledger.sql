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

player_rows as (

    {{ publishable_rows(ref('int_player_rows_window')) }}

),

source_dates as (

    {{ source_dates('player_rows') }}

),

of_the_build as (

    select max(code_fingerprint) as code_fingerprint from player_rows

),

summary_dates as (

    select
        game_date,
        count(*) as rows_written,
        count(*) - count(minutes_played) as null_minutes,
        {{ fingerprint_of('row_hash') }} as rows_fingerprint
    from {{ ref('player_game_summary') }}
    where {{ in_window('game_date') }}
    group by game_date

),

final as (

    select
        source_dates.game_date,
        source_dates.season_year,
        source_dates.game_count,
        source_dates.source_rows,
        source_dates.rows_expected,
        coalesce(summary_dates.rows_written, 0) as rows_written,
        coalesce(summary_dates.null_minutes, 0) as null_minutes,
        source_dates.source_processed_at,
        source_dates.source_fingerprint,
        summary_dates.rows_fingerprint,
        of_the_build.code_fingerprint,
        {{ literal(var('run_id', none)) }} as run_id,
        {{ run_timestamp() }} as processed_at,
        '{{ invocation_id }}' as dbt_invocation_id
    from source_dates
    cross join of_the_build
    left join summary_dates on source_dates.game_date = summary_dates.game_date

)

select * from final

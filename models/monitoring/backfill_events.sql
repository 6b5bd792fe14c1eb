{{
    config(
        materialized='incremental',
        incremental_strategy='merge' if target.type == 'bigquery' else 'append',
        full_refresh=none if var('allow_full_refresh') else false
    )
}}
{# The macro log_event writes the rows. A run of the model sees to it that the table is there. #}
with

no_event as (

    select
        cast(null as string) as event_id,
        cast(null as timestamp) as event_at,
        cast(null as string) as run_id,
        cast(null as string) as event_name,
        cast(null as date) as start_date,
        cast(null as date) as end_date,
        cast(null as string) as details,
        cast(null as string) as host_name,
        cast(null as int64) as process_id,
        cast(null as int64) as windows_done,
        cast(null as int64) as rows_added,
        cast(null as int64) as rows_removed,
        cast(null as int64) as rows_changed,
        cast(null as timestamp) as kept_until

),

final as (

    select * from no_event
    where event_at is not null

)

select * from final

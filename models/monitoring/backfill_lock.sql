{{
    config(
        materialized='incremental',
        incremental_strategy='merge' if target.type == 'bigquery' else 'append',
        on_schema_change='append_new_columns',
        full_refresh=none if var('allow_full_refresh') else false
    )
}}
{# The macro take_lock writes into the one row that is there, so that of two runs one gets it. #}
with

unlocked as (

    select
        cast(null as string) as run_id,
        cast(null as string) as holder,
        cast(null as string) as host_name,
        cast(null as int64) as process_id,
        cast(null as timestamp) as held_since,
        cast(null as timestamp) as alive_at

),

final as (

    select * from unlocked
    {% if is_incremental() %}
        where not exists (select 1 as a_row from {{ this }})
    {% endif %}

)

select * from final

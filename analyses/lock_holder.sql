{# Which run holds the lock, if any. #}
with

final as (

    {{ rows_if_built('backfill_lock', 'run_id is not null') }}

)

select * from final

{{ config(materialized='view') }}
with

events as (

    {{ rows_if_built('backfill_events') }}

),

lock_holder as (

    {{ rows_if_built('backfill_lock', 'run_id is not null') }}

),

runs as (

    select
        run_id,
        min(event_at) as started_at,
        max(
            case when event_name in ('run finished', 'run failed', 'run stopped') then event_at end
        ) as ended_at,
        max(case when event_name = 'run finished' then event_at end) as finished_at,
        max(case when event_name = 'run failed' then event_at end) as failed_at,
        max(case when event_name = 'copies dropped' then event_at end) as dropped_at,
        min(start_date) as start_date,
        max(end_date) as end_date,
        max(case when event_name = 'run started' then host_name end) as host_name,
        max(case when event_name = 'run started' then process_id end) as process_id,
        max(windows_done) as windows_done,
        count(case when event_name = 'window failed' then 1 end) as windows_failed,
        max(rows_added) as rows_added,
        max(rows_removed) as rows_removed,
        max(rows_changed) as rows_changed,
        max(case when event_name = 'range kept' then event_at end) as kept_at,
        max(kept_until) as kept_until
    from events
    group by 1

),

rollbacks as (

    select
        runs.run_id,
        max(
            case
                when
                    events.start_date <= runs.start_date
                    and events.end_date >= runs.end_date
                    then 1
                else 0
            end
        ) as is_whole
    from runs
    inner join events
        on
            runs.run_id = events.run_id
            and events.event_name = 'rolled back'
    group by 1

),

final as (

    select
        runs.run_id,
        case
            when rollbacks.is_whole = 1 then 'rolled back'
            when rollbacks.is_whole = 0 then 'rolled back in part'
            when runs.finished_at is not null then 'done'
            when runs.failed_at is not null then 'failed'
            when runs.ended_at is null and lock_holder.run_id is not null then 'running'
            else 'stopped'
        end as status,
        runs.started_at,
        runs.ended_at,
        runs.start_date,
        runs.end_date,
        runs.host_name,
        runs.process_id,
        runs.windows_done,
        runs.windows_failed,
        runs.rows_added,
        runs.rows_removed,
        runs.rows_changed,
        case when runs.dropped_at is null then runs.kept_at end as kept_at,
        case when runs.dropped_at is null then runs.kept_until end as kept_until
    from runs
    left join rollbacks on runs.run_id = rollbacks.run_id
    left join lock_holder on runs.run_id = lock_holder.run_id

)

select * from final

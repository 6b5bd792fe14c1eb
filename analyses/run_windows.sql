{#
    What the run of the var kept_run did: each window that it wrote, each date that it held back, and
    what it tried in vain. A date that a later run has tried again belongs to that one.
#}
with

ledger as (

    {{ rows_if_built('backfill_ledger', in_window('game_date')) }}

),

events as (

    {{ rows_if_built('backfill_events') }}

),

errors as (

    {{ rows_if_built(
        'gate_findings',
        in_window('game_date') ~ " and severity = 'error' and run_id = " ~ literal(var('kept_run'))
    ) }}

),

held_back_dates as (

    {{ held_back_reasons('errors') }}

),

held_back as (

    select
        'held back' as outcome,
        game_date as start_date,
        game_date as end_date,
        cast(null as int64) as date_count,
        cast(null as int64) as row_count,
        cast(null as int64) as null_minutes,
        processed_at as happened_at,
        reason as details
    from held_back_dates

),

written as (

    select
        'done' as outcome,
        min(game_date) as start_date,
        max(game_date) as end_date,
        count(*) as date_count,
        sum(rows_written) as row_count,
        sum(null_minutes) as null_minutes,
        min(processed_at) as happened_at,
        cast(null as string) as details
    from ledger
    where run_id = {{ literal(var('kept_run')) }}
    group by dbt_invocation_id

),

tried as (

    select
        case event_name when 'window failed' then 'failed' else 'retried' end as outcome,
        start_date,
        end_date,
        cast(null as int64) as date_count,
        cast(null as int64) as row_count,
        cast(null as int64) as null_minutes,
        event_at as happened_at,
        details
    from events
    where
        run_id = {{ literal(var('kept_run')) }}
        and event_name in ('window failed', 'window retried')

),

final as (

    select * from written
    union all
    select * from held_back
    union all
    select * from tried

)

select * from final -- noqa: CV13
order by happened_at, start_date

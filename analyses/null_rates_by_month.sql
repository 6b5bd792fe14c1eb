{#
    Runbook, monitoring: rows and rows without minutes of each month, when it was last written, and
    what the run that wrote it had found there.
#}
with

days as (

    select
        *,
        {{ dbt.date_trunc('month', 'game_date') }} as month_start
    from {{ ref('daily_null_rates') }}

),

ledger as (

    {{ rows_if_built('backfill_ledger', in_window('game_date')) }}

),

baselines as (

    {{ rows_if_built('backfill_baselines', in_window('game_date')) }}

),

days_before as (

    select
        {{ dbt.date_trunc('month', 'ledger.game_date') }} as month_start,
        baselines.row_count,
        baselines.null_minutes
    from ledger
    inner join baselines
        on
            ledger.game_date = baselines.game_date
            and ledger.run_id = baselines.run_id

),

months as (

    select
        month_start,
        count(*) as date_count,
        sum(row_count) as row_count,
        sum(null_minutes) as null_minutes,
        {{ percent_of('sum(null_minutes)', 'sum(row_count)') }} as null_pct,
        max(processed_at) as processed_at
    from days
    group by month_start

),

months_before as (

    select
        month_start,
        sum(row_count) as row_count,
        sum(null_minutes) as null_minutes,
        {{ percent_of('sum(null_minutes)', 'sum(row_count)') }} as null_pct
    from days_before
    group by month_start

),

final as (

    select
        cast(months.month_start as date) as month_start,
        months.date_count,
        months.row_count,
        months.null_minutes,
        months.null_pct,
        months.processed_at,
        months_before.row_count as row_count_before,
        months_before.null_minutes as null_minutes_before,
        months_before.null_pct as null_pct_before
    from months
    left join months_before on months.month_start = months_before.month_start

)

select * from final -- noqa: CV13
order by month_start

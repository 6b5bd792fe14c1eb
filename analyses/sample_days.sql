{#
    Runbook, sample week: rows of each day, and how many of them have no minutes. The row without a
    date is the whole window.
#}
{%- set of_days = [{'metric': 'daily_null_minutes_share', 'figure': 'null_pct'}] %}
{%- set of_sample = [{'metric': 'sample_null_minutes_share', 'figure': 'null_pct'}] %}
with

thresholds as (

    {{ thresholds() }}

),

days as (

    select
        cast(game_date as string) as scope,
        game_date,
        row_count,
        null_minutes,
        {{ percent_of('null_minutes', 'row_count') }} as null_pct
    from {{ ref('daily_null_rates') }}

),

sample as (

    select
        'all' as scope,
        cast(null as date) as game_date,
        sum(row_count) as row_count,
        sum(null_minutes) as null_minutes,
        {{ percent_of('sum(null_minutes)', 'sum(row_count)') }} as null_pct
    from days

),

checks as (

    {{ judged('days', of_days) }}
    union all
    {{ judged('sample', of_sample) }}

),

counted as (

    select * from days
    union all
    select * from sample

),

final as (

    select
        counted.game_date,
        counted.row_count as player_count,
        counted.null_minutes as null_count,
        counted.null_pct,
        checks.verdict,
        checks.warn_above,
        checks.advice
    from counted
    inner join checks on counted.scope = checks.scope

)

select * from final -- noqa: CV13
order by game_date nulls last

{# Runbook, validation: dates, games and rows of each season, and the rows without minutes. #}
with

final as (

    select
        season_year,
        min(game_date) as first_date,
        max(game_date) as last_date,
        count(*) as date_count,
        sum(game_count) as game_count,
        sum(row_count) as row_count,
        sum(null_minutes) as null_minutes,
        {{ percent_of('sum(null_minutes)', 'sum(row_count)') }} as null_pct
    from {{ ref('daily_null_rates') }}
    group by season_year

)

select * from final -- noqa: CV13
order by season_year

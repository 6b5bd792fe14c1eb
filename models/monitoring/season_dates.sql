{#
    On which dates of the window should there have been games? On those inside a part of a season
    that the seed seasons knows.
#}
with

dates as (

    {{ dates_of_window() }}

),

seasons as (

    select * from {{ ref('seasons') }}
    -- It is played on a day of the regular season.
    where season_phase != 'cup_final'

),

parts as (

    select
        *,
        {{ dbt.datediff('first_date', 'last_date', 'day') }}
        + 1 as day_count
    from seasons

),

final as (

    select
        dates.game_date,
        parts.season_year,
        parts.season_part,
        parts.game_count * 1.0 / parts.day_count as games_expected,
        parts.day_count,
        parts.day_count - parts.date_count as free_days,
        dates.game_date in (parts.first_date, parts.last_date) as is_first_or_last
    from dates
    inner join parts
        on dates.game_date between parts.first_date and parts.last_date

)

select * from final

{#
    Which phase of its season is each date of the window in? A part of a season lasts until the next
    one begins, and the last one as long as there are games.
#}
with

dates as (

    {{ dates_of_window() }}

),

seasons as (

    select * from {{ ref('seasons') }}

),

parts as (

    select
        *,
        lead(first_date) over (partition by season_year order by first_date) as next_first_date
    from seasons
    where season_phase != 'cup_final'

),

cup_finals as (

    select * from seasons
    where season_phase = 'cup_final'

),

preseasons as (

    select
        {{ dbt.dateadd('day', -45, 'min(first_date)') }} as first_date,
        min(first_date) as opening_day
    from seasons
    group by season_year

),

-- Between two parts there is the All-Star weekend, and in the weeks before the first one the
-- preseason.
final as (

    select
        dates.game_date,
        coalesce(cup_finals.season_phase, parts.season_phase) as season_phase,
        preseasons.opening_day is not null
        or coalesce(
            parts.next_first_date is not null and dates.game_date > parts.last_date, false
        ) as is_exhibition
    from dates
    left join parts
        on
            dates.game_date >= parts.first_date
            and {{ season_year('dates.game_date') }} = parts.season_year
            and (parts.next_first_date is null or dates.game_date < parts.next_first_date)
    left join cup_finals on dates.game_date = cup_finals.first_date
    left join preseasons
        on
            dates.game_date < preseasons.opening_day
            and dates.game_date >= preseasons.first_date

)

select * from final

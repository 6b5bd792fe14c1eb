{#
    Runbook, validation: dates inside a season on which the summary has no row. Where no source has
    a game either, the schedule may just have been free.
#}
with

season_dates as (

    select * from {{ ref('season_dates') }}

),

player_rows as (

    {{ player_rows() }}

),

games as (

    select
        game_date,
        count(distinct case when source_name = 'nbac_gamebook' then game_id end) as nbac_games,
        count(distinct case when source_name = 'bdl_boxscores' then game_id end) as bdl_games
    from player_rows
    where {{ in_window('game_date') }}
    group by game_date

),

final as (

    select
        season_dates.game_date,
        season_dates.season_part,
        coalesce(games.nbac_games, 0) as nbac_games,
        coalesce(games.bdl_games, 0) as bdl_games
    from season_dates
    left join {{ ref('daily_null_rates') }} as rates on season_dates.game_date = rates.game_date
    left join games on season_dates.game_date = games.game_date
    where rates.game_date is null

)

select * from final -- noqa: CV13
order by game_date

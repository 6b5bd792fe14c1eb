{#
    Who is at home in a season's games? Every team in half of them, in half of those with another team
    where that comes out even, and whoever is at home wins more than half. One row per season of the
    window.
#}
with

summary as (

    {{ rows_if_built('player_game_summary', in_window('game_date')) }}

),

team_games as (

    select
        season_year,
        game_id,
        team_abbr,
        opponent_team_abbr,
        case when is_home then 1 else 0 end as home_games,
        case when season_phase in ('regular', 'cup_final') then 1 else 0 end as regular_games,
        sum(points) as points
    from summary
    where is_active
    group by 1, 2, 3, 4, 5, 6

),

with_margin as (

    select
        *,
        sum(case when home_games = 1 then points else -points end) over (partition by game_id)
            as home_margin
    from team_games

),

pairs as (

    select
        season_year,
        team_abbr,
        opponent_team_abbr,
        sum(regular_games) as regular_games,
        sum(regular_games * home_games) as regular_home_games,
        sum(home_games) as home_games,
        count(case when home_games = 1 and home_margin > 0 then 1 end) as home_wins
    from with_margin
    group by 1, 2, 3

),

teams as (

    select
        season_year,
        team_abbr,
        sum(regular_games) as regular_games,
        sum(home_games) as home_games,
        sum(home_wins) as home_wins,
        abs(2 * sum(regular_home_games) - sum(regular_games)) as uneven_games,
        sum(
            case
                when mod(regular_games, 2) = 0
                    then abs(2 * regular_home_games - regular_games)
                else 0
            end
        ) as uneven_games_of_pairs
    from pairs
    group by 1, 2

),

seasons as (

    select
        season_year,
        min(regular_games) as regular_games,
        sum(home_games) as game_count,
        sum(home_wins) as home_wins,
        -- A game on the wrong side makes two for each of its teams.
        cast(
            ceil(
                greatest(
                    sum(
                        case
                            when mod(regular_games, 2) = 0 then uneven_games
                            else uneven_games - 1
                        end
                    ),
                    sum(uneven_games_of_pairs)
                ) / 4
            ) as int64
        ) as uneven_games
    from teams
    group by 1

),

final as (

    select
        season_year,
        game_count,
        home_wins,
        -- A season that was cut short has no such schedule, and the cup's last rounds upset it.
        case
            when regular_games < 82 then 0
            when season_year < 2023 then uneven_games
            else greatest(uneven_games - 12, 0)
        end as uneven_games,
        -- Home teams won 54 games of a hundred at least, but for chance.
        game_count >= 200
        and 1e0 * home_wins / game_count < 0.55 - 2 / sqrt(game_count) as is_turned_round
    from seasons
    where game_count > 0

)

select * from final

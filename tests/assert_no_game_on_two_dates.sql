{#
    No game stands in a source under two dates: two games of a season between the same home and away
    team with the same statistics are one, and the summary would hold it twice. Looks at the
    window's games and the rest of their season, because the second date can be months away.
#}
with

player_rows as (

    select
        'nbac_gamebook' as source_name,
        source_game_date,
        home_team_abbr as source_home_team_abbr,
        away_team_abbr as source_away_team_abbr,
        points,
        assists,
        total_rebounds,
        steals,
        turnovers
    from {{ ref('stg_nbac__gamebook_player_stats') }}
    where {{ in_seasons_of_window('source_game_date') }}

    union all

    select
        'bdl_boxscores' as source_name,
        source_game_date,
        home_team_abbr as source_home_team_abbr,
        away_team_abbr as source_away_team_abbr,
        points,
        assists,
        total_rebounds,
        steals,
        turnovers
    from {{ ref('stg_bdl__player_boxscores') }}
    where {{ in_seasons_of_window('source_game_date') }}

),

source_games as (

    select
        source_name,
        source_game_date,
        source_home_team_abbr,
        source_away_team_abbr,
        sum(points) as game_points,
        -- Tells games with the same score apart by who scored.
        sum(points * points) as squared_points,
        sum(assists) as game_assists,
        sum(total_rebounds) as game_rebounds,
        sum(steals) as game_steals,
        sum(turnovers) as game_turnovers
    from player_rows
    group by source_name, source_game_date, source_home_team_abbr, source_away_team_abbr

),

dated_games as (

    select
        source_games.*,
        games.game_date,
        games.game_id,
        games.home_team_abbr,
        games.away_team_abbr,
        {{ season_year('games.game_date') }} as season_year
    from source_games
    inner join {{ ref('int_games') }} as games
        using (source_name, source_game_date, source_home_team_abbr, source_away_team_abbr)
    where source_games.game_points > 0

),

final as (

    select
        source_name,
        season_year,
        home_team_abbr,
        away_team_abbr,
        game_points,
        min(game_id) as first_game_id,
        max(game_id) as last_game_id
    from dated_games
    group by
        source_name, season_year, home_team_abbr, away_team_abbr,
        game_points, squared_points, game_assists, game_rebounds, game_steals, game_turnovers
    having
        count(distinct game_date) > 1
        and count(case when {{ in_window('game_date') }} then 1 end) > 0

)

select * from final

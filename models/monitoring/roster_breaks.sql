{#
    On which dates of the window do the gamebook's lists of players not go with those of the games
    before and after? One row per date.
#}
with

summary as (

    {{ rows_if_built('player_game_summary', in_seasons_of_window('game_date')) }}

),

thresholds as (

    {{ thresholds() }}

),

limits as (

    {{ _limits('limits.roster_breaks_max') }}

),

-- Where there is no inactive list, who is hurt stands nowhere.
listed as (

    select distinct
        season_year,
        team_abbr,
        player_lookup,
        game_date
    from summary
    where has_nbac_gamebook and {{ in_todays_gamebook('game_date') }}

),

dates_of_teams as (

    select distinct
        season_year,
        team_abbr,
        game_date
    from listed

),

games_of_teams as (

    select
        *,
        row_number() over (partition by season_year, team_abbr order by game_date) as game_number,
        count(*) over (partition by season_year, team_abbr) as game_count
    from dates_of_teams

),

numbered as (

    select
        listed.*,
        games.game_number,
        games.game_count,
        lag(games.game_number) over of_player as number_before,
        lead(games.game_number) over of_player as number_after
    from listed
    inner join games_of_teams as games
        on
            listed.season_year = games.season_year
            and listed.team_abbr = games.team_abbr
            and listed.game_date = games.game_date
    window of_player as (
        partition by listed.season_year, listed.team_abbr, listed.player_lookup
        order by listed.game_date
    )

),

-- Who is on the list before and after a game and not on its own, and who is on none but its own.
breaks as (

    select
        games.game_date,
        1 as missing_players,
        0 as passing_players
    from numbered
    inner join games_of_teams as games
        on
            numbered.season_year = games.season_year
            and numbered.team_abbr = games.team_abbr
            and numbered.game_number + 1 = games.game_number
    where numbered.number_after = numbered.game_number + 2
    union all
    select
        game_date,
        0 as missing_players,
        1 as passing_players
    from numbered
    where
        game_number > 1
        and game_number < game_count
        and coalesce(number_before, 0) < game_number - 1
        and coalesce(number_after, game_count + 1) > game_number + 1

),

breaks_of_dates as (

    select
        game_date,
        sum(missing_players) as missing_players,
        sum(passing_players) as passing_players
    from breaks
    group by game_date

),

dates as (

    select
        game_date,
        season_year,
        count(*) as row_count
    from listed
    group by game_date, season_year

),

counted as (

    select
        dates.*,
        coalesce(breaks_of_dates.missing_players, 0) as missing_players,
        coalesce(breaks_of_dates.passing_players, 0) as passing_players
    from dates
    left join breaks_of_dates on dates.game_date = breaks_of_dates.game_date

),

-- By the other dates of the season.
with_expected as (

    select
        *,
        1e0 * row_count * (
            sum(missing_players + passing_players) over of_season
            - missing_players - passing_players
        ) / nullif(sum(row_count) over of_season - row_count, 0) as expected_breaks
    from counted
    window of_season as (partition by season_year)

),

final as (

    select
        with_expected.game_date,
        with_expected.row_count,
        with_expected.missing_players,
        with_expected.passing_players,
        with_expected.missing_players + with_expected.passing_players
        > limits.roster_breaks_max + coalesce(
            with_expected.expected_breaks + 5 * sqrt(with_expected.expected_breaks), 0
        ) as is_broken
    from with_expected
    cross join limits
    where {{ in_window('with_expected.game_date') }}

)

select * from final

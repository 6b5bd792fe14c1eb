{# Which game does each spelling of a game in each source mean, and on which date was it played? #}
with

nbac as (

    select * from {{ ref('stg_nbac__gamebook_player_stats') }}
    where {{ in_seasons_of_window('source_game_date') }}

),

bdl as (

    select * from {{ ref('stg_bdl__player_boxscores') }}
    where {{ in_seasons_of_window('source_game_date') }}

),

team_aliases as (

    select * from {{ ref('team_aliases') }}

),

source_lines as (

    select
        'nbac_gamebook' as source_name,
        source_game_date,
        home_team_abbr as source_home_team_abbr,
        away_team_abbr as source_away_team_abbr,
        {{ box_score_line() }} as box_score_line,
        {{ statistics_above_zero() }} as statistics_above_zero
    from nbac

    union all

    select
        'bdl_boxscores' as source_name,
        source_game_date,
        home_team_abbr as source_home_team_abbr,
        away_team_abbr as source_away_team_abbr,
        {{ box_score_line() }} as box_score_line,
        {{ statistics_above_zero() }} as statistics_above_zero
    from bdl

),

named_lines as (

    select
        source_lines.*,
        {{ season_year('source_lines.source_game_date') }} as season_year,
        coalesce(home_teams.team_abbr, source_lines.source_home_team_abbr) as home_team_abbr,
        coalesce(away_teams.team_abbr, source_lines.source_away_team_abbr) as away_team_abbr
    from source_lines
    left join team_aliases as home_teams
        on source_lines.source_home_team_abbr = home_teams.team_alias
    left join team_aliases as away_teams
        on source_lines.source_away_team_abbr = away_teams.team_alias

),

-- Of a game without one of its teams engines disagree on least() and greatest().
paired_lines as (

    select
        *,
        case
            when home_team_abbr < away_team_abbr then home_team_abbr else away_team_abbr
        end as first_team_abbr,
        case
            when home_team_abbr < away_team_abbr then away_team_abbr else home_team_abbr
        end as second_team_abbr
    from named_lines

),

paired as (

    select distinct
        source_name,
        source_game_date,
        source_home_team_abbr,
        source_away_team_abbr,
        home_team_abbr,
        away_team_abbr,
        first_team_abbr,
        second_team_abbr
    from paired_lines

),

-- Two teams meet once on a date, so a game that the gamebook gives both ways round is one.
nbac_orientations as (

    select
        source_game_date as game_date,
        first_team_abbr,
        second_team_abbr,
        min(home_team_abbr) as home_team_abbr
    from paired
    where source_name = 'nbac_gamebook'
    group by 1, 2, 3

),

nbac_games as (

    select
        game_date,
        first_team_abbr,
        second_team_abbr,
        home_team_abbr,
        case
            when home_team_abbr = first_team_abbr then second_team_abbr
            else first_team_abbr
        end as away_team_abbr
    from nbac_orientations

),

game_lines as (

    select
        source_name,
        source_game_date,
        season_year,
        first_team_abbr,
        second_team_abbr,
        box_score_line,
        max(statistics_above_zero) as statistics_above_zero,
        count(*) over (
            partition by source_name, source_game_date, first_team_abbr, second_team_abbr
        ) as line_count
    from paired_lines
    where statistics_above_zero > 0
    group by 1, 2, 3, 4, 5, 6

),

-- Two dates of a season are one game of the two teams if most lines of either are equal.
same_games as (

    select
        game_lines.source_name,
        game_lines.source_game_date,
        game_lines.first_team_abbr,
        game_lines.second_team_abbr,
        other_lines.source_name as other_source_name,
        other_lines.source_game_date as other_game_date
    from game_lines
    inner join game_lines as other_lines
        on
            game_lines.season_year = other_lines.season_year
            and game_lines.first_team_abbr = other_lines.first_team_abbr
            and game_lines.second_team_abbr = other_lines.second_team_abbr
            and game_lines.box_score_line = other_lines.box_score_line
            and game_lines.source_game_date != other_lines.source_game_date
    group by 1, 2, 3, 4, 5, 6
    having
        {{ is_beyond_chance('sum(game_lines.statistics_above_zero)') }}
        and 2 * count(*) > least(max(game_lines.line_count), max(other_lines.line_count))

),

games_of_date as (

    select distinct
        source_name,
        source_game_date,
        first_team_abbr,
        second_team_abbr
    from paired

),

-- BDL keeps the date from before a postponement: its game that the gamebook doesn't have there is
-- the same game on another date, if BDL has none on that.
possible_moves as (

    select
        same_games.source_game_date,
        same_games.other_game_date as game_date,
        same_games.first_team_abbr,
        same_games.second_team_abbr,
        {{ dbt.datediff('same_games.source_game_date', 'same_games.other_game_date', 'day') }}
            as days_apart,
        count(*) over (
            partition by
                same_games.source_game_date,
                same_games.first_team_abbr,
                same_games.second_team_abbr
        ) as possible_dates,
        count(*) over (
            partition by
                same_games.other_game_date,
                same_games.first_team_abbr,
                same_games.second_team_abbr
        ) as possible_games
    from same_games
    left join games_of_date as nbac_game
        on
            nbac_game.source_name = 'nbac_gamebook'
            and same_games.source_game_date = nbac_game.source_game_date
            and same_games.first_team_abbr = nbac_game.first_team_abbr
            and same_games.second_team_abbr = nbac_game.second_team_abbr
    left join games_of_date as bdl_game
        on
            bdl_game.source_name = 'bdl_boxscores'
            and same_games.other_game_date = bdl_game.source_game_date
            and same_games.first_team_abbr = bdl_game.first_team_abbr
            and same_games.second_team_abbr = bdl_game.second_team_abbr
    where
        same_games.source_name = 'bdl_boxscores'
        and same_games.other_source_name = 'nbac_gamebook'
        and nbac_game.source_game_date is null
        and bdl_game.source_game_date is null

),

date_sizes as (

    select
        source_name,
        source_game_date,
        count(*) as game_count
    from games_of_date
    group by 1, 2

),

-- Games are postponed one by one. Where most of a date's are as many days apart, a source has the
-- wrong date, and which one can't be told.
moves as (

    select
        possible_moves.source_game_date,
        possible_moves.game_date,
        possible_moves.first_team_abbr,
        possible_moves.second_team_abbr,
        count(*) over in_step > 1
        and 2 * count(*) over in_step
        > least(bdl_dates.game_count, nbac_dates.game_count) as is_shifted_date
    from possible_moves
    inner join date_sizes as bdl_dates
        on
            bdl_dates.source_name = 'bdl_boxscores'
            and possible_moves.source_game_date = bdl_dates.source_game_date
    inner join date_sizes as nbac_dates
        on
            nbac_dates.source_name = 'nbac_gamebook'
            and possible_moves.game_date = nbac_dates.source_game_date
    where possible_moves.possible_dates = 1 and possible_moves.possible_games = 1
    window in_step as (
        partition by possible_moves.source_game_date, possible_moves.days_apart
    )

),

-- A game is moved to the other date. Of a date that is shifted both sources' games are marked.
dated as (

    select
        paired.source_name,
        paired.source_game_date,
        paired.source_home_team_abbr,
        paired.source_away_team_abbr,
        paired.first_team_abbr,
        paired.second_team_abbr,
        paired.home_team_abbr,
        paired.away_team_abbr,
        coalesce(
            case when not moves.is_shifted_date then moves.game_date end, paired.source_game_date
        ) as game_date,
        coalesce(moves.is_shifted_date, false) as is_shifted_date
    from paired
    left join moves
        on
            paired.first_team_abbr = moves.first_team_abbr
            and paired.second_team_abbr = moves.second_team_abbr
            and (
                (
                    paired.source_name = 'bdl_boxscores'
                    and paired.source_game_date = moves.source_game_date
                )
                or (
                    paired.source_name = 'nbac_gamebook'
                    and paired.source_game_date = moves.game_date
                    and moves.is_shifted_date
                )
            )

),

-- Where the gamebook has the game, it says who was at home.
at_home as (

    select
        dated.source_name,
        dated.source_game_date,
        dated.source_home_team_abbr,
        dated.source_away_team_abbr,
        dated.first_team_abbr,
        dated.second_team_abbr,
        dated.game_date,
        dated.is_shifted_date,
        coalesce(nbac_games.home_team_abbr, dated.home_team_abbr) as home_team_abbr,
        coalesce(nbac_games.away_team_abbr, dated.away_team_abbr) as away_team_abbr,
        nbac_games.game_date is not null as is_in_nbac
    from dated
    left join nbac_games
        on
            dated.game_date = nbac_games.game_date
            and dated.first_team_abbr = nbac_games.first_team_abbr
            and dated.second_team_abbr = nbac_games.second_team_abbr

),

identified as (

    select
        *,
        replace(cast(game_date as string), '-', '')
        || '_' || away_team_abbr || '_' || home_team_abbr as game_id
    from at_home

),

game_ids as (

    select
        source_name,
        source_game_date,
        first_team_abbr,
        second_team_abbr,
        min(game_id) as game_id
    from identified
    group by 1, 2, 3, 4

),

-- Either of two same games is once the one and once the other, so both ids are in their rows.
same_game_ids as (

    select
        same_games.source_name,
        same_games.source_game_date,
        same_games.first_team_abbr,
        same_games.second_team_abbr,
        game_ids.game_id,
        min(game_ids.game_id) over same_game as lower_game_id,
        max(game_ids.game_id) over same_game as higher_game_id
    from same_games
    inner join game_ids
        on
            same_games.source_name = game_ids.source_name
            and same_games.source_game_date = game_ids.source_game_date
            and same_games.first_team_abbr = game_ids.first_team_abbr
            and same_games.second_team_abbr = game_ids.second_team_abbr
    window same_game as (
        partition by
            same_games.first_team_abbr,
            same_games.second_team_abbr,
            least(same_games.source_game_date, same_games.other_game_date),
            greatest(same_games.source_game_date, same_games.other_game_date),
            case
                when same_games.source_game_date < same_games.other_game_date
                    then concat(same_games.source_name, same_games.other_source_name)
                else concat(same_games.other_source_name, same_games.source_name)
            end
    )

),

-- What has not become one game by moving.
same_box_scores as (

    select
        source_name,
        source_game_date,
        first_team_abbr,
        second_team_abbr,
        min(case when game_id = lower_game_id then higher_game_id else lower_game_id end)
            as same_box_score_as
    from same_game_ids
    where lower_game_id != higher_game_id
    group by 1, 2, 3, 4

),

final as (

    select
        identified.source_name,
        identified.source_game_date,
        identified.source_home_team_abbr,
        identified.source_away_team_abbr,
        identified.game_date,
        identified.game_id,
        identified.home_team_abbr,
        identified.away_team_abbr,
        identified.is_in_nbac,
        same_box_scores.same_box_score_as,
        identified.is_shifted_date
    from identified
    left join same_box_scores
        on
            identified.source_name = same_box_scores.source_name
            and identified.source_game_date = same_box_scores.source_game_date
            and identified.first_team_abbr = same_box_scores.first_team_abbr
            and identified.second_team_abbr = same_box_scores.second_team_abbr

)

select * from final

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

spellings as (

    select
        'nbac_gamebook' as source_name,
        source_game_date,
        home_team_abbr as source_home_team_abbr,
        away_team_abbr as source_away_team_abbr
    from nbac
    group by 1, 2, 3, 4

    union all

    select
        'bdl_boxscores' as source_name,
        source_game_date,
        home_team_abbr as source_home_team_abbr,
        away_team_abbr as source_away_team_abbr
    from bdl
    group by 1, 2, 3, 4

),

named as (

    select
        spellings.*,
        coalesce(home_teams.team_abbr, spellings.source_home_team_abbr) as home_team_abbr,
        coalesce(away_teams.team_abbr, spellings.source_away_team_abbr) as away_team_abbr
    from spellings
    left join team_aliases as home_teams
        on spellings.source_home_team_abbr = home_teams.team_alias
    left join team_aliases as away_teams
        on spellings.source_away_team_abbr = away_teams.team_alias

),

paired as (

    select
        *,
        least(home_team_abbr, away_team_abbr) as first_team_abbr,
        greatest(home_team_abbr, away_team_abbr) as second_team_abbr
    from named

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

-- Where the gamebook has a game of the two teams on the date, it says who was at home.
oriented as (

    select
        paired.source_name,
        paired.source_game_date,
        paired.source_home_team_abbr,
        paired.source_away_team_abbr,
        coalesce(nbac_games.home_team_abbr, paired.home_team_abbr) as home_team_abbr,
        coalesce(nbac_games.away_team_abbr, paired.away_team_abbr) as away_team_abbr,
        nbac_games.game_date is not null as is_on_nbac_date
    from paired
    left join nbac_games
        on
            paired.source_game_date = nbac_games.game_date
            and paired.first_team_abbr = nbac_games.first_team_abbr
            and paired.second_team_abbr = nbac_games.second_team_abbr

),

bdl_games as (

    select
        source_game_date,
        home_team_abbr,
        away_team_abbr,
        is_on_nbac_date
    from oriented
    where source_name = 'bdl_boxscores'
    group by 1, 2, 3, 4

),

-- BDL keeps the date from before a postponement: its game that the gamebook doesn't have on the
-- date is the gamebook's game on another date of the season, with the same home and away team,
-- that BDL doesn't have on that other date.
possible_moves as (

    select
        bdl_games.source_game_date,
        nbac_games.game_date,
        bdl_games.home_team_abbr,
        bdl_games.away_team_abbr,
        abs(
            {{ dbt.datediff('bdl_games.source_game_date', 'nbac_games.game_date', 'day') }}
        ) as days_apart
    from bdl_games
    inner join nbac_games
        on
            bdl_games.home_team_abbr = nbac_games.home_team_abbr
            and bdl_games.away_team_abbr = nbac_games.away_team_abbr
            and {{ season_year('bdl_games.source_game_date') }}
            = {{ season_year('nbac_games.game_date') }}
    left join bdl_games as bdl_on_nbac_date
        on
            nbac_games.game_date = bdl_on_nbac_date.source_game_date
            and nbac_games.home_team_abbr = bdl_on_nbac_date.home_team_abbr
            and nbac_games.away_team_abbr = bdl_on_nbac_date.away_team_abbr
    where not bdl_games.is_on_nbac_date and bdl_on_nbac_date.source_game_date is null

),

-- Where several games could be meant, it is the one that is nearest from both sides ...
ranked_moves as (

    select
        *,
        row_number() over (
            partition by home_team_abbr, away_team_abbr, source_game_date
            order by days_apart, game_date
        ) as rank_for_bdl,
        row_number() over (
            partition by home_team_abbr, away_team_abbr, game_date
            order by days_apart, source_game_date
        ) as rank_for_nbac
    from possible_moves

),

nearest_moves as (

    select * from ranked_moves
    where rank_for_bdl = 1 and rank_for_nbac = 1

),

-- ... and then the nearest of those that are left: two teams meet in one arena twice a season.
left_over_moves as (

    select possible_moves.*
    from possible_moves
    left join nearest_moves
        on
            possible_moves.home_team_abbr = nearest_moves.home_team_abbr
            and possible_moves.away_team_abbr = nearest_moves.away_team_abbr
            and (
                possible_moves.source_game_date = nearest_moves.source_game_date
                or possible_moves.game_date = nearest_moves.game_date
            )
    where nearest_moves.game_date is null

),

ranked_left_over_moves as (

    select
        *,
        row_number() over (
            partition by home_team_abbr, away_team_abbr, source_game_date
            order by days_apart, game_date
        ) as rank_for_bdl,
        row_number() over (
            partition by home_team_abbr, away_team_abbr, game_date
            order by days_apart, source_game_date
        ) as rank_for_nbac
    from left_over_moves

),

nearest_left_over_moves as (

    select * from ranked_left_over_moves
    where rank_for_bdl = 1 and rank_for_nbac = 1

),

moves as (

    select * from nearest_moves
    union all
    select * from nearest_left_over_moves

),

dated as (

    select
        oriented.source_name,
        oriented.source_game_date,
        oriented.source_home_team_abbr,
        oriented.source_away_team_abbr,
        oriented.home_team_abbr,
        oriented.away_team_abbr,
        coalesce(moves.game_date, oriented.source_game_date) as game_date,
        oriented.is_on_nbac_date or moves.game_date is not null as is_in_nbac
    from oriented
    left join moves
        on
            oriented.source_name = 'bdl_boxscores'
            and oriented.source_game_date = moves.source_game_date
            and oriented.home_team_abbr = moves.home_team_abbr
            and oriented.away_team_abbr = moves.away_team_abbr

),

final as (

    select
        source_name,
        source_game_date,
        source_home_team_abbr,
        source_away_team_abbr,
        game_date,
        replace(cast(game_date as string), '-', '')
        || '_' || away_team_abbr || '_' || home_team_abbr as game_id,
        home_team_abbr,
        away_team_abbr,
        is_in_nbac
    from dated

)

select * from final

{#
    Where do the gamebook's lists of players not go with those of the games before and after? One row
    per date of the window, per team of a season and per season.
#}
with

summary as (

    {{ rows_if_built('player_game_summary', in_seasons_of_window('game_date')) }}

),

thresholds as (

    {{ thresholds() }}

),

limits as (

    {{ _limits('limits.roster_breaks_max, limits.roster_breaks_share_max') }}

),

-- Where there is no inactive list, who is hurt stands nowhere.
listed as (

    select
        season_year,
        team_abbr,
        player_lookup,
        game_date,
        max(case when is_active then 1 else 0 end) = 1 as is_active
    from summary
    where has_nbac_gamebook and {{ in_todays_gamebook('game_date') }}
    group by 1, 2, 3, 4

),

games_of_teams as (

    select
        *,
        dense_rank() over (
            partition by season_year, team_abbr order by game_date asc
        ) as game_number
    from listed

),

numbered as (

    select
        *,
        max(game_number) over of_team as game_count,
        min(game_date) over (
            partition by season_year, team_abbr
            order by game_number asc
            range between 1 following and 1 following
        ) as next_game_date,
        lag(game_number) over of_player as number_before,
        lead(game_number) over of_player as number_after
    from games_of_teams
    window
        of_team as (partition by season_year, team_abbr),
        of_player as (partition by season_year, team_abbr, player_lookup order by game_date asc)

),

-- Who is on the list before and after a game and not on its own, and who is on none but its own.
said as (

    select
        numbered.season_year,
        numbered.team_abbr,
        case
            when named.said = 'missing' then numbered.next_game_date else numbered.game_date
        end as game_date,
        case when named.said = 'listed' then 1 else 0 end as row_count,
        case when named.said = 'missing' then 1 else 0 end as missing_players,
        numbered.is_active,
        case
            when
                named.said = 'listed'
                and numbered.game_number > 1
                and numbered.game_number < numbered.game_count
                and coalesce(numbered.number_before, 0) < numbered.game_number - 1
                and coalesce(numbered.number_after, numbered.game_count + 1)
                > numbered.game_number + 1
                then 1
            else 0
        end as passing_players
    from numbered
    cross join {{ literal_rows('named', {'said': ['listed', 'missing']}) }}
    where named.said = 'listed' or numbered.number_after = numbered.game_number + 2

),

-- Who plays this once where another one is missing has the other one's line.
lists as (

    select
        season_year,
        team_abbr,
        game_date,
        sum(row_count) as row_count,
        sum(missing_players) as missing_players,
        sum(passing_players) as passing_players,
        least(
            sum(missing_players), sum(case when is_active then passing_players else 0 end)
        ) as players_in_anothers_place
    from said
    where {{ in_window('game_date') }}
    group by 1, 2, 3

),

parts as (

    select
        lists.season_year,
        named.kind,
        case named.kind
            when 'date' then cast(lists.game_date as string)
            when 'team' then lists.team_abbr
            else 'all'
        end as part,
        sum(lists.row_count) as row_count,
        sum(lists.missing_players) as missing_players,
        sum(lists.passing_players) as passing_players,
        sum(
            case when named.kind = 'date' then lists.players_in_anothers_place else 0 end
        ) as players_in_anothers_place
    from lists
    cross join {{ literal_rows('named', {'kind': ['date', 'team', 'season']}) }}
    group by 1, 2, 3

),

final as (

    select
        parts.season_year,
        parts.kind,
        parts.part,
        parts.row_count,
        parts.missing_players,
        parts.passing_players,
        parts.players_in_anothers_place > 0
        or parts.missing_players + parts.passing_players
        > limits.roster_breaks_max + limits.roster_breaks_share_max * parts.row_count / 100
            as is_broken
    from parts
    cross join limits

)

select * from final

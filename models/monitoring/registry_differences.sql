{#
    Has every player as many games in the summary as the registry says that he played? One row per
    player and season whose games lie in the window, from the first to the last that the registry
    knows.
#}
with

summary as (

    {{ rows_if_built('player_game_summary', in_window('game_date')) }}

),

team_aliases as (

    select * from {{ ref('team_aliases') }}

),

-- A line that stands there twice counts once.
registrations as (

    select distinct
        registered.season_year,
        registered.universal_player_id,
        registered.player_lookup,
        registered.games_played,
        registered.first_game_date,
        registered.last_game_date,
        coalesce(team_aliases.team_abbr, registered.team_abbr) as team_abbr
    from {{ ref('stg_nba_reference__players_registry') }} as registered
    left join team_aliases on registered.team_abbr = team_aliases.team_alias

),

registry as (

    select
        registrations.season_year,
        registrations.universal_player_id,
        registrations.team_abbr,
        max(registrations.player_lookup) as player_lookup,
        sum(registrations.games_played) as games_played,
        min(registrations.first_game_date) as first_game_date,
        max(registrations.last_game_date) as last_game_date
    from registrations
    group by
        registrations.season_year, registrations.universal_player_id, registrations.team_abbr
    having
        count(*) = count(registrations.games_played)
        and {{ in_window('min(registrations.first_game_date)') }}
        and {{ in_window('max(registrations.last_game_date)') }}

),

-- The NBA counts no game of the play-in and no cup final among a player's; another registry may.
played as (

    select
        season_year,
        universal_player_id,
        team_abbr,
        game_date,
        case when season_phase not in ('play_in', 'cup_final') then 1 end as of_any_registry
    from summary
    where is_active

),

games_of_teams as (

    select
        registry.season_year,
        registry.universal_player_id,
        registry.team_abbr,
        registry.player_lookup,
        registry.games_played,
        count(played.game_date) as most_games,
        count(played.of_any_registry) as least_games
    from registry
    left join played
        on
            registry.season_year = played.season_year
            and registry.universal_player_id = played.universal_player_id
            and registry.team_abbr = played.team_abbr
            and played.game_date between registry.first_game_date and registry.last_game_date
    group by
        registry.season_year, registry.universal_player_id, registry.team_abbr,
        registry.player_lookup, registry.games_played

),

all_games as (

    select
        season_year,
        universal_player_id,
        count(game_date) as most_games,
        count(of_any_registry) as least_games
    from played
    group by season_year, universal_player_id

),

-- Of who was traded a registry may know his last team alone, or have all of his games there.
compared as (

    select
        games_of_teams.season_year,
        games_of_teams.universal_player_id,
        max(games_of_teams.player_lookup) as player_lookup,
        {%- for games in ['least_games', 'most_games'] %}
            least(
                sum(abs(games_of_teams.{{ games }} - games_of_teams.games_played)),
                abs(
                    max(coalesce(all_games.{{ games }}, 0)) - sum(games_of_teams.games_played)
                )
            ) as difference_from_{{ games }},
        {%- endfor %}
        sum(games_of_teams.games_played) as registered_games,
        sum(games_of_teams.most_games) as games
    from games_of_teams
    left join all_games
        on
            games_of_teams.season_year = all_games.season_year
            and games_of_teams.universal_player_id = all_games.universal_player_id
    group by games_of_teams.season_year, games_of_teams.universal_player_id

),

final as (

    select
        season_year,
        universal_player_id,
        player_lookup,
        registered_games,
        games,
        case
            when
                sum(difference_from_least_games) over of_season
                <= sum(difference_from_most_games) over of_season
                then difference_from_least_games
            else difference_from_most_games
        end as difference
    from compared
    window of_season as (partition by season_year)

)

select * from final

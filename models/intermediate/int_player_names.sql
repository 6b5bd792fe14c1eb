{# Which registered player is meant by a name in a box score of a team and season? #}
with

nbac as (

    select * from {{ ref('stg_nbac__gamebook_player_stats') }}
    where {{ in_seasons_of_window('source_game_date') }}

),

bdl as (

    select * from {{ ref('stg_bdl__player_boxscores') }}
    where {{ in_seasons_of_window('source_game_date') }}

),

registry as (

    select * from {{ ref('stg_nba_reference__players_registry') }}
    where player_lookup is not null

),

player_aliases as (

    select * from {{ ref('player_aliases') }}

),

team_aliases as (

    select * from {{ ref('team_aliases') }}

),

source_names as (

    select
        player_lookup as source_player_lookup,
        team_abbr as source_team_abbr,
        {{ season_year('source_game_date') }} as season_year
    from nbac
    where player_lookup is not null
    union distinct
    select
        player_lookup as source_player_lookup,
        team_abbr as source_team_abbr,
        {{ season_year('source_game_date') }} as season_year
    from bdl
    where player_lookup is not null

),

registered_names as (

    select distinct player_lookup from registry

),

-- An alias says which name to look for, if there is such a player.
looked_for as (

    select distinct
        source_names.source_player_lookup,
        coalesce(team_aliases.team_abbr, source_names.source_team_abbr, '') as team_abbr,
        source_names.season_year,
        coalesce(registered_names.player_lookup, source_names.source_player_lookup)
            as player_lookup,
        registered_names.player_lookup is not null as is_aliased
    from source_names
    left join team_aliases on source_names.source_team_abbr = team_aliases.team_alias
    left join player_aliases on source_names.source_player_lookup = player_aliases.player_alias
    left join registered_names on player_aliases.player_lookup = registered_names.player_lookup

),

teams_of_season as (

    select distinct
        source_names.season_year,
        coalesce(team_aliases.team_abbr, source_names.source_team_abbr) as team_abbr
    from source_names
    left join team_aliases on source_names.source_team_abbr = team_aliases.team_alias

),

-- The nearer the registry's row is, the sooner it counts: fathers and sons share a name but for
-- the suffix, which a source may leave out.
candidates as (

    select
        looked_for.source_player_lookup,
        looked_for.team_abbr,
        looked_for.season_year,
        looked_for.is_aliased,
        registry.universal_player_id,
        registry.player_lookup = looked_for.player_lookup as is_exact,
        case
            when looked_for.season_year = registry.season_year
                then
                    case
                        when
                            looked_for.team_abbr
                            = coalesce(aliases_of_registry.team_abbr, registry.team_abbr)
                            then 1
                        else 2
                    end
            else 3
        end as distance,
        teams_of_season.team_abbr is not null as is_of_known_team
    from looked_for
    inner join registry
        on
            {{ without_suffix('looked_for.player_lookup') }}
            = {{ without_suffix('registry.player_lookup') }}
    left join team_aliases as aliases_of_registry
        on registry.team_abbr = aliases_of_registry.team_alias
    left join teams_of_season
        on
            registry.season_year = teams_of_season.season_year
            and coalesce(aliases_of_registry.team_abbr, registry.team_abbr)
            = teams_of_season.team_abbr

),

with_nearest as (

    select
        *,
        min(distance) over (
            partition by source_player_lookup, team_abbr, season_year, is_exact
        ) as least_distance
    from candidates

),

-- A name that means two players there means neither.
matches as (

    select
        source_player_lookup,
        team_abbr,
        season_year,
        is_aliased,
        is_exact,
        distance,
        max(universal_player_id) as meant_player_id,
        max(case when is_of_known_team then 1 else 0 end) as is_of_known_team
    from with_nearest
    where distance = least_distance
    group by 1, 2, 3, 4, 5, 6
    having count(distinct universal_player_id) = 1

),

ranked as (

    select
        *,
        row_number() over (
            partition by source_player_lookup, team_abbr, season_year
            -- Of the season before of another one, and the name itself before one without suffix.
            order by
                case when distance = 3 then 1 else 0 end,
                case when is_exact then 0 else 1 end
        ) as match_number
    from matches

),

-- A player whom the registry has under two names stands under one of them in a season.
players as (

    select distinct
        universal_player_id,
        season_year,
        first_value(player_lookup) over one_of_them as player_lookup,
        first_value(player_full_name) over one_of_them as player_full_name
    from registry
    window one_of_them as (
        partition by universal_player_id, season_year
        order by player_lookup desc, coalesce(player_full_name, '') desc
    )

),

latest_players as (

    select *
    from players
    qualify row_number() over (
        partition by universal_player_id order by coalesce(season_year, 0) desc
    ) = 1

),

final as (

    select
        ranked.source_player_lookup,
        ranked.team_abbr,
        ranked.season_year,
        case
            when ranked.is_aliased then 'alias'
            when ranked.is_exact then 'exact'
            else 'suffix'
        end as matched_by,
        coalesce(players.player_lookup, latest_players.player_lookup) as player_lookup,
        ranked.meant_player_id as universal_player_id,
        coalesce(players.player_full_name, latest_players.player_full_name) as player_full_name,
        -- A team that plays under another code in the registry tells nothing.
        case
            when ranked.distance = 1 then true
            when ranked.distance = 2 and ranked.is_of_known_team = 1 then false
        end as is_of_registered_team
    from ranked
    inner join latest_players on ranked.meant_player_id = latest_players.universal_player_id
    left join players
        on
            ranked.meant_player_id = players.universal_player_id
            and ranked.season_year = players.season_year
    where ranked.match_number = 1

)

select * from final

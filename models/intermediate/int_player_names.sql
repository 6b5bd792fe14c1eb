{# Which registered player is meant by a name in a box score? #}
with

registry as (

    select * from {{ ref('stg_nba_reference__players_registry') }}

),

player_aliases as (

    select * from {{ ref('player_aliases') }}

),

-- A name that the registry gives to two players means neither.
registered as (

    select
        registry.player_lookup,
        max(registry.universal_player_id) as universal_player_id,
        max(registry.player_full_name) as player_full_name
    from registry
    where registry.player_lookup is not null
    group by 1
    having count(distinct registry.universal_player_id) = 1

),

exact as (

    select
        player_lookup as source_player_lookup,
        cast(null as string) as team_abbr,
        cast(null as int64) as season_year,
        'exact' as matched_by,
        player_lookup
    from registered

),

aliased as (

    select
        player_aliases.player_alias as source_player_lookup,
        cast(null as string) as team_abbr,
        cast(null as int64) as season_year,
        'alias' as matched_by,
        player_aliases.player_lookup
    from player_aliases
    inner join registered on player_aliases.player_lookup = registered.player_lookup

),

-- The key of this match is the name without its suffix, on both sides.
suffixed as (

    select
        {{ without_suffix('registry.player_lookup') }} as source_player_lookup,
        registry.team_abbr,
        registry.season_year,
        'suffix' as matched_by,
        max(registry.player_lookup) as player_lookup
    from registry
    where registry.player_lookup is not null
    group by 1, 2, 3
    having count(distinct registry.player_lookup) = 1

),

matches as (

    select * from exact
    union all
    select * from aliased
    union all
    select * from suffixed

),

final as (

    select
        matches.source_player_lookup,
        matches.team_abbr,
        matches.season_year,
        matches.matched_by,
        matches.player_lookup,
        registered.universal_player_id,
        registered.player_full_name
    from matches
    inner join registered on matches.player_lookup = registered.player_lookup

)

select * from final

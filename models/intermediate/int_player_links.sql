{#
    Which two names are one player's by what the box score says of both, and on what evidence? A name
    that the registry doesn't know in one source, and a name of the other source in the same games.
#}
{%- set statistics = counted_statistics() %}
{%- set columns = [
    'source_game_date', 'home_team_abbr', 'away_team_abbr', 'team_abbr', 'player_lookup',
] + statistics %}
with

nbac as (

    select * from {{ ref('stg_nbac__gamebook_player_stats') }}
    where {{ in_seasons_of_window('source_game_date') }}

),

bdl as (

    select * from {{ ref('stg_bdl__player_boxscores') }}
    where {{ in_seasons_of_window('source_game_date') }}

),

games as (

    {{ written_down('int_games') }}

),

team_aliases as (

    select * from {{ ref('team_aliases') }}

),

player_names as (

    select * from {{ ref('int_player_names') }}

),

source_lines as (

    select
        'nbac_gamebook' as source_name,
        {%- for column in columns %}
            {{ column }},
        {%- endfor %}
        {{ statistics_above_zero() }} as statistics_above_zero
    from nbac

    union all

    select
        'bdl_boxscores' as source_name,
        {%- for column in columns %}
            {{ column }},
        {%- endfor %}
        {{ statistics_above_zero() }} as statistics_above_zero
    from bdl

),

-- A line that says nothing is no evidence.
lines as (

    select
        source_lines.source_name,
        games.game_id,
        {{ season_year('games.game_date') }} as season_year,
        coalesce(team_aliases.team_abbr, source_lines.team_abbr) as team_abbr,
        coalesce(player_names.player_lookup, source_lines.player_lookup) as player_lookup,
        player_names.player_full_name,
        player_names.universal_player_id,
        {%- for column in statistics %}
            source_lines.{{ column }},
        {%- endfor %}
        source_lines.statistics_above_zero
    from source_lines
    inner join games
        on
            source_lines.source_name = games.source_name
            and source_lines.source_game_date = games.source_game_date
            and source_lines.home_team_abbr = games.source_home_team_abbr
            and source_lines.away_team_abbr = games.source_away_team_abbr
    left join team_aliases on source_lines.team_abbr = team_aliases.team_alias
    left join player_names
        on
            source_lines.player_lookup = player_names.source_player_lookup
            and coalesce(team_aliases.team_abbr, source_lines.team_abbr) = player_names.team_abbr
            and {{ season_year('source_lines.source_game_date') }} = player_names.season_year
    where source_lines.statistics_above_zero > 0 and source_lines.player_lookup is not null

),

-- Two whom the registry knows are two. Where it knows neither, the gamebook's name counts.
pairs as (

    select
        unregistered.season_year,
        unregistered.team_abbr,
        unregistered.game_id,
        unregistered.source_name,
        unregistered.player_lookup as source_player_lookup,
        counterparts.player_lookup,
        counterparts.universal_player_id,
        counterparts.player_full_name,
        unregistered.statistics_above_zero,
        {% for column in statistics %}
            case
                when
                    coalesce(unregistered.{{ column }}, 0) != coalesce(counterparts.{{ column }}, 0)
                    then 1
                else 0
            end{{ ' +' if not loop.last }}
        {%- endfor %} as differing_statistics,
        {% for column in statistics %}
            case
                when unregistered.{{ column }} > 0 or counterparts.{{ column }} > 0 then 1 else 0
            end
            {{- ' +' if not loop.last }}
        {%- endfor %} as stated_statistics
    from lines as unregistered
    inner join lines as counterparts
        on
            unregistered.game_id = counterparts.game_id
            and unregistered.team_abbr = counterparts.team_abbr
            and unregistered.source_name != counterparts.source_name
            and unregistered.player_lookup != counterparts.player_lookup
    where
        unregistered.universal_player_id is null
        and (
            counterparts.universal_player_id is not null
            or unregistered.source_name = 'bdl_boxscores'
        )

),

candidates as (

    select
        season_year,
        team_abbr,
        source_player_lookup,
        player_lookup,
        min(source_name) as source_name,
        max(universal_player_id) as universal_player_id,
        max(player_full_name) as player_full_name,
        count(*) as games_together,
        count(case when differing_statistics = 0 then 1 end) as equal_lines,
        cast(
            sum(case when differing_statistics = 0 then statistics_above_zero else 0 end) as int64
        ) as equal_statistics,
        count(case when 2 * differing_statistics > stated_statistics then 1 end) as contradictions,
        min(case when differing_statistics = 0 then game_id end) as example_game_id
    from pairs
    group by season_year, team_abbr, source_player_lookup, player_lookup
    having count(case when differing_statistics = 0 then 1 end) > 0

),

compared as (

    select
        *,
        sum(equal_statistics) over (
            partition by season_year, source_player_lookup, player_lookup
        ) as equal_statistics_of_season,
        sum(equal_statistics) over (
            partition by season_year, team_abbr, source_player_lookup
        ) as equal_statistics_of_name,
        sum(equal_statistics) over (
            partition by season_year, team_abbr, player_lookup
        ) as equal_statistics_of_player
    from candidates

),

-- A game in which a source has mixed up its players must neither make a link nor undo one: so most
-- lines are equal, and neither name has more than a tenth of its evidence with anybody else.
final as (

    select
        season_year,
        team_abbr,
        source_player_lookup,
        source_name,
        player_lookup,
        universal_player_id,
        player_full_name,
        games_together,
        equal_lines,
        equal_statistics,
        contradictions,
        example_game_id,
        {{ is_beyond_chance('equal_statistics_of_season') }}
        and 2 * equal_lines > games_together
        and 10 * contradictions <= games_together
        and 10 * equal_statistics >= 9 * equal_statistics_of_name
        and 10 * equal_statistics >= 9 * equal_statistics_of_player as is_linked
    from compared

)

select * from final

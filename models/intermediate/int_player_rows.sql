{# Which key of the summary does each raw row of the window have? If it can't be there, why not? #}
{%- set statistics = counted_statistics() %}
{%- set shared_columns = [
    'source_game_id', 'home_team_abbr', 'away_team_abbr', 'team_abbr', 'player_lookup',
    'player_full_name', 'minutes_text', 'source_file_path', 'minutes_played',
] + statistics + ['is_minutes_unparseable', 'source_game_date', 'source_processed_at'] %}
with

nbac as (

    select * from {{ ref('stg_nbac__gamebook_player_stats') }}
    where {{ in_window('source_game_date') }} or source_game_date is null

),

-- A game of the window can stand in BDL under any date of the season.
bdl as (

    select * from {{ ref('stg_bdl__player_boxscores') }}
    where {{ in_seasons_of_window('source_game_date') }} or source_game_date is null

),

games as (

    select * from {{ ref('int_games') }}
    where {{ in_window('game_date') }}

),

team_aliases as (

    select * from {{ ref('team_aliases') }}

),

player_names as (

    select * from {{ ref('int_player_names') }}

),

raw_rows as (

    select
        'nbac_gamebook' as source_name,
        {%- for column in shared_columns %}
            {{ column }},
        {%- endfor %}
        player_status,
        dnp_reason,
        plus_minus
    from nbac

    union all

    select
        'bdl_boxscores' as source_name,
        {%- for column in shared_columns %}
            {{ column }},
        {%- endfor %}
        case
            when
                minutes_played > 0 or is_minutes_unparseable
                {%- for column in statistics %}
                    or {{ column }} > 0
                {%- endfor %}
                then 'active'
            else 'dnp'
        end as player_status,
        cast(null as string) as dnp_reason,
        cast(null as int64) as plus_minus
    from bdl

),

in_games as (

    select
        raw_rows.source_name,
        raw_rows.source_game_id,
        raw_rows.source_game_date,
        raw_rows.source_file_path,
        raw_rows.source_processed_at,
        games.game_id,
        games.game_date,
        {{ season_year('games.game_date') }} as season_year,
        games.home_team_abbr,
        games.away_team_abbr,
        coalesce(games.is_in_nbac, false) as is_in_nbac,
        coalesce(team_aliases.team_abbr, raw_rows.team_abbr) as team_abbr,
        raw_rows.player_lookup as source_player_lookup,
        raw_rows.player_full_name as source_player_full_name,
        raw_rows.player_status,
        raw_rows.dnp_reason,
        raw_rows.minutes_text,
        raw_rows.is_minutes_unparseable,
        raw_rows.minutes_played,
        {%- for column in statistics %}
            raw_rows.{{ column }},
        {%- endfor %}
        raw_rows.plus_minus
    from raw_rows
    left join games
        on
            raw_rows.source_name = games.source_name
            and raw_rows.source_game_date = games.source_game_date
            and coalesce(raw_rows.home_team_abbr, '') = coalesce(games.source_home_team_abbr, '')
            and coalesce(raw_rows.away_team_abbr, '') = coalesce(games.source_away_team_abbr, '')
    left join team_aliases on raw_rows.team_abbr = team_aliases.team_alias
    where games.game_date is not null or raw_rows.source_game_date is null

),

named as (

    select
        in_games.*,
        coalesce(
            exact.player_lookup, aliased.player_lookup, suffixed.player_lookup,
            in_games.source_player_lookup
        ) as player_lookup,
        coalesce(
            exact.player_full_name, aliased.player_full_name, suffixed.player_full_name,
            in_games.source_player_full_name
        ) as player_full_name,
        coalesce(
            exact.universal_player_id, aliased.universal_player_id, suffixed.universal_player_id
        ) as universal_player_id
    from in_games
    left join player_names as exact
        on in_games.source_player_lookup = exact.source_player_lookup and exact.matched_by = 'exact'
    left join player_names as aliased
        on
            in_games.source_player_lookup = aliased.source_player_lookup
            and aliased.matched_by = 'alias'
    left join player_names as suffixed
        on
            {{ without_suffix('in_games.source_player_lookup') }} = suffixed.source_player_lookup
            and in_games.team_abbr = suffixed.team_abbr
            and in_games.season_year = suffixed.season_year
            and suffixed.matched_by = 'suffix'

),

hashed as (

    select
        *,
        case
            when game_date is null then 'no_game_date'
            when player_lookup is null then 'no_player_name'
            when game_id is null or team_abbr is null then 'team_not_in_game'
            when team_abbr not in (home_team_abbr, away_team_abbr) then 'team_not_in_game'
        end as keyless_because,
        {{ hash_of([
            'game_id', 'team_abbr', 'player_lookup', 'player_status', 'dnp_reason', 'minutes_text',
            'plus_minus',
        ] + statistics) }} as statistics_hash
    from named

),

-- The latest row of a key is the one that counts. A game that the gamebook knows comes before one
-- that BDL alone puts on the date, and playing before not playing.
ranked as (

    select
        *,
        row_number() over in_key as rank_in_key,
        first_value(statistics_hash) over in_key as statistics_hash_of_key,
        first_value(source_processed_at) over in_key as source_processed_at_of_key
    from hashed
    window in_key as (
        partition by source_name, game_date, player_lookup, team_abbr, keyless_because
        order by
            is_in_nbac desc,
            source_processed_at desc,
            case when player_status = 'active' then 0 else 1 end asc,
            statistics_hash asc,
            source_player_full_name asc
    )

),

final as (

    select
        source_name,
        source_game_id,
        source_game_date,
        source_file_path,
        source_processed_at,
        source_player_lookup,
        source_player_full_name,
        case
            when keyless_because is not null then keyless_because
            when rank_in_key = 1 then null
            when statistics_hash = statistics_hash_of_key then 'exact_duplicate'
            when source_processed_at < source_processed_at_of_key then 'superseded'
            else 'conflicting_duplicate'
        end as exclusion_reason,
        game_id,
        game_date,
        season_year,
        home_team_abbr,
        away_team_abbr,
        team_abbr,
        player_lookup,
        player_full_name,
        universal_player_id,
        player_status,
        dnp_reason,
        minutes_text,
        is_minutes_unparseable,
        minutes_played,
        {%- for column in statistics %}
            {{ column }},
        {%- endfor %}
        plus_minus
    from ranked

)

select * from final

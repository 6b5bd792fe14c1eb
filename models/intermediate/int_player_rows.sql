{# Which key of the summary does each raw row of the window have? If it can't be there, why not? #}
{%- set statistics = counted_statistics() %}
{%- set shared_columns = [
    'source_game_id', 'home_team_abbr', 'away_team_abbr', 'team_abbr', 'player_lookup',
    'player_full_name', 'minutes_text', 'source_file_path', 'self_contradictions',
    'minutes_played',
] + statistics + [
    'is_home_by_source', 'is_minutes_unparseable', 'source_game_date', 'source_processed_at',
] %}
with

nbac as (

    select * from {{ ref('stg_nbac__gamebook_player_stats') }}
    where {{ in_window('source_game_date') }} or {{ is_no_game_date('source_game_date') }}

),

-- A game of the window can stand in BDL under any date of the season.
bdl as (

    select * from {{ ref('stg_bdl__player_boxscores') }}
    where
        {{ in_seasons_of_window('source_game_date') }}
        or {{ is_no_game_date('source_game_date') }}

),

games_of_seasons as (

    {{ written_down('int_games') }}

),

games as (

    select * from games_of_seasons
    where {{ in_window('game_date') }}

),

team_aliases as (

    select * from {{ ref('team_aliases') }}

),

teams as (

    select distinct team_abbr from team_aliases

),

season_phases as (

    select * from {{ ref('int_season_phases') }}

),

player_names as (

    select * from {{ ref('int_player_names') }}

),

all_links as (

    {{ written_down('int_player_links') }}

),

player_links as (

    select * from all_links
    where is_linked

),

thresholds as (

    {{ thresholds() }}

),

raw_rows as (

    select
        'nbac_gamebook' as source_name,
        {%- for column in shared_columns %}
            {{ column }},
        {%- endfor %}
        player_status,
        dnp_reason,
        plus_minus,
        cast(null as int64) as team_score
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
        cast(null as int64) as plus_minus,
        team_score
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
        season_phases.season_phase,
        coalesce(season_phases.is_exhibition, false)
        or (home_teams.team_abbr is null and away_teams.team_abbr is null) as is_exhibition,
        home_teams.team_abbr is not null and away_teams.team_abbr is not null as are_teams_known,
        games.home_team_abbr,
        games.away_team_abbr,
        coalesce(games.is_in_nbac, false) as is_in_nbac,
        games.same_box_score_as,
        coalesce(games.is_shifted_date, false) as is_shifted_date,
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
        raw_rows.plus_minus,
        raw_rows.team_score,
        raw_rows.self_contradictions,
        raw_rows.is_home_by_source
    from raw_rows
    left join games
        on
            raw_rows.source_name = games.source_name
            and raw_rows.source_game_date = games.source_game_date
            and coalesce(raw_rows.home_team_abbr, '') = coalesce(games.source_home_team_abbr, '')
            and coalesce(raw_rows.away_team_abbr, '') = coalesce(games.source_away_team_abbr, '')
    left join season_phases on games.game_date = season_phases.game_date
    left join teams as home_teams on games.home_team_abbr = home_teams.team_abbr
    left join teams as away_teams on games.away_team_abbr = away_teams.team_abbr
    left join team_aliases on raw_rows.team_abbr = team_aliases.team_alias
    where games.game_date is not null or {{ is_no_game_date('raw_rows.source_game_date') }}

),

named as (

    select
        in_games.*,
        coalesce(
            player_names.player_lookup, player_links.player_lookup, in_games.source_player_lookup
        ) as player_lookup,
        coalesce(
            player_names.player_full_name, player_links.player_full_name,
            in_games.source_player_full_name
        ) as player_full_name,
        coalesce(player_names.universal_player_id, player_links.universal_player_id)
            as universal_player_id,
        player_names.is_of_registered_team
    from in_games
    left join player_names
        on
            in_games.source_player_lookup = player_names.source_player_lookup
            and coalesce(in_games.team_abbr, '') = player_names.team_abbr
            and in_games.season_year = player_names.season_year
    left join player_links
        on
            in_games.source_player_lookup = player_links.source_player_lookup
            and in_games.team_abbr = player_links.team_abbr
            and in_games.season_year = player_links.season_year

),

hashed as (

    select
        *,
        case
            when game_date is null then 'no_game_date'
            when is_exhibition then 'exhibition_game'
            when player_lookup is null then 'no_player_name'
            when game_id is null or team_abbr is null then 'team_not_in_game'
            when team_abbr not in (home_team_abbr, away_team_abbr) then 'team_not_in_game'
            when not are_teams_known then 'team_not_in_game'
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
            coalesce(source_player_full_name, '') asc,
            coalesce(team_score, 0) desc
    )

),

judged as (

    select
        *,
        case
            when keyless_because is not null then keyless_because
            when rank_in_key = 1 then null
            when statistics_hash = statistics_hash_of_key then 'exact_duplicate'
            when source_processed_at < source_processed_at_of_key then 'superseded'
            else 'conflicting_duplicate'
        end as reason_in_source
    from ranked

),

nbac_keys as (

    select
        game_date,
        game_id,
        team_abbr,
        player_lookup,
        case when player_status = 'active' then minutes_played end as minutes_played
    from judged
    where source_name = 'nbac_gamebook' and reason_in_source is null

),

nbac_teams as (

    select
        game_id,
        team_abbr,
        sum(minutes_played) as team_minutes
    from nbac_keys
    group by game_id, team_abbr

),

-- Both teams have played as long, so a team that lacks a player is not taken for one of a game with
-- an overtime less.
with_game_minutes as (

    select
        *,
        240 + 25 * {{ overtimes('max(team_minutes) over (partition by game_id)') }} as game_minutes
    from nbac_teams

),

complete_teams as (

    select
        game_id,
        team_abbr
    from with_game_minutes
    where
        abs(team_minutes - game_minutes)
        <= {{ threshold('team_minutes_gap_nbac_gamebook', 'max_value') }}

),

final as (

    select
        judged.source_name,
        judged.source_game_id,
        judged.source_game_date,
        judged.source_file_path,
        judged.source_processed_at,
        judged.source_player_lookup,
        judged.source_player_full_name,
        -- Where the gamebook's players fill the game, nobody else has played: a second name of one
        -- of them.
        case
            when
                judged.reason_in_source is null
                and judged.source_name = 'bdl_boxscores'
                and judged.player_status = 'active'
                and complete_teams.game_id is not null
                and nbac_keys.game_id is null
                then 'surplus_player'
            else judged.reason_in_source
        end as exclusion_reason,
        judged.game_id,
        judged.game_date,
        judged.season_year,
        judged.season_phase,
        judged.home_team_abbr,
        judged.away_team_abbr,
        judged.same_box_score_as,
        judged.is_shifted_date,
        judged.team_abbr,
        judged.player_lookup,
        judged.player_full_name,
        judged.universal_player_id,
        judged.is_of_registered_team,
        judged.player_status,
        judged.dnp_reason,
        judged.minutes_text,
        judged.is_minutes_unparseable,
        judged.minutes_played,
        {%- for column in statistics %}
            judged.{{ column }},
        {%- endfor %}
        judged.plus_minus,
        judged.team_score,
        judged.self_contradictions,
        judged.is_home_by_source != (judged.team_abbr = judged.home_team_abbr) as is_turned_round
    from judged
    left join complete_teams
        on judged.game_id = complete_teams.game_id and judged.team_abbr = complete_teams.team_abbr
    left join nbac_keys
        on
            judged.game_date = nbac_keys.game_date
            and judged.player_lookup = nbac_keys.player_lookup
            and judged.team_abbr = nbac_keys.team_abbr

)

select * from final

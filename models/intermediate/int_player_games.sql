{# What does the summary say of a player in a game, when both sources are heard? #}
{%- set statistics = counted_statistics() %}
{%- set differences = [
    ('minutes', 'abs(coalesce(nbac.minutes_played, 0) - coalesce(bdl.minutes_played, 0)) > 1'),
] %}
{%- for column in statistics %}
    {%- do differences.append(
        (column, 'coalesce(nbac.' ~ column ~ ', 0) != coalesce(bdl.' ~ column ~ ', 0)')
    ) %}
{%- endfor %}
with

window_rows as (

    {{ window_rows(ref('int_player_rows_window')) }}

),

player_rows as (

    select * from window_rows
    where exclusion_reason is null

),

nbac as (

    select * from player_rows
    where source_name = 'nbac_gamebook'

),

bdl as (

    select * from player_rows
    where source_name = 'bdl_boxscores'

),

-- Per player, never per field: a row that the gamebook has takes nothing from BDL.
merged as (

    select
        game_date,
        player_lookup,
        team_abbr,
        {%- for column in [
            'game_id', 'season_year', 'season_phase', 'home_team_abbr', 'away_team_abbr', 'player_full_name',
            'universal_player_id', 'player_status', 'dnp_reason', 'minutes_text', 'minutes_played',
            'plus_minus',
        ] + statistics %}
            case
                when nbac.source_name is not null then nbac.{{ column }}
                else bdl.{{ column }}
            end as {{ column }},
        {%- endfor %}
        coalesce(nbac.source_name, bdl.source_name) as primary_source_used,
        nbac.source_name is not null as has_nbac_gamebook,
        bdl.source_name is not null as has_bdl_boxscores,
        bdl.team_score as bdl_team_score,
        -- A source that lists someone who did not play says 0, '' or nothing. BDL's minutes are
        -- whole ones, so only more than one minute apart is a disagreement.
        {{ names_of(differences) }} as differences,
        coalesce(nbac.is_minutes_unparseable, false)
        or coalesce(bdl.is_minutes_unparseable, false) as is_minutes_unparseable,
        greatest(
            coalesce(nbac.source_processed_at, bdl.source_processed_at),
            coalesce(bdl.source_processed_at, nbac.source_processed_at)
        ) as source_processed_at
    from nbac
    full outer join bdl using (game_date, player_lookup, team_abbr)

),

player_games as (

    select
        game_date,
        game_id,
        season_year,
        season_phase,
        player_lookup,
        player_full_name,
        universal_player_id,
        team_abbr,
        case
            when team_abbr = home_team_abbr then away_team_abbr
            else home_team_abbr
        end as opponent_team_abbr,
        team_abbr = home_team_abbr as is_home,
        minutes_text as source_minutes,
        is_minutes_unparseable,
        case when player_status = 'active' then minutes_played end as minutes_played,
        -- What no player can have breaks a rule, and not the arithmetic of his whole season.
        {%- for column in ['plus_minus'] + statistics %}
            case
                when player_status = 'active' and {{ column }} between -9999 and 9999
                    then {{ column }}
            end as {{ column }},
        {%- endfor %}
        player_status,
        player_status = 'active' as is_active,
        dnp_reason,
        {{ dnp_reason_category('player_status', 'dnp_reason') }} as dnp_reason_category,
        primary_source_used,
        has_nbac_gamebook,
        has_bdl_boxscores,
        case when has_nbac_gamebook and has_bdl_boxscores then differences end as sources_disagree,
        bdl_team_score,
        source_processed_at
    from merged

),

with_team_totals as (

    select
        *,
        sum(minutes_played) over team_game as team_minutes,
        sum({{ shooting_possessions() }} + 100 * turnovers) over team_game as team_possessions,
        count(case when is_active then 1 end) over team_game
        - count(minutes_played + fg_attempts + ft_attempts + turnovers) over team_game
            as incomplete_rows
    from player_games
    window team_game as (partition by game_id, team_abbr)

),

final as (

    select
        *,
        {{ ratio('50 * points', shooting_possessions()) }} as ts_pct,
        {{ ratio('2 * fg_makes + three_pt_makes', '2 * fg_attempts') }} as efg_pct,
        case
            when incomplete_rows = 0 and {{ team_minutes_gap('team_minutes') }} <= 5
                then {{ ratio(
                    '(' ~ shooting_possessions() ~ ' + 100 * turnovers)'
                    ~ ' * cast(round(team_minutes * 100) as int64)',
                    '5 * team_possessions * cast(round(minutes_played * 100) as int64)'
                ) }}
        end as usage_rate
    from with_team_totals

)

select * from final

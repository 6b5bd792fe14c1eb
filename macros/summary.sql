{# The columns of player_game_summary that row_hash covers: all but those that tell when it was written. #}
{% macro summary_columns() %}
    {{ return([
        'game_date', 'game_id', 'season_year', 'season_phase', 'player_lookup', 'player_full_name',
        'universal_player_id', 'team_abbr', 'opponent_team_abbr', 'is_home', 'minutes_played', 'points', 'assists', 'total_rebounds',
        'offensive_rebounds', 'defensive_rebounds', 'steals', 'blocks', 'turnovers', 'personal_fouls', 'plus_minus',
        'fg_makes', 'fg_attempts', 'three_pt_makes', 'three_pt_attempts', 'ft_makes', 'ft_attempts', 'ts_pct',
        'efg_pct', 'usage_rate', 'player_status', 'is_active', 'dnp_reason', 'dnp_reason_category',
        'primary_source_used', 'has_nbac_gamebook', 'has_bdl_boxscores', 'sources_disagree', 'bdl_team_score',
    ]) }}
{% endmacro %}

{% macro summary_row_hash() %}
    {{ return(hash_of(summary_columns(), {
        'minutes_played': print_numeric('minutes_played', 2),
        'ts_pct': print_numeric('ts_pct', 4),
        'efg_pct': print_numeric('efg_pct', 4),
        'usage_rate': print_numeric('usage_rate', 4),
    })) }}
{% endmacro %}

{#
    The games of rows of the summary, a row each, as a select: what the view games shows and what the verdict counts. The
    verdict has them from the summary itself, since the view may be another checkout's, or not made yet.
#}
{% macro game_totals(player_games) -%}
    select
        game_date,
        game_id,
        max(season_year) as season_year,
        max(season_phase) as season_phase,
        max(case when is_home then team_abbr else opponent_team_abbr end) as home_team_abbr,
        max(case when is_home then opponent_team_abbr else team_abbr end) as away_team_abbr,
        sum(case when is_home then points end) as home_points,
        sum(case when not is_home then points end) as away_points,
        sum(case when is_home and has_nbac_gamebook then points end) as nbac_home_points,
        sum(case when not is_home and has_nbac_gamebook then points end) as nbac_away_points,
        max(case when is_home then bdl_team_score end) as bdl_home_points,
        max(case when not is_home then bdl_team_score end) as bdl_away_points,
        -- Of one team, or the mean of both.
        sum(minutes_played)
        / nullif(count(distinct case when is_active then team_abbr end), 0) as team_minutes,
        count(case when has_nbac_gamebook then 1 end) as nbac_rows,
        count(case when has_bdl_boxscores then 1 end) as bdl_rows,
        count(*) as row_count,
        count(case when is_active then 1 end) as active_players,
        max(processed_at) as processed_at
    from {{ player_games }}
    group by game_date, game_id
{%- endmacro %}

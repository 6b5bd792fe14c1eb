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

{#
    The rules that a box score obeys, what explains others first. Each stands here once: the gate holds every window to
    them before it is published, and the data tests hold the summary to them.

    A rule is about the rows of one of the relations that findings() makes, its subject, and has
    - rule: its name, and family: which of the design's families it belongs to;
    - severity: error, which holds the date back, or warning; SQL where it depends on the row;
    - broken: when a row breaks it, as SQL;
    - figure and threshold: what was measured and what it is held to, as SQL, where there is such a thing;
    - shows: the columns that let a person see it;
    - sentence: what it means, for people.

    limits.minutes_played_max is the max_value of that metric in the seed quality_thresholds; _min, _warn and _error are
    its other bounds.
#}
{% macro rules() %}
    {{ return({
        'source_rows': [
            {
                'rule': 'unreadable_minutes', 'family': 'sources', 'severity': 'error',
                'broken': 'is_minutes_unparseable', 'shows': ['source_name', 'minutes_text'],
                'sentence': 'Every spelling of minutes is one that minutes_played reads: none becomes NULL on the way.',
            },
            {
                'rule': 'statistics_of_nobody', 'family': 'sources', 'severity': 'error',
                'broken': "player_status in ('dnp', 'inactive') and (minutes_played > 0 or "
                    ~ counted_statistics() | join(' > 0 or ') ~ ' > 0)',
                'shows': ['source_name', 'player_status', 'minutes_text', 'points'],
                'sentence': 'Who did not play has no minutes and no statistics: the summary would drop them.',
            },
            {
                'rule': 'unknown_status', 'family': 'sources', 'severity': 'error',
                'broken': "coalesce(player_status, '') not in ('active', 'dnp', 'inactive')",
                'shows': ['source_name', 'player_status'],
                'sentence': 'A player is active, dnp or inactive: another status is read as not playing.',
            },
            {
                'rule': 'unknown_team', 'family': 'sources', 'severity': 'error',
                'broken': "exclusion_reason = 'team_not_in_game'",
                'shows': ['source_name', 'team_abbr', 'source_game_id'],
                'sentence': "A row is of one of its game's two teams. A code that is new is taught by a line in "
                    ~ 'seeds/team_aliases.csv: the code, a comma, and the team that it means.',
            },
            {
                'rule': 'nameless_player', 'family': 'sources', 'severity': 'error',
                'broken': "exclusion_reason = 'no_player_name' and player_status = 'active'",
                'shows': ['source_name', 'minutes_text', 'points'],
                'sentence': 'Whoever played has a name: without one his row is in no table that is trained on.',
            },
            {
                'rule': 'unreadable_name', 'family': 'sources', 'severity': 'error',
                'broken': 'exclusion_reason is null and not ' ~ matches('source_player_full_name', _of_names()),
                'shows': ['source_name', 'source_player_full_name'],
                'sentence': 'A name has letters, blanks, points, hyphens and apostrophes: what else stands in it was not read as '
                    ~ 'it was written, and names somebody else.',
            },
            {
                'rule': 'row_contradicts_itself', 'family': 'sources', 'severity': 'error',
                'broken': 'self_contradictions is not null and exclusion_reason is null',
                'shows': ['source_name', 'self_contradictions'],
                'sentence': 'What a raw row says twice is the same: minutes and decimal minutes, makes and their share, date and '
                    ~ 'the date in the code of the game, season, status and its reason, name, who is at home, and that the game is over.',
            },
            {
                'rule': 'number_beyond_reason', 'family': 'sources', 'severity': 'error',
                'broken': counted_statistics() | join(' not between -9999 and 9999 or ') ~ ' not between -9999 and 9999',
                'shows': ['source_name'] + counted_statistics(),
                'sentence': 'A count of a game has four digits at most: what has more is NULL in the summary.',
            },
            {
                'rule': 'conflicting_duplicate', 'family': 'sources', 'severity': 'error',
                'broken': "exclusion_reason = 'conflicting_duplicate'",
                'shows': ['source_name', 'minutes_text', 'points'],
                'sentence': 'A source says one thing of a player and game: here it says two, and neither is older.',
            },
        ],
        'source_games': [
            {
                'rule': 'game_on_two_dates', 'family': 'sources', 'severity': 'error',
                'broken': 'same_box_score_as is not null', 'shows': ['source_name', 'same_box_score_as'],
                'sentence': 'A game is played once: here its box score stands under another date of the season too.',
            },
            {
                'rule': 'day_on_another_date', 'family': 'sources', 'severity': 'error',
                'broken': 'is_shifted_date', 'shows': ['source_name'],
                'sentence': "The sources agree on the date of a day's games: here they have most of them as many days apart, "
                    ~ 'and one of them is wrong.',
            },
            {
                'rule': 'home_and_away_turned_round', 'family': 'sources', 'severity': 'error',
                'broken': 'turned_round_rows > 0', 'shows': ['source_name', 'turned_round_rows'],
                'sentence': 'The sources agree on who is at home.',
            },
        ],
        'published_games': [
            {
                'rule': 'game_lost_by_the_sources', 'family': 'completeness', 'severity': 'error',
                'broken': 'not is_in_sources', 'figure': 'row_count', 'threshold': '0', 'shows': ['row_count'],
                'sentence': 'A game that the summary holds is in a source. Load it again; or, if it is meant to go, dbt run '
                    ~ 'its date with the var accept_lost_games: true.',
            },
        ],
        'keys': [
            {
                'rule': 'key_lost', 'family': 'completeness', 'severity': 'error',
                'broken': "finding = 'lost'", 'shows': ['finding'],
                'sentence': 'Whoever the sources list in a game has a row.',
            },
            {
                'rule': 'key_left_over', 'family': 'completeness', 'severity': 'error',
                'broken': "finding = 'left over'", 'shows': ['finding'],
                'sentence': 'Whoever has a row in a game is listed there by a source.',
            },
        ],
        'games': [
            {
                'rule': 'game_without_two_teams', 'family': 'completeness', 'severity': 'error',
                'broken': 'team_count != 2 or home_team_count != 1',
                'figure': 'team_count', 'threshold': '2', 'shows': ['team_count', 'home_team_count'],
                'sentence': 'Two teams play a game, and one of them is at home.',
            },
            {
                'rule': 'game_without_winner', 'family': 'identities', 'severity': 'error',
                'broken': 'team_count = 2 and least_points = most_points',
                'figure': 'most_points', 'shows': ['least_points', 'most_points'],
                'sentence': 'No game ends in a tie.',
            },
            {
                'rule': 'team_missing_in_gamebook', 'family': 'completeness', 'severity': 'error',
                'broken': 'team_count = 2 and teams_in_gamebook = 1',
                'figure': 'teams_in_gamebook', 'threshold': '2', 'shows': ['teams_in_gamebook'],
                'sentence': 'A gamebook lists both teams of a game.',
            },
            {
                'rule': 'team_missing_in_balldontlie', 'family': 'completeness', 'severity': 'error',
                'broken': 'team_count = 2 and teams_in_balldontlie = 1',
                'figure': 'teams_in_balldontlie', 'threshold': '2', 'shows': ['teams_in_balldontlie'],
                'sentence': 'balldontlie lists both teams of a game that it lists: what is left of one checks nothing, and '
                    ~ 'tells of nobody who he is.',
            },
            {
                'rule': 'nothing_in_a_game', 'family': 'domain', 'severity': 'error',
                'broken': 'nothing_of is not null', 'shows': ['nothing_of'],
                'sentence': 'In every game somebody gets an offensive rebound, a steal, a free throw and a three away.',
            },
            {
                'rule': 'same_for_everybody_in_a_game', 'family': 'domain', 'severity': 'error',
                'broken': 'same_of is not null and active_players > limits.players_of_a_constant_max',
                'figure': 'active_players', 'threshold': 'limits.players_of_a_constant_max',
                'shows': ['same_of', 'active_players'],
                'sentence': 'In every game some have more points, assists, rebounds, turnovers, fouls and field goals than '
                    ~ 'others, or another plus_minus.',
            },
            {
                'rule': 'rebounds_and_misses_differ', 'family': 'identities', 'severity': 'error',
                'broken': 'unrebounded < limits.unrebounded_misses_min or unrebounded > limits.unrebounded_misses_max',
                'figure': 'unrebounded', 'threshold': 'case when unrebounded < limits.unrebounded_misses_min'
                    ~ ' then limits.unrebounded_misses_min else limits.unrebounded_misses_max end',
                'shows': ['unrebounded'],
                'sentence': 'Most missed field goals are rebounded by a player, and few rebounds follow anything else.',
            },
        ],
        'game_columns': [
            {
                'rule': 'two_statistics_are_one', 'family': 'domain', 'severity': 'error',
                'broken': 'equal_of is not null and active_players > limits.players_of_a_constant_max',
                'figure': 'active_players', 'threshold': 'limits.players_of_a_constant_max',
                'shows': ['equal_of', 'active_players'],
                'sentence': 'No two statistics are the same for everybody in a game: one stands in the place of the other.',
            },
        ],
        'player_games': [
            {
                'rule': 'duplicate_key', 'family': 'identity', 'severity': 'error',
                'broken': 'rows_of_key > 1',
                'figure': 'rows_of_key', 'threshold': '1', 'shows': ['rows_of_key'],
                'sentence': 'A player stands in a game once.',
            },
            {
                'rule': 'missing_key', 'family': 'identity', 'severity': 'error',
                'broken': 'player_lookup is null or team_abbr is null', 'shows': ['player_lookup', 'team_abbr'],
                'sentence': 'Every row says which player it is about, and of which team.',
            },
            {
                'rule': 'player_in_two_games', 'family': 'identity', 'severity': 'error',
                'broken': 'is_active and games_of_player > 1',
                'figure': 'games_of_player', 'threshold': '1', 'shows': ['games_of_player'],
                'sentence': 'Nobody plays twice on a date.',
            },
            {
                'rule': 'player_under_two_names', 'family': 'identity', 'severity': 'error',
                'broken': 'is_active and universal_player_id is not null and games_of_player = 1 and games_of_id > 1',
                'figure': 'games_of_id', 'threshold': '1', 'shows': ['universal_player_id', 'games_of_id'],
                'sentence': 'A player has one name on a date.',
            },
            {
                'rule': 'player_on_both_teams', 'family': 'identity', 'severity': 'error',
                'broken': 'is_on_both_teams', 'shows': ['universal_player_id', 'player_status'],
                'sentence': 'Nobody is on the lists of both teams of a game.',
            },
            {
                'rule': 'player_missing_in_gamebook', 'family': 'identity', 'severity': 'error',
                'broken': 'is_active and not has_nbac_gamebook and gamebook_rows_of_team > 0',
                'figure': 'minutes_played', 'shows': ['primary_source_used', 'minutes_played'],
                'sentence': 'Whoever played is in the gamebook that lists his team: either it lost him, or he is one of '
                    ~ 'those it lists under another name.',
            },
            {
                'rule': 'lost_minutes', 'family': 'presence', 'severity': 'error',
                'broken': 'is_active and minutes_played is null', 'shows': ['player_status', 'minutes_played'],
                'sentence': 'Whoever played has minutes, 0.00 at least: a NULL is a number that was lost.',
            },
            {
                'rule': 'lost_statistics', 'family': 'presence', 'severity': 'error',
                'broken': 'is_active and (' ~ counted_statistics() | join(' is null or ') ~ ' is null)',
                'shows': counted_statistics(),
                'sentence': 'Whoever played has every statistic, 0 at least: a NULL is a number that was lost.',
            },
            {
                'rule': 'lost_ratios', 'family': 'presence', 'severity': 'error',
                'broken': 'is_active and ((efg_pct is null) != (fg_attempts = 0) or (ts_pct is null) != (fg_attempts + ft_attempts = 0))',
                'shows': ['fg_attempts', 'ft_attempts', 'efg_pct', 'ts_pct'],
                'sentence': 'Shooting percentages are NULL where nothing was attempted, and nowhere else.',
            },
            {
                'rule': 'plus_minus_beyond_minutes', 'family': 'domain', 'severity': 'error',
                'broken': 'abs(plus_minus) > 2.5 * minutes_played + limits.plus_minus_of_no_minutes_max',
                'figure': 'plus_minus', 'shows': ['plus_minus', 'minutes_played'],
                'sentence': 'In a few minutes no team scores more than a few points more than the other.',
            },
        ] + _within_limits(['minutes_played', 'plus_minus'] + counted_statistics()) + [
            {
                'rule': 'points_do_not_add_up', 'family': 'identities', 'severity': 'error',
                'broken': 'points != 2 * (fg_makes - three_pt_makes) + 3 * three_pt_makes + ft_makes',
                'figure': 'points', 'threshold': '2 * fg_makes + three_pt_makes + ft_makes',
                'shows': ['points', 'fg_makes', 'three_pt_makes', 'ft_makes'],
                'sentence': 'Points are two for each field goal, one more for each three, and one for each free throw.',
            },
            {
                'rule': 'rebounds_do_not_add_up', 'family': 'identities', 'severity': 'error',
                'broken': 'total_rebounds != offensive_rebounds + defensive_rebounds',
                'figure': 'total_rebounds', 'threshold': 'offensive_rebounds + defensive_rebounds',
                'shows': ['total_rebounds', 'offensive_rebounds', 'defensive_rebounds'],
                'sentence': 'Rebounds are the offensive and the defensive ones.',
            },
        ] + _at_most([
            ('fg_makes', 'fg_attempts', 'more_field_goals_than_attempts', 'Who makes a field goal has attempted it.'),
            ('three_pt_makes', 'three_pt_attempts', 'more_threes_than_attempts', 'Who makes a three has attempted it.'),
            ('ft_makes', 'ft_attempts', 'more_free_throws_than_attempts', 'Who makes a free throw has attempted it.'),
            ('three_pt_makes', 'fg_makes', 'more_threes_than_field_goals', 'Every three is a field goal.'),
            ('three_pt_attempts', 'fg_attempts', 'more_threes_than_field_goals_attempted', 'An attempted three is an attempted field goal.'),
        ]) + [
            {
                'rule': 'busier_than_his_minutes', 'family': 'domain', 'severity': 'error',
                'broken': 'actions > limits.actions_per_minute_max * (minutes_played + 3)',
                'figure': 'actions', 'threshold': 'limits.actions_per_minute_max * (minutes_played + 3)',
                'shows': ['actions', 'minutes_played'],
                'sentence': 'Nobody shoots, rebounds, passes and fouls more than anybody ever did in as many minutes.',
            },
        ],
        'team_games': [
            {
                'rule': 'team_plays_twice', 'family': 'completeness', 'severity': 'error',
                'broken': 'games_of_team > 1', 'figure': 'games_of_team', 'threshold': '1', 'shows': ['games_of_team'],
                'sentence': 'A team plays once on a date: here a day of games stands on the wrong one.',
            },
            {
                'rule': 'too_few_players', 'family': 'completeness', 'severity': 'error',
                'broken': 'active_players < 5',
                'figure': 'active_players', 'threshold': '5', 'shows': ['active_players'],
                'sentence': 'Five of a team are on the floor.',
            },
            {
                'rule': 'did_not_play_as_noughts', 'family': 'domain', 'severity': 'error',
                'broken': 'idle_players > limits.idle_players_max',
                'figure': 'idle_players', 'threshold': 'limits.idle_players_max',
                'shows': ['idle_players', 'active_players'],
                'sentence': 'Who did not play has no numbers: where several of a team played for no second and did nothing, '
                    ~ 'NULLs were filled with noughts.',
            },
            {
                'rule': 'team_minutes_do_not_add_up', 'family': 'identities',
                'severity': "case when source_name = 'nbac_gamebook'"
                    ~ " or minutes_gap > limits.team_minutes_gap_bdl_boxscores_error then 'error' else 'warning' end",
                'broken': 'minutes_gap > case source_name'
                    ~ " when 'nbac_gamebook' then limits.team_minutes_gap_nbac_gamebook_max"
                    ~ ' else limits.team_minutes_gap_bdl_boxscores_max end',
                'figure': 'minutes_gap',
                'threshold': "case source_name when 'nbac_gamebook' then limits.team_minutes_gap_nbac_gamebook_max"
                    ~ ' else limits.team_minutes_gap_bdl_boxscores_max end',
                'shows': ['team_minutes', 'minutes_gap'],
                'sentence': "A team's minutes are 240, and 25 more for each overtime.",
            },
            {
                'rule': 'implausible_team_points', 'family': 'domain', 'severity': 'error',
                'broken': 'points < limits.implausible_team_points_min'
                    ~ ' or points > limits.implausible_team_points_max',
                'figure': 'points', 'threshold': 'case when points < limits.implausible_team_points_min'
                    ~ ' then limits.implausible_team_points_min'
                    ~ ' else limits.implausible_team_points_max end',
                'shows': ['points'],
                'sentence': 'No team ever had fewer points in a game, or more.',
            },
            {
                'rule': 'nothing_of_a_team', 'family': 'domain', 'severity': 'error',
                'broken': 'nothing_of is not null', 'shows': ['nothing_of'],
                'sentence': 'In every game each team makes and misses, rebounds, passes, fouls and loses the ball.',
            },
            {
                'rule': 'lost_plus_minus', 'family': 'presence',
                'severity': "case when plus_minus_lost > limits.plus_minus_lost_error then 'error' else 'warning' end",
                'broken': 'plus_minus_count > 0 and plus_minus_lost > 0',
                'figure': 'plus_minus_lost', 'threshold': 'limits.plus_minus_lost_error',
                'shows': ['plus_minus_lost', 'active_players'],
                'sentence': 'Where a team has plus_minus, everybody has it who played longer than a minute, but for one or two.',
            },
            {
                'rule': 'no_plus_minus', 'family': 'presence', 'severity': 'warning',
                'broken': 'plus_minus_count = 0 and gamebook_rows > 0', 'shows': ['active_players'],
                'sentence': 'The gamebook has plus_minus for everybody who played.',
            },
            {
                'rule': 'plus_minus_does_not_add_up', 'family': 'identities', 'severity': 'error',
                'broken': 'plus_minus_count = active_players and abs(plus_minus - 5 * (points - opponent_points)) > '
                    ~ 'limits.plus_minus_gap_max',
                'figure': 'abs(plus_minus - 5 * (points - opponent_points))', 'threshold': 'limits.plus_minus_gap_max',
                'shows': ['plus_minus', 'points', 'opponent_points'],
                'sentence': "A team's plus_minus is five times the margin: five are on the floor for every point.",
            },
        ] + _beyond_opponent([
            ('steals', 'opponent_turnovers', 'more_steals_than_turnovers', 'A steal is a turnover of the opponent.'),
            ('blocks', 'opponent_fg_attempts - opponent_fg_makes', 'more_blocks_than_misses', 'A blocked shot is a miss of the opponent.'),
            ('assists', 'fg_makes', 'more_assists_than_field_goals', 'An assist leads to a field goal.'),
            (
                'offensive_rebounds', 'fg_attempts - fg_makes + ft_attempts - ft_makes',
                'more_offensive_rebounds_than_misses', 'An offensive rebound follows a miss of the team.',
            ),
            (
                'defensive_rebounds', 'opponent_fg_attempts - opponent_fg_makes + opponent_ft_attempts - opponent_ft_makes',
                'more_defensive_rebounds_than_misses', 'A defensive rebound follows a miss of the opponent.',
            ),
        ]) + [
            {
                'rule': 'possessions_differ', 'family': 'identities', 'severity': 'error',
                'broken': 'abs(possessions - opponent_possessions) > limits.possessions_gap_max',
                'figure': 'abs(possessions - opponent_possessions)', 'threshold': 'limits.possessions_gap_max',
                'shows': ['possessions', 'opponent_possessions'],
                'sentence': 'Teams have the ball in turns: what they shoot, lose and rebound makes about as many possessions.',
            },
        ],
        'source_teams': [
            {
                'rule': 'players_of_another_team', 'family': 'sources', 'severity': 'error',
                'broken': 'strangers > limits.strangers_of_a_team_max and strangers > registered_players',
                'figure': 'strangers', 'threshold': 'limits.strangers_of_a_team_max',
                'shows': ['strangers', 'registered_players'],
                'sentence': 'Most of those whom a source lists for a team are players whom the registry has on it in that season.',
            },
            {
                'rule': 'points_are_not_the_score', 'family': 'sources', 'severity': 'error',
                'broken': 'score_gap > limits.team_score_gap_max or score_gap > 0 and nbac_points = bdl_points',
                'figure': 'score_gap', 'threshold': 'case when nbac_points = bdl_points then 0 else limits.team_score_gap_max end',
                'shows': ['team_score', 'nbac_points', 'bdl_points'],
                'sentence': "A team's points are its final score, by one source at least, and where both agree to the point.",
            },
        ],
        'source_strangers': [
            {
                'rule': 'stranger_in_the_place_of_another', 'family': 'sources', 'severity': 'error',
                'broken': 'gamebook_strangers > balldontlie_strangers and surplus_players > 0',
                'figure': 'gamebook_strangers', 'threshold': 'balldontlie_strangers',
                'shows': ['gamebook_strangers', 'balldontlie_strangers', 'surplus_players'],
                'sentence': 'Whom the registry has on other teams alone plays by both sources: here balldontlie has '
                    ~ "another one in his place, whom the gamebook lacks, and the gamebook's name may be a namesake's.",
            },
        ],
        'source_pairs': [
            {
                'rule': 'many_rows_differ', 'family': 'sources', 'severity': 'error',
                'broken': 'differing_pct > limits.differing_rows_max'
                    ~ ' + 300 * sqrt(limits.differing_rows_max / 100 * (1 - limits.differing_rows_max / 100) / row_count)',
                'figure': 'differing_pct', 'threshold': 'limits.differing_rows_max',
                'shows': ['row_count', 'differing_rows'],
                'sentence': 'Of the players of a date the two sources say the same, but of a few.',
            },
        ],
        'source_differences': [
            {
                'rule': 'sources_differ', 'family': 'sources', 'severity': 'error',
                'broken': "difference > case statistic when 'minutes_played' then limits.source_difference_minutes_max"
                    ~ ' else limits.source_difference_max end'
                    ~ " or statistic != 'minutes_played' and largest > limits.source_difference_of_player_max",
                'figure': 'difference',
                'threshold': "case statistic when 'minutes_played' then limits.source_difference_minutes_max"
                    ~ ' else limits.source_difference_max end',
                'shows': ['statistic', 'largest', 'differing_rows', 'differing_players'],
                'sentence': 'The two sources agree on a statistic of a team, but for a correction or two.',
            },
        ],
        'dates': [
            {
                'rule': 'null_minutes_share', 'family': 'presence',
                'severity': 'case when null_minutes_pct > limits.daily_null_minutes_share_error'
                    ~ " then 'error' else 'warning' end",
                'broken': 'null_minutes_pct >= limits.daily_null_minutes_share_warn'
                    ~ ' + 300 * sqrt(0.25 / row_count)',
                'figure': 'null_minutes_pct',
                'threshold': 'case when null_minutes_pct > limits.daily_null_minutes_share_error'
                    ~ ' then limits.daily_null_minutes_share_error'
                    ~ ' else limits.daily_null_minutes_share_warn end',
                'shows': ['row_count', 'null_minutes'],
                'sentence': "Players who did not play are a good third of a date's rows, and nobody else has no minutes.",
            },
            {
                'rule': 'date_without_plus_minus', 'family': 'presence', 'severity': 'error',
                'broken': 'plus_minus_count = 0 and gamebook_rows > 0', 'shows': ['row_count', 'gamebook_rows'],
                'sentence': 'The gamebook has plus_minus at least in some games of a date.',
            },
            {
                'rule': 'date_without_blocks', 'family': 'domain', 'severity': 'error',
                'broken': 'blocks = 0 and game_count > 1', 'shows': ['game_count', 'blocks'],
                'sentence': 'In one of a date\'s games somebody blocks a shot.',
            },
            {
                'rule': 'lost_dnp_reasons', 'family': 'presence', 'severity': 'error',
                'broken': 'dnp_rows > 2 and 2 * reasons_lost > dnp_rows',
                'figure': 'reasons_lost', 'shows': ['dnp_rows', 'reasons_lost'],
                'sentence': 'The gamebook says of those who were in uniform and did not play why they did not.',
            },
            {
                'rule': 'nobody_sat_out', 'family': 'completeness', 'severity': 'error',
                'broken': 'gamebook_rows > 0 and dnp_rows + inactive_rows = 0 and game_count > 1',
                'shows': ['gamebook_rows', 'game_count'],
                'sentence': 'The gamebook lists those too who did not play, and in one of two games somebody did not.',
            },
            {
                'rule': 'no_dnp_players', 'family': 'completeness', 'severity': 'error',
                'broken': 'dnp_rows = 0 and gamebook_rows > limits.rows_without_dnp_max',
                'figure': 'gamebook_rows', 'threshold': 'limits.rows_without_dnp_max',
                'shows': ['gamebook_rows', 'inactive_rows'],
                'sentence': 'In a few games somebody is in uniform and does not play: here such players were lost, or have '
                    ~ 'another status.',
            },
            {
                'rule': 'no_inactive_players', 'family': 'completeness', 'severity': 'error',
                'broken': "inactive_rows = 0 and gamebook_rows > limits.rows_without_inactive_max and " ~ in_todays_gamebook('game_date'),
                'figure': 'gamebook_rows', 'threshold': 'limits.rows_without_inactive_max',
                'shows': ['gamebook_rows', 'dnp_rows'],
                'sentence': 'Since there is an inactive list, in 2005, somebody in a few games is on it: here such players were '
                    ~ 'lost, or have another status.',
            },
            {
                'rule': 'did_not_play_as_noughts_on_a_date', 'family': 'domain', 'severity': 'error',
                'broken': 'idle_rows > limits.idle_players_max + 0.012 * gamebook_rows',
                'figure': 'idle_rows', 'threshold': 'limits.idle_players_max + 0.012 * gamebook_rows',
                'shows': ['idle_rows', 'gamebook_rows'],
                'sentence': 'Who did not play has no numbers: where in game after game somebody played for no second and did '
                    ~ 'nothing, NULLs were filled with noughts.',
            },
            {
                'rule': 'minutes_without_seconds', 'family': 'domain', 'severity': 'error',
                'broken': 'timed_rows > limits.rows_of_seconds_max and ' ~ in_todays_gamebook('game_date')
                    ~ ' and 100 * quarter_rows > limits.quarter_minutes_max * timed_rows',
                'figure': 'quarter_rows', 'threshold': 'limits.quarter_minutes_max * timed_rows / 100',
                'shows': ['quarter_rows', 'timed_rows'],
                'sentence': 'The gamebook has minutes to the second: here most are whole ones, halves or quarters.',
            },
        ] + _made_as_always([
            ('fg', 'field_goals', 'field goals'), ('three_pt', 'threes', 'threes'), ('ft', 'free_throws', 'free throws'),
        ]) + [
            {
                'rule': 'implausible_share_of_assists', 'family': 'domain', 'severity': 'error',
                'broken': 'assisted_pct < limits.assisted_share_min - 35 / sqrt(nullif(team_count, 0)) or assisted_pct > '
                    ~ 'limits.assisted_share_max + 35 / sqrt(nullif(team_count, 0))',
                'figure': 'assisted_pct',
                'threshold': 'case when assisted_pct < limits.assisted_share_min then limits.assisted_share_min'
                    ~ ' else limits.assisted_share_max end',
                'shows': ['assists', 'fg_makes', 'team_count'],
                'sentence': 'Over the teams of a date as many field goals are assisted as in any season.',
            },
        ],
        'date_averages': [
            {
                'rule': 'implausible_average', 'family': 'domain', 'severity': 'error',
                'broken': 'average < lowest - 5 * sqrt(lowest / team_count) or average > highest + 5 * sqrt(highest / team_count)',
                'figure': 'average', 'threshold': 'case when average < lowest then lowest else highest end',
                'shows': ['statistic', 'team_count'],
                'sentence': 'Over the teams of a date a statistic is about what it is in any season.',
            },
        ],
        'date_statistics': [
            {
                'rule': 'statistic_of_others', 'family': 'domain', 'severity': 'error',
                'broken': 'correlation < expected - margin / sqrt(nullif(row_count, 0))',
                'figure': 'correlation', 'threshold': 'expected - margin / sqrt(nullif(row_count, 0))',
                'shows': ['statistic', 'row_count'],
                'sentence': 'Who plays longer has more of everything: here a statistic stands with other players than with '
                    ~ 'those who have it.',
            },
            {
                'rule': 'statistic_tied_to_minutes', 'family': 'domain', 'severity': 'error',
                'broken': _log_odds('correlation') ~ ' > ' ~ _log_odds('ceiling') ~ ' + 3 * margin / sqrt(greatest(row_count - 3, 1))',
                'figure': 'correlation', 'threshold': 'ceiling', 'shows': ['statistic', 'row_count'],
                'sentence': 'Who plays longer has more of everything, but not in the order of minutes: here one of both was '
                    ~ 'sorted or made by the other.',
            },
            {
                'rule': 'statistic_of_a_constant', 'family': 'domain', 'severity': 'error',
                'broken': "correlation is null and statistic != 'plus_minus' and row_count > limits.rows_of_a_constant_max",
                'figure': 'row_count', 'threshold': 'limits.rows_of_a_constant_max',
                'shows': ['statistic', 'row_count'],
                'sentence': 'Of the players of a date not everybody has as many of a statistic as everybody else.',
            },
        ],
        'date_teams': [
            {
                'rule': 'nobody_against_the_margin', 'family': 'domain', 'severity': 'error',
                'broken': 'row_count > limits.rows_of_margins_max'
                    ~ ' and 100 * against_rows < limits.plus_minus_against_min * row_count',
                'figure': 'against_rows', 'threshold': 'limits.plus_minus_against_min * row_count / 100',
                'shows': ['against_rows', 'row_count'],
                'sentence': 'Of the players of a date some do well while their team loses, or badly while it wins: here '
                    ~ 'plus_minus was made from the margin.',
            },
            {
                'rule': 'plus_minus_of_one_sign', 'family': 'domain', 'severity': 'error',
                'broken': 'row_count > limits.rows_of_margins_max'
                    ~ ' and (100 * minus_rows < limits.plus_minus_below_zero_min * row_count'
                    ~ ' or 100 * minus_rows > limits.plus_minus_below_zero_max * row_count)',
                'figure': 'minus_rows', 'threshold': 'limits.plus_minus_below_zero_min * row_count / 100',
                'shows': ['minus_rows', 'row_count'],
                'sentence': 'What one team is ahead the other is behind: about half of the players of a date have a plus_minus below zero.',
            },
            {
                'rule': 'nothing_of_several_teams', 'family': 'domain', 'severity': 'error',
                'broken': 'teams_without_steals > limits.teams_without_steals_max'
                    ~ ' or teams_without_offensive_rebounds > limits.teams_without_offensive_rebounds_max'
                    ~ ' or teams_without_blocks > limits.teams_without_blocks_max'
                    ~ ' or teams_without_missed_free_throws > limits.teams_without_missed_free_throws_max',
                'shows': [
                    'teams_without_steals', 'teams_without_offensive_rebounds', 'teams_without_blocks',
                    'teams_without_missed_free_throws', 'team_count',
                ],
                'sentence': 'A team may be without a steal, an offensive rebound, a block or a missed free throw, but not one '
                    ~ 'after the other on one date.',
            },
        ],
        'date_noughts': [
            {
                'rule': 'implausible_share_of_noughts', 'family': 'domain', 'severity': 'error',
                'broken': 'nought_pct < lowest - 4 * sqrt(lowest * (100 - lowest) / nullif(row_count, 0))'
                    ~ ' or nought_pct > highest + 5 * sqrt(highest * (100 - highest) / nullif(row_count, 0))',
                'figure': 'nought_pct', 'threshold': 'case when nought_pct < lowest then lowest else highest end',
                'shows': ['statistic', 'row_count'],
                'sentence': 'Of the players of a date about as many have none of a statistic as in any season: here everybody '
                    ~ 'has some that he did not make, or many have lost theirs.',
            },
        ],
        'windows': [
            {
                'rule': 'row_count_deviation', 'family': 'completeness', 'severity': 'warning',
                'broken': 'deviation_pct > limits.row_count_deviation_warn'
                    ~ ' or baseline_rows = 0 and row_count > 0',
                'figure': 'deviation_pct', 'threshold': 'limits.row_count_deviation_warn',
                'shows': ['row_count', 'baseline_rows'],
                'sentence': 'The window has about as many rows as the var baseline_rows expects.',
            },
        ],
    }) }}
{% endmacro %}

{# Rules that a statistic is within the limits of its metric: fewer than nothing, or more than anybody ever had. #}
{% macro _within_limits(statistics) %}
    {% set found = [] %}
    {% for statistic in statistics %}
        {% set min, max = 'limits.' ~ statistic ~ '_min', 'limits.' ~ statistic ~ '_max' %}
        {% do found.append({
            'rule': 'impossible_' ~ statistic | replace('_played', ''), 'family': 'domain', 'severity': 'error',
            'broken': statistic ~ ' < ' ~ min ~ ' or ' ~ statistic ~ ' > ' ~ max, 'figure': statistic,
            'threshold': 'case when ' ~ statistic ~ ' < ' ~ min ~ ' then ' ~ min ~ ' else ' ~ max ~ ' end',
            'shows': [statistic],
            'sentence': 'Nobody has fewer ' ~ statistic ~ ' in a game, or more, than quality_thresholds says is possible.',
        }) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{# Rules that over a date as many attempts are made as in any season, but for chance: from (shot, name, name for people). #}
{% macro _made_as_always(shots) %}
    {% set found = [] %}
    {% for shot, name, for_people in shots %}
        {% set share = '100.0 * ' ~ shot ~ '_makes / nullif(' ~ shot ~ '_attempts, 0)' %}
        {% set beyond = [] %}
        {% for bound in ['min', 'max'] %}
            {% set limit = 'limits.made_share_' ~ shot ~ '_' ~ bound %}
            {% set chance = '5 * sqrt(' ~ limit ~ ' * (100 - ' ~ limit ~ ') / nullif(abs(' ~ shot ~ '_attempts), 0))' %}
            {% do beyond.append(share ~ (' < ' ~ limit ~ ' - ' if bound == 'min' else ' > ' ~ limit ~ ' + ') ~ chance) %}
        {% endfor %}
        {% do found.append({
            'rule': 'implausible_share_of_' ~ name ~ '_made', 'family': 'domain', 'severity': 'error',
            'broken': beyond | join(' or '), 'figure': share,
            'threshold': 'case when ' ~ beyond[0] ~ ' then limits.made_share_' ~ shot ~ '_min else limits.made_share_' ~ shot
                ~ '_max end',
            'shows': [shot ~ '_makes', shot ~ '_attempts'],
            'sentence': 'Over the games of a date about as many of the ' ~ for_people ~ ' are made as in any season.',
        }) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{# Rules that one count is at most another one, from (count, other count, name, sentence). #}
{% macro _at_most(pairs) %}
    {% set found = [] %}
    {% for count, other, name, sentence in pairs %}
        {% do found.append({
            'rule': name, 'family': 'identities', 'severity': 'error', 'broken': count ~ ' > ' ~ other,
            'figure': count, 'threshold': other, 'shows': [count, other], 'sentence': sentence,
        }) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{#
    The same of a team, whose count is of what it and its opponent did. balldontlie's counts can be off by one or two.
#}
{% macro _beyond_opponent(pairs) %}
    {% set found = [] %}
    {% set slack = "case source_name when 'nbac_gamebook' then 0 else limits.source_difference_max end" %}
    {% for count, other, name, sentence in pairs %}
        {% do found.append({
            'rule': name, 'family': 'identities', 'severity': 'error', 'broken': count ~ ' > ' ~ other ~ ' + ' ~ slack,
            'figure': count, 'threshold': other ~ ' + ' ~ slack, 'shows': [count], 'sentence': sentence,
        }) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{#
    What breaks the rules, one row per finding, as a select. The summary is a relation of the columns of
    player_game_summary, or a query of it; player_rows one of int_player_rows; published the rows that the window is to
    replace, and raw_teams who plays on which date, by the raw rows. With families only their rules are asked, and only
    those whose relations are there.
#}
{% macro findings(summary, player_rows=none, families=none, published=none, raw_teams=none) -%}
{%- set asked = _rules_of(families, player_rows is not none, published is not none) -%}
{%- set statistics = counted_statistics() -%}
{%- set baseline_rows = whole_number('The var baseline_rows', var('baseline_rows')) if var('baseline_rows') is not none else 'cast(null as int64)' -%}
with

thresholds as (

    {{ thresholds() }}

),

limits as (

    {{ _limits(asked) }}

),

summary_rows as (

    select
        *,
        fg_attempts + ft_attempts + turnovers + total_rebounds + assists + steals + blocks + personal_fouls as actions
    from {{ summary }}

),

-- Few are there more than once, so those are looked up: to count the others row by row takes longer than all else.
repeated_keys as (

    select
        game_date,
        coalesce(player_lookup, '') as player_lookup,
        coalesce(team_abbr, '') as team_abbr,
        count(*) as rows_of_key
    from summary_rows
    group by 1, 2, 3
    having count(*) > 1

),

repeated_players as (

    select
        game_date,
        player_lookup,
        count(*) as games_of_player
    from summary_rows
    where is_active
    group by game_date, player_lookup
    -- Namesakes are two.
    having
        count(*) > 1
        and (count(universal_player_id) < count(*) or min(universal_player_id) = max(universal_player_id))

),

repeated_ids as (

    select
        game_date,
        universal_player_id,
        count(*) as games_of_id
    from summary_rows
    where is_active
    group by game_date, universal_player_id
    having count(*) > 1

),

players_of_both_teams as (

    select
        game_id,
        universal_player_id
    from summary_rows
    where universal_player_id is not null
    group by game_id, universal_player_id
    having min(team_abbr) != max(team_abbr)

),

gamebook_teams as (

    select
        game_id,
        team_abbr,
        count(*) as gamebook_rows_of_team
    from summary_rows
    where has_nbac_gamebook
    group by game_id, team_abbr

),

player_games as (

    select
        summary_rows.*,
        coalesce(repeated_keys.rows_of_key, 1) as rows_of_key,
        coalesce(repeated_players.games_of_player, 1) as games_of_player,
        coalesce(repeated_ids.games_of_id, 1) as games_of_id,
        players_of_both_teams.game_id is not null as is_on_both_teams,
        coalesce(gamebook_teams.gamebook_rows_of_team, 0) as gamebook_rows_of_team
    from summary_rows
    left join repeated_keys
        on
            summary_rows.game_date = repeated_keys.game_date
            and coalesce(summary_rows.player_lookup, '') = repeated_keys.player_lookup
            and coalesce(summary_rows.team_abbr, '') = repeated_keys.team_abbr
    left join repeated_players
        on
            summary_rows.game_date = repeated_players.game_date
            and summary_rows.player_lookup = repeated_players.player_lookup
    left join repeated_ids
        on
            summary_rows.game_date = repeated_ids.game_date
            and summary_rows.universal_player_id = repeated_ids.universal_player_id
    left join players_of_both_teams
        on
            summary_rows.game_id = players_of_both_teams.game_id
            and summary_rows.universal_player_id = players_of_both_teams.universal_player_id
    left join gamebook_teams
        on
            summary_rows.game_id = gamebook_teams.game_id
            and summary_rows.team_abbr = gamebook_teams.team_abbr

),

{% if 'team_games' in asked or 'games' in asked or 'date_averages' in asked or 'date_teams' in asked -%}
team_totals as (

    select
        game_date,
        game_id,
        team_abbr,
        -- The less precise source of the two sorts first.
        min(case when is_active then primary_source_used end) as source_name,
        max(case when is_home then 1 else 0 end) as is_home,
        count(case when is_active then 1 end) as active_players,
        count(case when is_active and minutes_played = 0 and actions = 0 then 1 end) as idle_players,
        count(case when has_nbac_gamebook then 1 end) as gamebook_rows,
        count(case when has_bdl_boxscores then 1 end) as balldontlie_rows,
        sum(minutes_played) as team_minutes,
        round({{ team_minutes_gap('sum(minutes_played)') }}, 2) as minutes_gap,
        sum(plus_minus) as plus_minus,
        count(plus_minus) as plus_minus_count,
        count(case when plus_minus > 0 then 1 end) as plus_rows,
        count(case when plus_minus < 0 then 1 end) as minus_rows,
        count(case when minutes_played > 1 and has_nbac_gamebook and plus_minus is null then 1 end) as plus_minus_lost,
        {%- for statistic in statistics %}
        sum({{ statistic }}) as {{ statistic }},
        {%- endfor %}
        {%- for statistic in _uneven() %}
        max({{ statistic }}) - min({{ statistic }}) as {{ statistic }}_spread,
        {%- endfor %}
        cast(
            round(
                sum(100 * (fg_attempts - offensive_rebounds + turnovers) + 44 * ft_attempts) / 100.0
            ) as int64
        ) as possessions
    from summary_rows
    group by game_date, game_id, team_abbr

),

team_games as (

    select
        *,
        {{ _names_where([
            'assists', 'total_rebounds', 'defensive_rebounds', 'turnovers', 'personal_fouls', 'fg_makes', 'fg_attempts',
        ], ' = 0') }} as nothing_of,
        {%- for statistic in modules.re.findall('opponent_([a-z_]+)', asked | string) | unique %}
        case
            when count(*) over in_game = 2 then sum({{ statistic }}) over in_game - {{ statistic }}
        end as opponent_{{ statistic }},
        {%- endfor %}
        count(*) over (partition by game_date, team_abbr) as games_of_team
    from team_totals
    window in_game as (partition by game_id)

),

{% endif -%}
{% if 'games' in asked -%}
game_totals as (

    select
        game_date,
        game_id,
        count(*) as team_count,
        sum(is_home) as home_team_count,
        count(case when gamebook_rows > 0 then 1 end) as teams_in_gamebook,
        count(case when balldontlie_rows > 0 then 1 end) as teams_in_balldontlie,
        min(points) as least_points,
        max(points) as most_points,
        sum(fg_attempts - fg_makes - total_rebounds) as unrebounded,
        sum(active_players) as active_players,
        {%- for statistic in _uneven() %}
        max({{ statistic }}_spread) as {{ statistic }}_spread,
        {%- endfor %}
        {%- for statistic in ['offensive_rebounds', 'steals', 'three_pt_attempts', 'ft_attempts'] %}
        sum({{ statistic }}) as {{ statistic }}{{ ',' if not loop.last }}
        {%- endfor %}
    from team_totals
    group by game_date, game_id

),

games as (

    select
        *,
        {{ _names_where(['offensive_rebounds', 'steals', 'three_pt_attempts', 'ft_attempts'], ' = 0') }} as nothing_of,
        {{ _names_where(_uneven(), '_spread = 0') }} as same_of
    from game_totals

),

{% endif -%}
{% if 'game_columns' in asked -%}
game_columns as (

    {% set pairs = [] -%}
    {%- for first in _told_apart() -%}
        {%- for second in _told_apart()[loop.index:] -%}
            {%- do pairs.append((
                first ~ ' and ' ~ second,
                'max(' ~ first ~ ') > 0 and count(case when ' ~ first ~ ' != ' ~ second ~ ' then 1 end) = 0'
            )) -%}
        {%- endfor -%}
    {%- endfor -%}
    select
        game_date,
        game_id,
        count(*) as active_players,
        {{ names_of(pairs) }} as equal_of
    from summary_rows
    where is_active
    group by game_date, game_id

),

{% endif -%}
{% if 'dates' in asked -%}
dates as (

    select
        game_date,
        count(*) as row_count,
        count(distinct game_id) as game_count,
        count(*) - count(minutes_played) as null_minutes,
        {{ percent_of('count(*) - count(minutes_played)', 'count(*)') }} as null_minutes_pct,
        count(plus_minus) as plus_minus_count,
        count(case when is_active and has_nbac_gamebook then 1 end) as gamebook_rows,
        count(case when player_status = 'dnp' and has_nbac_gamebook then 1 end) as dnp_rows,
        count(case when player_status = 'dnp' and has_nbac_gamebook and dnp_reason is null then 1 end) as reasons_lost,
        count(case when player_status = 'inactive' and has_nbac_gamebook then 1 end) as inactive_rows,
        count(
            case when is_active and has_nbac_gamebook and minutes_played = 0 and actions = 0 then 1 end
        ) as idle_rows,
        count(case when has_nbac_gamebook and minutes_played > 0 then 1 end) as timed_rows,
        count(
            case when has_nbac_gamebook and minutes_played > 0 and 4 * minutes_played = floor(4 * minutes_played) then 1 end
        ) as quarter_rows,
        count(distinct case when is_active then team_abbr end) as team_count,
        sum(blocks) as blocks,
        sum(assists) as assists,
        {%- for shot in ['fg', 'three_pt', 'ft'] %}
        sum({{ shot }}_makes) as {{ shot }}_makes,
        sum({{ shot }}_attempts) as {{ shot }}_attempts,
        {%- endfor %}
        {{ percent_of('sum(assists)', 'sum(fg_makes)') }} as assisted_pct
    from summary_rows
    group by game_date

),

{% endif -%}
{% if 'date_averages' in asked -%}
averages as (

    select
        game_date,
        count(*) as team_count,
        {%- for statistic in _averaged() %}
        avg({{ statistic }}) as {{ statistic }}{{ ',' if not loop.last }}
        {%- endfor %}
    from team_totals
    group by game_date

),

date_averages as (

    {{ _with_expected('date_averages', 'averages', 'team_count', 'average', {'lowest': 'min_value', 'highest': 'max_value'}) }}

),

{% endif -%}
{% if 'date_statistics' in asked -%}
correlations as (

    select
        game_date,
        count(minutes_played) as row_count,
        {%- for statistic in statistics %}
        {{ _correlation(statistic) }} as {{ statistic }},
        {%- endfor %}
        {{ _correlation('abs(plus_minus)') }} as plus_minus
    from summary_rows
    where is_active
    group by game_date

),

date_statistics as (

    {{ _with_expected('date_statistics', 'correlations', 'row_count', 'correlation', {
        'expected': 'min_value', 'margin': 'max_value', 'ceiling': 'error_above'
    }) }}

),

{% endif -%}
{% if 'date_teams' in asked -%}
date_teams as (

    select
        game_date,
        sum(plus_minus_count) as row_count,
        sum(case when plus_minus > 0 then minus_rows when plus_minus < 0 then plus_rows else 0 end) as against_rows,
        sum(minus_rows) as minus_rows,
        count(case when steals = 0 then 1 end) as teams_without_steals,
        count(case when offensive_rebounds = 0 then 1 end) as teams_without_offensive_rebounds,
        count(case when blocks = 0 then 1 end) as teams_without_blocks,
        count(case when ft_attempts > 0 and ft_makes = ft_attempts then 1 end) as teams_without_missed_free_throws,
        count(*) as team_count
    from team_totals
    group by game_date

),

{% endif -%}
{% if 'date_noughts' in asked -%}
noughts as (

    select
        game_date,
        count(*) as row_count,
        {%- for statistic in _missed() %}
        {{ percent_of('count(case when ' ~ statistic ~ ' = 0 then 1 end)', 'count(' ~ statistic ~ ')') }} as {{ statistic }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from summary_rows
    where is_active and minutes_played is not null
    group by game_date

),

date_noughts as (

    {{ _with_expected('date_noughts', 'noughts', 'row_count', 'nought_pct', {'lowest': 'min_value', 'highest': 'max_value'}) }}

),

{% endif -%}
{% if 'windows' in asked -%}
windows as (

    select
        date '{{ last_date_of_window() }}' as game_date,
        count(*) as row_count,
        {{ baseline_rows }} as baseline_rows,
        {{ percent_of('abs(count(*) - ' ~ baseline_rows ~ ')', baseline_rows) }} as deviation_pct
    from summary_rows

),

{% endif -%}
{% if player_rows is not none -%}
source_rows as (

    select * from {{ player_rows }}
    where {{ in_window('game_date') }}

),

{% endif -%}
{% if 'source_games' in asked -%}
source_games as (

    select
        source_name,
        game_date,
        game_id,
        max(same_box_score_as) as same_box_score_as,
        max(case when is_shifted_date then 1 else 0 end) = 1 as is_shifted_date,
        count(case when is_turned_round then 1 end) as turned_round_rows
    from source_rows
    group by source_name, game_date, game_id

),

{% endif -%}
{% if 'source_teams' in asked -%}
scored as (

    select
        game_date,
        game_id,
        team_abbr,
        nullif(max(team_score), 0) as team_score,
        sum(case when source_name = 'nbac_gamebook' then points end) as nbac_points,
        sum(case when source_name = 'bdl_boxscores' then points end) as bdl_points,
        {%- for is_known, name in [('is_of_registered_team', 'registered_players'), ('not is_of_registered_team', 'strangers')] %}
        greatest(
            count(case when {{ is_known }} and source_name = 'nbac_gamebook' then 1 end),
            count(case when {{ is_known }} and source_name = 'bdl_boxscores' then 1 end)
        ) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from source_rows
    where exclusion_reason is null
    group by game_date, game_id, team_abbr

),

source_teams as (

    select
        *,
        least(
            abs(team_score - coalesce(nbac_points, bdl_points)),
            abs(team_score - coalesce(bdl_points, nbac_points))
        ) as score_gap
    from scored

),

{% endif -%}
{% if 'source_strangers' in asked -%}
source_strangers as (

    select
        game_date,
        game_id,
        team_abbr,
        count(case when source_name = 'nbac_gamebook' then 1 end) as gamebook_strangers,
        count(
            case when source_name = 'bdl_boxscores' and exclusion_reason is null then 1 end
        ) as balldontlie_strangers,
        count(exclusion_reason) as surplus_players
    from source_rows
    where
        exclusion_reason = 'surplus_player'
        or exclusion_reason is null and player_status = 'active' and not is_of_registered_team
    group by game_date, game_id, team_abbr

),

{% endif -%}
{% if 'source_differences' in asked or 'source_pairs' in asked -%}
pairs as (

    select
        nbac.game_date,
        nbac.game_id,
        nbac.team_abbr,
        nbac.player_lookup,
        case
            when abs(nbac.minutes_played - bdl.minutes_played) > 1
                then abs(nbac.minutes_played - bdl.minutes_played)
            else 0
        end as minutes_played,
        {%- for statistic in statistics %}
        abs(coalesce(nbac.{{ statistic }}, 0) - coalesce(bdl.{{ statistic }}, 0)) as {{ statistic }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from source_rows as nbac
    inner join source_rows as bdl
        on
            nbac.game_date = bdl.game_date
            and nbac.player_lookup = bdl.player_lookup
            and nbac.team_abbr = bdl.team_abbr
    where
        nbac.source_name = 'nbac_gamebook'
        and bdl.source_name = 'bdl_boxscores'
        and nbac.exclusion_reason is null
        and bdl.exclusion_reason is null
        -- balldontlie leaves some lines empty. Who has one there has played.
        and bdl.player_status = 'active'

),

source_pairs as (

    select
        *,
        {{ percent_of('differing_rows', 'row_count') }} as differing_pct
    from (
        select
            game_date,
            count(*) as row_count,
            count(case when greatest(minutes_played, {{ statistics | join(', ') }}) > 0 then 1 end) as differing_rows
        from pairs
        group by game_date
    ) as counted_pairs

),

pair_differences as (

    select
        pairs.game_date,
        pairs.game_id,
        pairs.team_abbr,
        pairs.player_lookup,
        statistics.statistic,
        {{ _by_statistic('statistics', 'pairs', ['minutes_played'] + statistics) }} as difference
    from pairs
    cross join {{ literal_rows('statistics', {'statistic': ['minutes_played'] + statistics}) }}

),

source_differences as (

    select
        game_date,
        game_id,
        team_abbr,
        statistic,
        sum(difference) as difference,
        max(difference) as largest,
        count(*) as differing_rows,
        {{ first_and_last('player_lookup', 'true') }} as differing_players
    from pair_differences
    where difference > 0
    group by game_date, game_id, team_abbr, statistic

),

{% endif -%}
{% if 'keys' in asked -%}
keys as (

    {{ keys_of_one_side(['game_date', 'player_lookup', 'team_abbr'], 'source_rows', 'player_games') }}

),

{% endif -%}
{% if 'published_games' in asked -%}
published_games as (

    select
        published.game_date,
        published.game_id,
        count(*) as row_count,
        count(window_teams.team_abbr) + count(raw_teams.team_abbr) > 0 as is_in_sources
    from ({{ published }}) as published
    left join (
        select game_date, team_abbr from player_games group by game_date, team_abbr
    ) as window_teams
        on published.game_date = window_teams.game_date and published.team_abbr = window_teams.team_abbr
    left join ({{ raw_teams }}) as raw_teams
        on published.game_date = raw_teams.game_date and published.team_abbr = raw_teams.team_abbr
    where {{ 'false' if var('accept_lost_games') else 'true' }}
    group by published.game_date, published.game_id

),

{% endif -%}
{% for subject, found in asked.items() -%}
broken_{{ subject }} as (

    {{ _broken(subject, found) }}

),

{% endfor -%}
all_findings as (

    {% for subject in asked %}
    select * from broken_{{ subject }}
    {{- '\n    union all' if not loop.last }}
    {% endfor %}

)

select * from all_findings
{%- if only_rules() %}
-- Google's own implementation of GoogleSQL takes no query with a part that nothing reads.
where
    (select count(*) from player_games) + (select count(*) from limits)
    {{ '+ (select count(*) from team_games)' if 'games' in asked or 'date_averages' in asked or 'date_teams' in asked }}
    {{ '+ (select count(*) from source_rows)' if player_rows is not none }}
    {{ '+ (select count(*) from (' ~ raw_teams ~ ') as raw_teams)' if raw_teams is not none }}
    >= 0
{%- endif %}
{%- endmacro %}

{# The statistics of which all teams of a date together have about as many as in any season. #}
{% macro _averaged() %}
    {{ return([
        'assists', 'offensive_rebounds', 'defensive_rebounds', 'steals', 'blocks', 'turnovers', 'personal_fouls',
        'fg_attempts', 'ft_attempts',
    ]) }}
{% endmacro %}

{# The statistics of which in any season about as many players of a game have none. #}
{% macro _missed() %}
    {{ return([
        'points', 'assists', 'offensive_rebounds', 'defensive_rebounds', 'steals', 'blocks', 'turnovers', 'personal_fouls',
        'ft_attempts',
    ]) }}
{% endmacro %}

{# The statistics of which who plays longer has more. #}
{% macro _correlated() %}{{ return(counted_statistics() + ['plus_minus']) }}{% endmacro %}

{# Of a relation with a column for each statistic the one that another relation names. #}
{% macro _by_statistic(naming, relation, statistics) -%}
    case {{ naming }}.statistic
        {%- for statistic in statistics %}
        when '{{ statistic }}' then {{ relation }}.{{ statistic }}
        {%- endfor %}
    end
{%- endmacro %}

{# The subjects with a row per date and statistic: the metric whose thresholds each statistic has of its own, and which. #}
{% macro _of_statistics() %}
    {{ return({
        'date_averages': ('team_average', _averaged()),
        'date_statistics': ('minutes_correlation', _correlated()),
        'date_noughts': ('nought_share', _missed()),
    }) }}
{% endmacro %}

{# Such a subject, from a relation with a row per date and a column per statistic: what was measured, and its thresholds. #}
{% macro _with_expected(subject, relation, count_name, measured, bounds) -%}
    {%- set metric, statistics = _of_statistics()[subject] -%}
    select
        {{ relation }}.game_date,
        {{ relation }}.{{ count_name }},
        expected.statistic,
        {%- for name in bounds %}
        expected.{{ name }},
        {%- endfor %}
        {{ _by_statistic('expected', relation, statistics) }} as {{ measured }}
    from {{ relation }}
    cross join ({{ _expected(metric, statistics, bounds) }}) as expected
{%- endmacro %}

{#
    The thresholds of a metric that each statistic has of its own, a row per statistic. One that is missing ends the
    query.
#}
{% macro _expected(metric, statistics, bounds) -%}
    select
        named.statistic,
        {%- for name, bound in bounds.items() %}
        coalesce(
            thresholds.{{ bound }},
            cast(
                error(concat('quality_thresholds has no {{ bound }} of the metric {{ metric }}_', named.statistic, '.'))
                as numeric
            )
        ) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ literal_rows('named', {'statistic': statistics}) }}
    left join thresholds on thresholds.metric = concat('{{ metric }}_', named.statistic)
{%- endmacro %}

{# What Fisher makes of a correlation, twice: so the chance in it is about as large for strong ones as for weak ones. #}
{% macro _log_odds(correlation) -%}
    {%- set bounded = 'least(greatest(' ~ correlation ~ ', -0.9999), 0.9999)' -%}
    ln((1 + {{ bounded }}) / (1 - {{ bounded }}))
{%- endmacro %}

{# How a statistic goes with minutes, or with another. NULL where one of both is the same for everybody: engines say NaN. #}
{% macro _correlation(statistic, other='minutes_played') -%}
    {%- set correlation = 'corr(' ~ statistic ~ ', ' ~ other ~ ')' -%}
    case when {{ correlation }} between -2 and 2 then {{ correlation }} end
{%- endmacro %}

{# What a player has of his own and keeps from game to game: none is made of others, nor the making of another. #}
{% macro _of_a_player() %}
    {{ return([
        'assists', 'offensive_rebounds', 'defensive_rebounds', 'steals', 'blocks', 'turnovers', 'personal_fouls',
        'fg_attempts', 'three_pt_attempts', 'ft_attempts',
    ]) }}
{% endmacro %}

{# How many times its average a statistic varies by chance: what comes in twos, twice. #}
{% macro _chance_in(statistic) %}{{ return({'points': 2.5, 'ft_attempts': 2}.get(statistic, 1)) }}{% endmacro %}

{#
    How much better a statistic of two team mates, player and mate, goes with the other one's other games than with each
    one's own, as squared differences over their variance.
#}
{% macro _better_exchanged(statistic) -%}
    {%- set squared = 'power(%s.' ~ statistic ~ ' - %s.other_' ~ statistic ~ ', 2)' -%}
    {%- set variances = 'player.variance_of_' ~ statistic ~ ' + mate.variance_of_' ~ statistic -%}
    coalesce(
        2 * (
            {{ squared % ('player', 'player') }} + {{ squared % ('mate', 'mate') }}
            - {{ squared % ('player', 'mate') }} - {{ squared % ('mate', 'player') }}
        ) / nullif({{ variances }}, 0), 0
    )
{%- endmacro %}

{#
    How much better two statistics of a player go with what he is expected to have of the other one: the squared
    differences of each from its own, over its variance, less those of each from the other's.
#}
{% macro _better_in_place_of(statistic, other) -%}
    {%- set own = '(%s + %s - 2 * expected_%s) / (0.1 + %s * expected_%s)' -%}
    ({{ statistic }} - {{ other }}) * (
        {{ own % (statistic, other, statistic, _chance_in(statistic), statistic) }}
        - {{ own % (statistic, other, other, _chance_in(other), other) }}
    )
{%- endmacro %}

{# What is in names, as a regular expression: letters and their marks, blanks of any kind, points, commas, hyphens, apostrophes. #}
{% macro _of_names() %}
    {{ return(
        '[\\p{L}\\p{M}\\s.,\\x27\\x60\\x{b4}\\x{2bc}\\x{2018}\\x{2019}\\x{2010}-\\x{2015}\\x{a0}\\x{200b}-\\x{200f}\\x{2060}\\x{feff}-]*'
    ) }}
{% endmacro %}

{# The statistics of which who has more of them than others in as many minutes has more on most dates. #}
{% macro _consistent() %}
    {{ return(counted_statistics() | reject('in', ['total_rebounds', 'personal_fouls']) | list) }}
{% endmacro %}

{# The names of those columns of which it is true what follows their name, as text; NULL where none is. #}
{% macro _names_where(columns, condition) -%}
    {%- set named = [] -%}
    {%- for column in columns -%}{%- do named.append((column, column ~ condition)) -%}{%- endfor -%}
    {{ names_of(named) }}
{%- endmacro %}

{# The statistics of which none follows from another, so that in every game some have more of the one than of the other. #}
{% macro _told_apart() %}
    {{ return([
        'assists', 'offensive_rebounds', 'defensive_rebounds', 'steals', 'blocks', 'turnovers', 'personal_fouls', 'fg_makes',
        'ft_makes',
    ]) }}
{% endmacro %}

{# The statistics of which in every game some have more than others. #}
{% macro _uneven() %}
    {{ return([
        'points', 'assists', 'total_rebounds', 'defensive_rebounds', 'turnovers', 'personal_fouls', 'fg_makes', 'fg_attempts',
        'plus_minus',
    ]) }}
{% endmacro %}

{# The rules of the families, or of all, by their subject; those on other relations only where these are there. #}
{% macro _rules_of(families, has_player_rows, has_published) %}
    {% set of_sources = [
        'source_rows', 'source_games', 'keys', 'source_teams', 'source_strangers', 'source_pairs', 'source_differences',
    ] %}
    {% set asked = {} %}
    {% set numbers = [] %}
    {% for subject, found in rules().items() %}
        {% for rule in found %}
            {% do numbers.append(rule.rule) %}
            {% do rule.update({'rule_number': numbers | length}) %}
        {% endfor %}
        {% set of_families = found if families is none else found | selectattr('family', 'in', families) | list %}
        {% if only_rules() %}{% set of_families = of_families | selectattr('rule', 'in', only_rules()) | list %}{% endif %}
        {% set is_there = has_player_rows or subject not in of_sources %}
        {% if of_families and is_there and (has_published or subject != 'published_games') %}
            {% do asked.update({subject: of_families}) %}
        {% endif %}
    {% endfor %}
    {{ return(asked) }}
{% endmacro %}

{# The rules to ask alone, none for all. A unit test of a few rules overrides it. #}
{% macro only_rules() %}{{ return(none) }}{% endmacro %}

{# The thresholds that the rules name, one row with a column each. One that is missing ends the query. #}
{% macro _limits(asked) -%}
    {%- set columns = {'min': 'min_value', 'max': 'max_value', 'warn': 'warn_above', 'error': 'error_above'} -%}
    {%- set named = {'limit_name': [], 'metric': [], 'bound': []} -%}
    {%- for metric, bound in modules.re.findall('limits[.]([a-z_]+)_(min|max|warn|error)\\b', asked | string) | unique -%}
        {%- do named.limit_name.append(metric ~ '_' ~ bound) -%}
        {%- do named.metric.append(metric) -%}
        {%- do named.bound.append(columns[bound]) -%}
    {%- endfor -%}
    {%- if not named.metric -%}
        select count(*) as metric_count from thresholds
    {%- else -%}
    select
        {%- for name in named.limit_name %}
        max(case limit_name when '{{ name }}' then limit_value end) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        select
            named.limit_name,
            coalesce(
                case named.bound
                    {%- for bound in columns.values() %}
                    when '{{ bound }}' then thresholds.{{ bound }}
                    {%- endfor %}
                end,
                cast(
                    error(concat('quality_thresholds has no ', named.bound, ' of the metric ', named.metric, '.'))
                    as numeric
                )
            ) as limit_value
        from {{ literal_rows('named', named) }}
        left join thresholds on named.metric = thresholds.metric
    ) as named_limits
    {%- endif %}
{%- endmacro %}

{# The rows of a subject that break one of its rules, a row per rule. Few do, so those are found first. #}
{% macro _broken(subject, rules_of_subject) -%}
    {%- set of_player = subject in ['player_games', 'source_rows', 'keys'] -%}
    {%- set of_team = of_player or subject in ['team_games', 'source_teams', 'source_strangers', 'source_differences'] -%}
    {%- set of_game = subject not in ['keys', 'windows', 'source_pairs'] and not subject.startswith('date') -%}
    {%- set limits = modules.re.findall('limits[.](\\w+)', rules_of_subject | string) | unique | list -%}
    {%- set by_rule = _by_rule(rules_of_subject) -%}
    select
        measured.game_date,
        cast(broken.rule_number as int64) as rule_number,
        broken.rule,
        {{ by_rule.severity }} as severity,
        {{ 'measured.game_id' if of_game else 'cast(null as string)' }} as game_id,
        {{ 'measured.team_abbr' if of_team else 'cast(null as string)' }} as team_abbr,
        {{ 'measured.player_lookup' if of_player else 'cast(null as string)' }} as player_lookup,
        cast({{ by_rule.figure }} as numeric(18, 2)) as figure,
        cast({{ by_rule.threshold }} as numeric(18, 2)) as threshold,
        {{ by_rule.shows }} as example,
        broken.sentence
    from (
        select * from {{ subject }}
        {%- if limits %}
        cross join (select {{ limits | join(', ') }} from limits) as limits
        {%- endif %}
        where {% for rule in rules_of_subject %}{{ ' or ' if not loop.first }}({{ rule.broken }}){% endfor %}
    ) as measured
    cross join {{ literal_rows('broken', {
        'rule_number': rules_of_subject | map(attribute='rule_number') | list,
        'rule': rules_of_subject | map(attribute='rule') | list,
        'sentence': rules_of_subject | map(attribute='sentence') | list,
    }) }}
    where {{ by_rule.broken }}
{%- endmacro %}

{#
    The parts of each rule of a subject, by the rule's number; what most say is said once. In one macro, since the gate
    asks for all of them before each window, and dbt takes longer to call a macro than this one for a rule.
#}
{% macro _by_rule(rules_of_subject) %}
    {# Engines disagree on the trailing zeros of decimals. #}
    {% set decimals = ['minutes_played', 'team_minutes', 'minutes_gap', 'largest', 'efg_pct', 'ts_pct'] %}
    {% set two_decimals = with_two_decimals('COLUMN') | trim %}
    {% set by_rule = {} %}
    {% for part, others in {
        'severity': "'error'", 'figure': 'null', 'threshold': 'null', 'shows': 'null', 'broken': 'null'
    }.items() %}
        {% set cases = [] %}
        {% for rule in rules_of_subject %}
            {% if part == 'shows' %}
                {% set values = [] %}
                {% for column in rule.shows %}
                    {% set value = two_decimals | replace('COLUMN', column) if column in decimals else 'cast(' ~ column ~ ' as string)' %}
                    {% do values.append("'" ~ (', ' if not loop.first) ~ column ~ " ', coalesce(" ~ value ~ ", 'NULL')") %}
                {% endfor %}
                {% set sql = 'concat(' ~ values | join(', ') ~ ')' %}
            {% elif part == 'severity' and rule.severity in ['error', 'warning'] %}
                {% set sql = "'" ~ rule.severity ~ "'" %}
            {% else %}
                {% set sql = (rule.get(part) or 'null') | replace('limits.', 'measured.') %}
            {% endif %}
            {% if sql != others %}{% do cases.append('\n        when ' ~ rule.rule_number ~ ' then ' ~ sql) %}{% endif %}
        {% endfor %}
        {% do by_rule.update({
            part: 'case broken.rule_number' ~ cases | join ~ '\n        else ' ~ others ~ '\n    end' if cases else others
        }) %}
    {% endfor %}
    {{ return(by_rule) }}
{% endmacro %}

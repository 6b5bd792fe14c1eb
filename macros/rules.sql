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
                'rule': 'same_minutes_for_a_team', 'family': 'domain', 'severity': 'error',
                'broken': 'minutes_spread < limits.minutes_spread_min and active_players > 5',
                'figure': 'minutes_spread', 'threshold': 'limits.minutes_spread_min',
                'shows': ['minutes_spread', 'active_players'],
                'sentence': 'Somebody of a team plays far longer than somebody else: here its minutes were shared out.',
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

{# What is in names, as a regular expression: letters and their marks, blanks of any kind, points, commas, hyphens, apostrophes. #}
{% macro _of_names() %}
    {{ return(
        '[\\p{L}\\p{M}\\s.,\\x27\\x60\\x{b4}\\x{2bc}\\x{2018}\\x{2019}\\x{2010}-\\x{2015}\\x{a0}\\x{200b}-\\x{200f}\\x{2060}\\x{feff}-]*'
    ) }}
{% endmacro %}

{# How many rows has each date of the window in the summary, and how many of them no minutes? #}
{{ daily_figures(rows_if_built('player_game_summary', in_window('game_date'))) }}

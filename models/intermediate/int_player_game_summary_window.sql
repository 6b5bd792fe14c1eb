{#
    Which rows will the window hold? On a table of their own, so that the gate sees them before they
    are published.
#}
{{
    config(
        materialized='table',
        alias=of_worker('int_player_game_summary_window'),
        hours_to_expiration=hours_of_worker()
    )
}}
{{ rows_with_builder(ref('int_player_games'), 'game_id') }}

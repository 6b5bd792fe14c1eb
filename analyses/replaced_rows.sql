{#
    What the summary holds for the window, whole: the rows that a run replaces, and that BigQuery
    bills it for.
#}
select * from {{ ref('player_game_summary') }} -- noqa: AM04
where {{ in_window('game_date') }}

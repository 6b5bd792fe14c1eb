{# What the summary holds for the window. #}
select
    count(*) as row_count,
    count(distinct game_id) as game_count,
    count(*) - count(minutes_played) as null_minutes
from {{ ref('player_game_summary') }}
where {{ in_window('game_date') }}

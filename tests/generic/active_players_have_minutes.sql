{# Whoever played has minutes, 0.00 at least: a NULL here is a number that was lost. #}
{% test active_players_have_minutes(model) %}

select
    game_date,
    team_abbr,
    player_lookup,
    player_status
from {{ model }}
where is_active and minutes_played is null

{% endtest %}

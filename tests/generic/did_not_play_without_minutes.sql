{#
    Someone whom the source says did not play has no minutes there: the summary would drop them
    without a word.
#}
{% test did_not_play_without_minutes(model) %}

select
    source_game_date,
    team_abbr,
    player_lookup,
    player_status,
    minutes_text
from {{ model }}
where player_status in ('dnp', 'inactive') and (minutes_played > 0 or points > 0)

{% endtest %}

{#
    Every spelling of minutes that a source uses is one that minutes_played reads: none became NULL
    on the way.
#}
{% test parseable_minutes(model, column_name) %}

select
    source_game_date,
    team_abbr,
    player_lookup,
    {{ column_name }}
from {{ model }}
where is_minutes_unparseable

{% endtest %}

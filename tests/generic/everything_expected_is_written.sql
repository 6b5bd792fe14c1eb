{# The summary held as many rows of each date as the sources have keys. #}
{% test everything_expected_is_written(model) %}

select
    game_date,
    rows_expected,
    rows_written
from {{ model }}
where rows_written != rows_expected

{% endtest %}

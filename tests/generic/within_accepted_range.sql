{#
    The column, where it isn't NULL, is within min_value and max_value that the seed
    quality_thresholds gives the metric.
#}
{% test within_accepted_range(model, column_name, metric=none) %}

select
    tested_rows.*,
    thresholds.min_value,
    thresholds.max_value
from (select * from {{ model }}) as tested_rows
cross join {{ ref('quality_thresholds') }} as thresholds
where
    thresholds.metric = '{{ metric or column_name }}'
    and (
        tested_rows.{{ column_name }} < thresholds.min_value
        or tested_rows.{{ column_name }} > thresholds.max_value
    )

{% endtest %}

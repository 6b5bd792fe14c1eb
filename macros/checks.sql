{#
    Checks: figures of a relation, each of a metric of the seed quality_thresholds that says what is too high. Of the
    list, each check has the metric, how its figure is computed and, where there is one, an example of what it counts.
    The relation has a column scope, which says what a row is about, and the query a CTE thresholds. One row per row of the relation and check, with
    the verdict excellent, fine, careful (from warn_above on) or stop (above error_above). What can't be measured, NULL,
    is fine.
#}
{% macro judged(relation, checks, first_number=1) -%}
    select
        check_number,
        check_name,
        scope,
        figure,
        unit,
        case
            when figure > error_above then 'stop'
            when figure >= warn_above then 'careful'
            when figure < excellent_below then 'excellent'
            else 'fine'
        end as verdict,
        excellent_below,
        warn_above,
        error_above,
        example,
        description,
        advice
    from (
        select
            {{ _by_metric(checks, 'number', first_number) }} as check_number,
            thresholds.metric as check_name,
            measured.scope,
            {{ _by_metric(checks, 'figure') }} as figure,
            {{ _by_metric(checks, 'example') }} as example,
            thresholds.*
        from {{ relation }} as measured
        cross join thresholds
        where thresholds.metric in ('{{ checks | map(attribute='metric') | join("', '") }}')
    ) as figures
{%- endmacro %}

{% macro _by_metric(checks, part, first_number=1) -%}
    {%- set types = {'number': 'int64', 'figure': 'numeric', 'example': 'string'} -%}
    cast(
        case thresholds.metric
            {%- for check in checks %}
                when '{{ check.metric }}'
                    then {{ loop.index0 + first_number if part == 'number' else check.get(part, 'null') }}
            {%- endfor %}
        end as {{ types[part] }}
    )
{%- endmacro %}

{# A share of a whole in percent, with two decimals; NULL of nothing. #}
{% macro percent_of(part, whole) -%}
    round(100.0 * ({{ part }}) / nullif({{ whole }}, 0), 2)
{%- endmacro %}

{# The seed quality_thresholds, with what the var thresholds says instead, as a select: for a CTE of the name thresholds. #}
{% macro thresholds() -%}
    {%- set given = var('thresholds') or {} -%}
    select
        metric,
        unit,
        {%- for column in ['min_value', 'max_value', 'excellent_below', 'warn_above', 'error_above'] %}
            {%- set instead = [] %}
            {%- for metric, values in given.items() if column in values %}
                {%- do instead.append('when ' ~ quoted(metric) ~ ' then ' ~ values[column] | float) %}
            {%- endfor %}
            {%- if instead %}
                cast(case metric {{ instead | join(' ') }} else {{ column }} end as numeric) as {{ column }},
            {%- else %}
                {{ column }},
            {%- endif %}
        {%- endfor %}
        description,
        advice
    from {{ ref('quality_thresholds') }}
{%- endmacro %}

{# One of them, from the CTE thresholds, as a subquery of one value. #}
{% macro threshold(metric, column) -%}
    (select max({{ column }}) from thresholds where metric = '{{ metric }}')
{%- endmacro %}

{# The first and the last of the values that meet the condition, as text. NULL when none does. #}
{% macro first_and_last(value, condition) -%}
    min(case when {{ condition }} then cast({{ value }} as string) end)
    || '..'
    || max(case when {{ condition }} then cast({{ value }} as string) end)
{%- endmacro %}

{# The keys that only one of two relations has, with which one that is: lost are those of the sources alone. #}
{% macro keys_of_one_side(columns, source_rows, model) -%}
    {%- set keys = columns | join(', ') -%}
    select
        case when max(is_in_sources) = 1 then 'lost' else 'left over' end as finding,
        {{ keys }}
    from (
        select {{ keys }}, 1 as is_in_sources, 0 as is_in_model from {{ source_rows }}
        where exclusion_reason is null
        union all
        select {{ keys }}, 0 as is_in_sources, 1 as is_in_model from {{ model }}
    ) as keys_of_both
    group by {{ keys }}
    having max(is_in_sources) != max(is_in_model)
{%- endmacro %}

{#
    Checks: figures of a relation, each of a metric of the seed quality_thresholds that says what is too high. Of the
    list, each check has the metric, how its figure is computed and, where there is one, an example of what it counts.
    The relation has a column scope, which says what a row is about. One row per row of the relation and check, with
    the verdict excellent, fine, careful (from warn_above on) or stop (above error_above). What can't be measured, NULL,
    is fine.
#}
{% macro judged(relation, checks, first_number=1) -%}
    select
        {{ _by_metric(checks, 'number', first_number) }} as check_number,
        thresholds.metric as check_name,
        measured.scope,
        {{ _by_metric(checks, 'figure') }} as figure,
        thresholds.unit,
        case
            when {{ _by_metric(checks, 'figure') }} > thresholds.error_above then 'stop'
            when {{ _by_metric(checks, 'figure') }} >= thresholds.warn_above then 'careful'
            when {{ _by_metric(checks, 'figure') }} < thresholds.excellent_below then 'excellent'
            else 'fine'
        end as verdict,
        thresholds.excellent_below,
        thresholds.warn_above,
        thresholds.error_above,
        {{ _by_metric(checks, 'example') }} as example,
        thresholds.description,
        thresholds.advice
    from {{ relation }} as measured
    cross join {{ thresholds() }} as thresholds
    where thresholds.metric in ('{{ checks | map(attribute='metric') | join("', '") }}')
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

{# The seed quality_thresholds, with what the var thresholds says instead, as a relation. #}
{% macro thresholds() -%}
    {%- set given = var('thresholds') or {} -%}
    (
        select
            metric,
            unit,
            {%- for column in ['min_value', 'max_value', 'excellent_below', 'warn_above', 'error_above'] %}
                cast(
                    case metric
                        {%- for metric, values in given.items() if column in values %}
                            when {{ quoted(metric) }} then {{ values[column] | float }}
                        {%- endfor %}
                        when '' then null
                        else {{ column }}
                    end as numeric
                ) as {{ column }},
            {%- endfor %}
            description,
            advice
        from {{ ref('quality_thresholds') }}
    )
{%- endmacro %}

{# One of them, as a subquery of one value. #}
{% macro threshold(metric, column) -%}
    (select max({{ column }}) from {{ thresholds() }} as thresholds where metric = '{{ metric }}')
{%- endmacro %}

{# The first and the last of the values that meet the condition, as text. NULL when none does. #}
{% macro first_and_last(value, condition) -%}
    min(case when {{ condition }} then cast({{ value }} as string) end)
    || '..'
    || max(case when {{ condition }} then cast({{ value }} as string) end)
{%- endmacro %}

{# The keys that only one of two relations has, with which one that is. #}
{% macro keys_of_one_side(columns, source_rows, model) -%}
    select
        'lost' as finding,
        lost.*
    from (
        select {{ columns | join(', ') }} from {{ source_rows }}
        where exclusion_reason is null
        except distinct
        select {{ columns | join(', ') }} from {{ model }}
    ) as lost

    union all

    select
        'left over' as finding,
        left_over.*
    from (
        select {{ columns | join(', ') }} from {{ model }}
        except distinct
        select {{ columns | join(', ') }} from {{ source_rows }}
        where exclusion_reason is null
    ) as left_over
{%- endmacro %}

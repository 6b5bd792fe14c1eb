{#
    Checks: figures of a relation, each of a metric of the seed quality_thresholds that says what is too high. Of the
    list, each check has the metric, how its figure is computed and, where there is one, an example of what it counts.
    The relation has a column scope, which says what a row is about, and the query a CTE thresholds. One row per row of the relation and check, with
    the verdict excellent, fine, careful (from warn_above on), stop (above error_above), or not measured. A share in
    percent names its sample, of which it is a share: what chance gives in a sample of that size, one more than expected
    and three standard errors, is no finding. Checks are numbered from first_number on, without a number that is another's.
#}
{% macro judged(relation, checks, first_number=1, number_of_another=none) -%}
    {%- for check in checks -%}
        {%- set number = first_number + loop.index0 -%}
        {%- do check.update({
            'number': number + (1 if number_of_another is not none and number >= number_of_another else 0)
        }) -%}
    {%- endfor -%}
    select
        check_number,
        check_name,
        scope,
        figure,
        unit,
        case
            when figure is null then 'not measured'
            when figure > error_above + {{ _chance('error_above') }} then 'stop'
            when figure >= warn_above + {{ _chance('warn_above') }} then 'careful'
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
            {{ _by_metric(checks, 'number') }} as check_number,
            asked.metric as check_name,
            measured.scope,
            {{ _by_metric(checks, 'figure') }} as figure,
            {{ _by_metric(checks, 'sample') }} as sample_size,
            {{ _by_metric(checks, 'example') }} as example,
            thresholds.*
        from {{ relation }} as measured
        cross join {{ literal_rows('asked', {'metric': checks | map(attribute='metric') | list}) }}
        left join thresholds on asked.metric = thresholds.metric
        where {{ _or_error(
            'thresholds.metric is not null', "concat('quality_thresholds has no row of the metric ', asked.metric)"
        ) }}
    ) as figures
{%- endmacro %}

{# By how much a share may be above what it is held to, because it is one of a few. Nothing where no sample is named. #}
{% macro _chance(limit) -%}
    coalesce(
        (100 + 300 * sqrt({{ limit }} / 100 * (1 - {{ limit }} / 100) * sample_size)) / nullif(sample_size, 0), 0
    )
{%- endmacro %}

{% macro _by_metric(checks, part) -%}
    {%- set types = {'number': 'int64', 'figure': 'numeric', 'sample': 'int64', 'example': 'string'} -%}
    cast(
        case asked.metric
            {%- for check in checks %}
                when '{{ check.metric }}'
                    then {{ check.get(part, 'null') }}
            {%- endfor %}
        end as {{ types[part] }}
    )
{%- endmacro %}

{# A share of a whole in percent, with two decimals; NULL of nothing. #}
{% macro percent_of(part, whole) -%}
    round(100.0 * ({{ part }}) / nullif({{ whole }}, 0), 2)
{%- endmacro %}

{#
    The seed quality_thresholds, with what the var thresholds says instead, as a select: for a CTE of the name thresholds.
    What the var says that can't be meant stops: a metric or a bound that there isn't, and what is no number.
#}
{% macro thresholds() -%}
    {%- set bounds = ['min_value', 'max_value', 'excellent_below', 'warn_above', 'error_above'] -%}
    {%- set given = var('thresholds') or {} -%}
    {%- for metric, values in given.items() -%}
        {%- for bound, value in (values if values is mapping else {'': values}).items() -%}
            {%- if bound not in bounds or value is not number or value is boolean -%}
                {{ exceptions.raise_compiler_error(
                    'The var thresholds says ' ~ metric ~ ': ' ~ tojson(values) ~ '. Say one of ' ~ bounds | join(', ')
                    ~ " with a number, for example {null_minutes_share: {warn_above: 50}}."
                ) }}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    select
        metric,
        unit,
        {%- for bound in bounds %}
            {%- set instead = [] %}
            {%- for metric, values in given.items() if bound in values %}
                {%- do instead.append('when ' ~ quoted(metric) ~ ' then ' ~ values[bound] | float) %}
            {%- endfor %}
            {%- if instead %}
                cast(case metric {{ instead | join(' ') }} else {{ bound }} end as numeric) as {{ bound }},
            {%- else %}
                {{ bound }},
            {%- endif %}
        {%- endfor %}
        description,
        advice
    from {{ ref('quality_thresholds') }}
    {%- for metric in given %}
    {{ 'where' if loop.first else 'and' }} {{ _or_error(
        'exists (select 1 as a_row from ' ~ ref('quality_thresholds') ~ ' where metric = ' ~ quoted(metric) ~ ')',
        quoted('The var thresholds names ' ~ metric ~ ', which quality_thresholds has no metric of.')
    ) }}
    {%- endfor %}
{%- endmacro %}

{# True where the condition is; otherwise the query ends with the message. #}
{% macro _or_error(condition, message) -%}
    case when {{ condition }} then true else cast(error({{ message }}) as boolean) end
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

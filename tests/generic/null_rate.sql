{#
    The share of rows, among those that pass the filter, in which the column is NULL stays below the
    thresholds of the metric in the seed quality_thresholds: warns from warn_above, fails above
    error_above. Percent.
#}
{% test null_rate(model, column_name, metric, filter='true') %}
{{ config(fail_calc=worst_verdict(), warn_if='>= 1', error_if='>= 2') }}

with

measured as (

    select
        count(*) as row_count,
        count(*) - count({{ column_name }}) as null_count,
        round(100.0 * (count(*) - count({{ column_name }})) / nullif(count(*), 0), 2) as null_pct
    from {{ model }}
    where {{ filter }}

),

thresholds as (

    select
        warn_above,
        error_above
    from {{ ref('quality_thresholds') }}
    where metric = '{{ metric }}'

)

select
    measured.row_count,
    measured.null_count,
    measured.null_pct,
    thresholds.warn_above,
    thresholds.error_above,
    case when measured.null_pct > thresholds.error_above then 'error' else 'warn' end as verdict
from measured
cross join thresholds
where measured.null_pct >= thresholds.warn_above or measured.null_pct > thresholds.error_above

{% endtest %}

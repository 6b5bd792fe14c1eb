{#
    The rows of the window are within the seed's row_count_deviation, in percent, of the var
    baseline_rows. Without a baseline there is nothing to compare. Warns: a corrected source may
    well hold more rows than before.
#}
{% test row_count_near_baseline(model) %}
{{ config(severity='warn') }}
{%- set baseline = var('baseline_rows') %}

with

measured as (

    select
        count(*) as row_count,
        {{ 'cast(null as int64)' if baseline is none else baseline | int }} as baseline_rows
    from {{ model }}

)

select
    measured.*,
    thresholds.warn_above
from measured
cross join {{ ref('quality_thresholds') }} as thresholds
where
    thresholds.metric = 'row_count_deviation'
    and abs(measured.row_count - measured.baseline_rows) * 100.0
    > thresholds.warn_above * measured.baseline_rows

{% endtest %}

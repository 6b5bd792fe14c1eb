{#
    Every check of the model passes. For models that macros/checks.sql judges. Warns: what a part of
    a season lacks is no fault of the tables, and `nba-backfill` preflight and validate are the gates.
#}
{% test checks_pass(model) %}
{{ config(severity='warn') }}

select
    check_name,
    scope,
    figure,
    verdict,
    example,
    advice
from {{ model }}
where verdict in ('careful', 'stop')

{% endtest %}

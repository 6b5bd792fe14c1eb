{#
    Every check of the model passes: warns of what is careful, fails of what says stop. For models
    that macros/checks.sql judges.
#}
{% test checks_pass(model) %}
{{ config(fail_calc=worst_verdict(), warn_if='>= 1', error_if='>= 2') }}

select
    check_name,
    scope,
    figure,
    example,
    advice,
    case verdict when 'stop' then 'error' else 'warn' end as verdict
from {{ model }}
where verdict in ('careful', 'stop')

{% endtest %}

{# Runbook, validation: may the summary be trained on? The first check that is not fine says why. #}
select * from {{ ref('validation_checks') }} -- noqa: AM04
order by check_number, scope

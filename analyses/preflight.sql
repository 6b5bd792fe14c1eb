{# Runbook, preflight: are the sources fit? The first check that is not fine says why. #}
select * from {{ ref('preflight_checks') }} -- noqa: AM04
order by scope, check_number

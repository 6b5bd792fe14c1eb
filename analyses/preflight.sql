{# Runbook, preflight: may the sources be backfilled from? The first check that is not fine says why. #}
select * from {{ ref('preflight_checks') }}
order by scope, check_number -- noqa: CV13

{# Runbook, preflight: what each source has of each season of the window. #}
select * from {{ ref('source_seasons') }} -- noqa: AM04
order by source_name desc, season_year asc

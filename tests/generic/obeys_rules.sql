{#
    The model obeys the rules of these families, as macros/rules.sql has them: fails at an error, warns at a warning. The
    model has the columns of player_game_summary. Rules on what the sources say want `source_rows`, a relation with one
    row per raw row, its key and, where it can't be in the summary, the reason. Dates that are held back fail a test of
    their own; this one is about the others, and waits for `runs_after`, so that it keeps nothing from being built.
#}
{% test obeys_rules(model, families, runs_after, source_rows=none) %}
{{ config(fail_calc=worst_severity(), warn_if='>= 1', error_if='>= 2') }}
-- depends_on: {{ runs_after }}

select
    game_date,
    severity,
    rule,
    {{ finding_said() }} as found
from ({{ findings(model, source_rows, families) }}) as findings
where game_date not in ({{ held_back_dates() }})

{% endtest %}

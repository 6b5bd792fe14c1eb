{#
    The model obeys the rules of these families, as macros/rules.sql has them: fails at an error, warns at a warning. The
    model has the columns of player_game_summary. Rules on what the sources say are asked `with_source_rows`. Dates that
    are held back fail a test of their own; this one is about the others, and waits for `runs_after`, so that it keeps
    nothing from being built.
#}
{% test obeys_rules(model, families, runs_after, with_source_rows=false) %}
{{ config(fail_calc=worst_severity(), warn_if='>= 1', error_if='>= 2') }}
-- depends_on: {{ runs_after }}

with

source_rows as (

    {{ player_rows() if with_source_rows else 'select 1 as a_row' }}

)

select
    game_date,
    severity,
    rule,
    {{ finding_said() }} as found
from ({{ findings(model, 'source_rows' if with_source_rows else none, families) }}) as findings
where game_date not in ({{ held_back_dates() }})

{% endtest %}

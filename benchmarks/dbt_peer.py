"""The work as a plain dbt project: two incremental models by date, the rules as a test behind them."""

from pathlib import Path

from benchmarks.league import DATABASE, Window
from benchmarks.statements import Dates, Statements

PROJECT = """\
name: bench
version: "1.0"
config-version: 2
profile: bench
flags: {send_anonymous_usage_stats: false}
models:
  bench:
    +materialized: incremental
"""
BY_VARS = """\
    +incremental_strategy: delete+insert
    +unique_key: game_date
"""
BY_BATCHES = """\
    +incremental_strategy: microbatch
    +event_time: game_date
    +batch_size: {batch_size}
    +begin: {begin}
"""
PROFILE = """\
bench:
  target: bench
  outputs:
    bench: {{type: duckdb, path: {database}, schema: bench, threads: 1}}
"""
# What a model reads is of its batch, what a test reads of the whole window.
MACROS = """\
{% macro first_date() %}
    {{ return(model.batch.event_time_start.strftime('%Y-%m-%d') if model.batch else var('start_date')) }}
{% endmacro %}

{% macro last_date() %}
    {% if not model.batch %}{{ return(var('end_date')) }}{% endif %}
    {{ return((model.batch.event_time_end - modules.datetime.timedelta(days=1)).strftime('%Y-%m-%d')) }}
{% endmacro %}

{% macro turn(day, seasons) %}
    {{ return((day[:4] | int - (day[5:] < '10-12') + seasons) ~ '-10-12') }}
{% endmacro %}
"""
DATES = Dates(
    first="date '{{ first_date() }}'",
    last="date '{{ last_date() }}'",
    first_turn="date '{{ turn(first_date(), 0) }}'",
    last_turn="date '{{ turn(last_date(), 1) }}'",
)


def write(directory: Path, statements: Statements, window: Window, batch_size: str | None = None) -> None:
    """Write the project: in windows that vars name, or in dbt's own batches of a month or a year."""
    sql = statements.with_dates(DATES).reading("{{ ref('player_rows') }}", "{{ ref('player_game_summary') }}")
    by = BY_BATCHES.format(batch_size=batch_size, begin=window.start) if batch_size else BY_VARS
    for name, text in {
        "dbt_project.yml": PROJECT + by,
        "profiles.yml": PROFILE.format(database=DATABASE),
        "macros/window.sql": MACROS,
        "models/player_rows.sql": sql.rows,
        "models/player_game_summary.sql": sql.summary,
        "tests/rules.sql": sql.errors,
    }.items():
        path = directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


def build(window: Window, *, batches: bool = False) -> list[str]:
    """The command for a window."""
    command = ["dbt", "build", "--no-version-check"]
    variables = f"{{start_date: '{window.start}', end_date: '{window.end}'}}"
    # dbt takes the end for the first moment that is out.
    after = window.parts(1)[-1].end.toordinal() + 1
    by = ["--event-time-start", str(window.start), "--event-time-end", str(type(window.end).fromordinal(after))]
    return [*command, "--vars", variables, *(by if batches else [])]

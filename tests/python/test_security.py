"""Text from a user, a file or a table is never SQL, YAML, HTML or a path, and what a run leaves is its owner's alone.

Loading has tests of its own for names of files and columns (test_load_raw.py), the notification for the secret of its
URL (test_notify.py), and the YAML of run-operations for every character there is (test_fault_messages.py).
"""

import ast
import csv
import json
import logging
import re
import shutil
import stat
from pathlib import Path

import jinja2
import pytest
import yaml

from backfill_rig import done, operate
from conftest import REPOSITORY, WEEK, Warehouse
from nba_backfill.display.report_files import _template
from nba_backfill.display.tables import print_table
from nba_backfill.display.terminal import Lines, Terminal, say
from nba_backfill.warehouse.players import add_alias
from nba_backfill.warehouse.profile import duckdb_path
from nba_backfill.warehouse.project import as_yaml

RANGE = ("--start-date", WEEK[0], "--end-date", WEEK[1])
AWKWARD = (
    "O'Neal",
    "'); drop table player_game_summary; --",
    '"; drop table "player_game_summary',
    "back\\slash \\' \\",
    "{{ env_var('HOME') }} {% for x in y %} {# #}",
    "two\nlines\r\n- a: b",
    "`x` $$ %s ? :a /* -- #",
    "<script>alert(1)</script> & é 🏀",
    "\x1b[2J\x1b]0;owned\x07 \x9b31m",
)
SECRET = "Hunter2Token"


def test_a_text_in_a_var_is_the_literal_that_sql_gives_back(demo: Warehouse) -> None:
    shown = ", ".join(f"{{{{ literal(var('texts')[{number}]) }}}} as t{number}" for number in range(len(AWKWARD)))
    variables = as_yaml({"texts": AWKWARD, "start_date": WEEK[0], "end_date": WEEK[1]})
    outcome = demo.dbt(
        "show",
        "--inline",
        f"select {shown}",
        "--output",
        "json",
        "--quiet",
        "--log-format",
        "json",
        "--vars",
        variables,
    )
    done(outcome)
    (preview,) = re.findall(r'^.*"preview".*$', outcome.output, re.MULTILINE)
    ((row),) = json.loads(json.loads(preview)["data"]["preview"])
    assert tuple(row.values()) == AWKWARD


@pytest.mark.parametrize("text", AWKWARD)
def test_a_text_is_one_literal_of_bigquery(text: str) -> None:
    """Whose escapes of these characters are Python's. Google's own analyzer judges whole statements elsewhere."""
    macros = (REPOSITORY / "macros" / "dialect.sql").read_text(encoding="utf-8")
    (body,) = re.findall(r"{% macro default__quoted\(text\) -%}(.*?){%- endmacro %}", macros, re.DOTALL)
    literal = jinja2.Environment(autoescape=False).from_string(body.strip()).render(text=text)
    assert "\n" not in literal
    assert ast.literal_eval(literal) == text


@pytest.mark.parametrize("name", ["raw_schema", "worker"])
def test_a_var_that_names_a_table_is_a_name(demo: Warehouse, name: str) -> None:
    before = demo.summary()
    outcome = demo.dbt("run", "--vars", as_yaml({name: 'nba_raw"; drop schema nba_analytics cascade; --'}))
    assert outcome.code == 2, outcome.output
    assert f"The var {name} is" in outcome.output
    assert "no name" in outcome.output
    assert demo.summary() == before


def test_who_has_built_a_window_is_a_value(demo: Warehouse) -> None:
    """As SQL it would be true of every row, and rows of another window would be published."""
    before = demo.summary()
    variables = as_yaml({"start_date": WEEK[0], "end_date": WEEK[1], "rows_built_by": "' or 'a' = 'a"})
    outcome = demo.dbt("run", "--select", "int_player_game_summary_window", "--vars", variables)
    assert outcome.code == 1, outcome.output
    assert "built by another invocation of dbt" in outcome.output
    assert demo.summary() == before


def test_a_date_of_the_var_dates_is_a_date(demo: Warehouse) -> None:
    variables = as_yaml({"start_date": WEEK[0], "end_date": WEEK[1], "dates": ["2021-12-20' or '1' = '1"]})
    outcome = demo.dbt("show", "--inline", "select '{{ last_date_of_window() }}' as day", "--vars", variables)
    assert outcome.code != 0
    assert "is not a date" in outcome.output


def test_what_is_told_of_an_event_is_kept_as_it_was_told(demo: Warehouse) -> None:
    told = " | ".join(AWKWARD)
    done(operate(demo, "log_event", run_id=AWKWARD[1], event_name=AWKWARD[2], details=told, host_name=AWKWARD[3]))
    found = demo.query("select run_id, event_name, details, host_name from backfill_events")
    assert (AWKWARD[1], AWKWARD[2], told, AWKWARD[3]) in found


@pytest.mark.parametrize(
    ("macro", "arguments"),
    [
        ("drop_kept", {"keep_count": "none"}),
        ("keep_range", {"run_id": "one", "days": "-1"}),
        ("take_lock", {"run_id": "one", "token": "one", "expires_after_minutes": "1) or (1=1"}),
        ("log_event", {"run_id": "one", "event_name": "told", "kept_days": "current_timestamp"}),
        ("log_event", {"run_id": "one", "event_name": "told", "kept_until": "current_timestamp"}),
    ],
)
def test_an_operation_takes_a_number_where_it_needs_one(
    demo: Warehouse, macro: str, arguments: dict[str, object]
) -> None:
    outcome = operate(demo, macro, **arguments)
    assert outcome.code != 0
    assert "is no whole number" in outcome.output or "kept_until" in outcome.output
    assert not demo.query("select 1 from backfill_events where run_id = 'one'")


def test_rows_that_are_expected_are_a_number(demo: Warehouse) -> None:
    """Jinja's int takes a text for nought."""
    for asked in ("gate_findings", "validation"):
        outcome = demo.dbt("compile", "--select", asked, "--vars", as_yaml({"baseline_rows": "two thousand"}))
        assert outcome.code != 0
        assert "The var baseline_rows is" in outcome.output


def test_a_name_of_a_table_goes_through_to_the_report(demo: Warehouse) -> None:
    """Names of players, reasons and codes of teams, in rows that are read, published, listed and told."""
    players = demo.query(
        f"select player_lookup from bdl_player_boxscores where game_date = '{WEEK[0]}' order by 1 limit {len(AWKWARD)}"
    )
    for (player,), text in zip(players, AWKWARD, strict=True):
        quoted = text.replace("'", "''")
        where = f"where game_date = '{WEEK[0]}' and player_lookup = '{player}'"
        renamed = f"'{quoted}', player_lookup = 'nobody {quoted}' {where}"
        demo.execute(
            f"update bdl_player_boxscores set player_full_name = {renamed}",
            f"update nbac_gamebook_player_stats set player_name = {renamed}",
        )
    text = (AWKWARD[1] + AWKWARD[-1]).replace("'", "''")
    demo.execute(
        f"update bdl_player_boxscores set team_abbr = '{text}' where game_date = '{WEEK[1]}' and player_lookup = "
        f"(select min(player_lookup) from bdl_player_boxscores where game_date = '{WEEK[1]}')"
    )
    run = demo.cli("run", *RANGE)
    # A team that is none of the game's two is for the gate to find.
    assert run.code in (0, 1), run.output
    assert "Traceback" not in run.output
    # A date that its names leave with too few of the players it had is held back, and its names are told then.
    read = {name for (name,) in demo.query("select source_player_full_name from int_player_rows_window")}
    assert set(AWKWARD) <= read
    assert demo.query("select 1 from int_player_rows_window where exclusion_reason = 'team_not_in_game'")
    listed = demo.cli("players", "unresolved")
    assert listed.code == 0
    # A terminal would obey it.
    built = demo.dbt("build", "--exclude-resource-type", "unit_test", window=WEEK)
    assert "held back" in built.output
    for outcome in (run, listed, built):
        assert not re.search(r"[\x1b\x9b](?!\[\d*m)", outcome.output)
    assert r"\x1b[2J\x1b]0;OWNED\x07 \x9b31M" in run.output
    assert "?[2J?]0;OWNED? ?31M" in built.output
    (report,) = re.findall(r"^report: (.*)$", run.output, re.MULTILINE)
    html = (demo.project / report).read_text(encoding="utf-8")
    assert "<script" not in html


def test_a_terminal_is_told_what_a_name_has_that_it_would_obey(capsys: pytest.CaptureFixture[str]) -> None:
    say(AWKWARD[-1])
    print_table(["name"], [[AWKWARD[-1]]])
    Lines(Terminal()).emit(logging.LogRecord("nba_backfill", logging.INFO, "", 0, AWKWARD[-1], (), None))
    assert capsys.readouterr().out.count(r"\x1b[2J\x1b]0;owned\x07 \x9b31m") == 3


def test_the_page_of_the_report_escapes_and_runs_nothing() -> None:
    assert _template("report.html.jinja").environment.autoescape is True


def test_an_alias_with_any_reason_is_a_row_of_the_seed(demo: Warehouse, tmp_path: Path) -> None:
    own = Path(shutil.copytree(demo.project, tmp_path / "copied"))
    seed = own / "seeds" / "player_aliases.csv"
    seed.chmod(0o640)
    for number, text in enumerate(AWKWARD):
        assert add_alias(seed, f"{text} {number}", "lebronjames", {"lebronjames"}, text)
    assert stat.S_IMODE(seed.stat().st_mode) == 0o640
    with seed.open(encoding="utf-8", newline="") as file:
        assert AWKWARD[1] in {row["reason"] for row in csv.DictReader(file)}
    warehouse = Warehouse(own, own / demo.database.name)
    done(warehouse.dbt("seed", "--select", "player_aliases"))
    found = {reason for (reason,) in warehouse.query("select reason from player_aliases")}
    # Line ends are the file's own.
    assert {text.replace("\r\n", "\n") for text in AWKWARD} <= found
    assert all(
        re.fullmatch("[a-z0-9]+", name) for (name,) in warehouse.query("select player_alias from player_aliases")
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("rollback", AWKWARD[1], "--yes"),
        ("report", "../../../etc/passwd"),
        ("validate", *RANGE, "--game", WEEK[0], AWKWARD[1], AWKWARD[4]),
        ("players", "alias", AWKWARD[1], AWKWARD[2]),
        ("plan", "--dates", AWKWARD[1]),
    ],
    ids=lambda arguments: arguments[0],
)
def test_an_option_that_makes_no_sense_is_refused_in_a_sentence(demo: Warehouse, arguments: tuple[str, ...]) -> None:
    before = demo.summary()
    outcome = demo.cli(*arguments)
    assert outcome.code in (1, 2, 4), outcome.output
    assert "Traceback" not in outcome.output
    assert demo.summary() == before


def test_the_id_of_a_run_is_no_path(demo: Warehouse) -> None:
    class Given(Warehouse):
        def environment(self) -> dict[str, str]:
            return {**super().environment(), "NBA_RUN_ID": "../../elsewhere"}

    outcome = Given(demo.project, demo.database).cli("run", *RANGE)
    assert outcome.code == 2, outcome.output
    assert "is no id of a run" in outcome.output
    assert not list(demo.project.parent.rglob("*elsewhere*"))


def test_the_path_of_the_database_is_taken_as_it_stands(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBA_DUCKDB_PATH", "O'Neal & <sons>.duckdb")
    assert duckdb_path(project, None) == "O'Neal & <sons>.duckdb"


def test_a_var_of_the_command_is_the_same_for_dbt() -> None:
    given = {"texts": list(AWKWARD), "day": yaml.safe_load("2022-01-10")}
    assert yaml.safe_load(as_yaml(given)) == {"texts": list(AWKWARD), "day": "2022-01-10"}


def test_what_a_run_leaves_is_its_owners_alone(demo: Warehouse) -> None:
    before = {file for place in ("logs", "target") for file in (demo.project / place).rglob("*")}
    done(demo.cli("run", *RANGE, "--no-resume"))
    left = {file for place in ("logs", "target") for file in (demo.project / place).rglob("*")} - before
    assert {".log", ".json", ".html", ".md"} <= {file.suffix for file in left}
    assert not [file for file in left if file.stat().st_mode & 0o077]

    # Whom the owner has let read the verdict, such as a training job of another user, still may.
    verdict = demo.project / "logs" / "backfill" / "player_game_summary_verdict.json"
    verdict.chmod(0o644)
    done(demo.cli("validate", *RANGE))
    assert stat.S_IMODE(verdict.stat().st_mode) == 0o644


@pytest.mark.parametrize(
    "key",
    [
        SECRET,
        f'{{"private_key": "{SECRET}"',
        f'{{"type": "service_account", "private_key": "{SECRET}", "client_email": "a", "token_uri": "b"}}',
    ],
    ids=["no JSON", "cut off", "no key"],
)
def test_a_key_that_is_none_is_told_without_it(demo: Warehouse, key: str) -> None:
    class Keyed(Warehouse):
        def environment(self) -> dict[str, str]:
            return {
                "NBA_TARGET": "bigquery",
                "NBA_BIGQUERY_METHOD": "service-account-json",
                "NBA_BIGQUERY_KEYFILE_JSON": key,
            }

    outcome = Keyed(demo.project, demo.database).cli("plan", *RANGE)
    assert outcome.code == 4, outcome.output
    assert "There are no credentials for BigQuery" in outcome.output
    written = [file for place in ("logs", "target") for file in (demo.project / place).rglob("*") if file.is_file()]
    assert SECRET not in outcome.output
    assert not [file for file in written if SECRET.encode() in file.read_bytes()]

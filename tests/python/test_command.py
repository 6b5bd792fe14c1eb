"""What people expect of a command: that it is quick, finds its project, can be piped and stopped, and says how
it ended."""

import ast
import json
import os
import signal
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from conftest import Warehouse
from nba_backfill.commands.main import main
from nba_backfill.errors import ArgumentError
from nba_backfill.windows import SEASON_TURN, last_days, parse_date, season_window, today, yesterday
from test_status import going_on, write

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = REPOSITORY / "scripts"
WEEK = ("--start-date", "2022-01-10", "--end-date", "2022-01-16")
# The folders of the command, each of which imports only those before it, and what all of them share.
LAYERS = ("errors", "windows", "bigquery", "warehouse", "records", "display", "loop", "loading", "commands")
MOST_LINES = 300
# What click, logging, the HTTP server and rich call by its name.
OF_LIBRARIES = {"convert", "do_GET", "emit", "format_commands", "handleError", "log_message", "on_broken_pipe"}
HEAVY = {"dbt", "duckdb", "matplotlib", "numpy", "pyarrow", "google", "apprise", "jinja2", "sqlglot"}


def command(work: Warehouse, *arguments: str, **changes: str) -> "subprocess.Popen[str]":
    """The command as a process of its own."""
    return subprocess.Popen(
        [str(Path(sys.executable).parent / "nba-backfill"), *arguments],
        cwd=work.project,
        env={**os.environ, "NBA_DUCKDB_PATH": str(work.database), **changes},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def imported(module: Path) -> set[str]:
    """The modules that a file names in its imports, those within functions and for types included."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


def test_imports_run_one_way() -> None:
    wrong = []
    for module in sorted(PACKAGES.rglob("*.py")):
        package, *rest = module.relative_to(PACKAGES).with_suffix("").parts
        layer = rest[0] if rest else ""
        for name in imported(module):
            root, _, folder = name.partition(".")
            folder = folder.partition(".")[0]
            if package == "nba_backfill" and root == "demo_league":
                wrong.append(f"{module}: {name}")
            within = package == root == "nba_backfill" and layer in LAYERS and folder in LAYERS
            if within and LAYERS.index(folder) > LAYERS.index(layer):
                wrong.append(f"{module}: {name}")
    assert not wrong


def test_a_module_is_read_in_one_go() -> None:
    lines = {str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGES.rglob("*.py")}
    assert {path: number for path, number in lines.items() if number > MOST_LINES} == {}


def test_nothing_stands_there_that_nobody_names() -> None:
    """No function, class, method or constant of the packages, and no seed. dbt-bouncer sees to macros."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGES.rglob("*.py")]
    named: set[str] = set()
    defined: set[str] = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            defined.add(node.name)
        elif isinstance(node, ast.Assign):
            defined |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            named.add(node.id)
        elif isinstance(node, ast.Attribute):
            named.add(node.attr)
    assert sorted(name for name in defined - named - OF_LIBRARIES if not name.startswith("__")) == []

    sql = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("models", "macros", "tests", "analyses")
        for path in (REPOSITORY / folder).rglob("*.sql")
    )
    assert [seed.stem for seed in (REPOSITORY / "seeds").glob("*.csv") if f"ref('{seed.stem}')" not in sql] == []


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"]])
def test_help_imports_nothing_that_only_a_run_needs(arguments: list[str]) -> None:
    imports = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "nba_backfill", *arguments],
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    roots = {line.rpartition("|")[2].strip().partition(".")[0] for line in imports.splitlines()}
    assert "click" in roots
    assert not HEAVY & roots


def test_a_look_at_a_run_at_work_loads_no_dbt(demo: Warehouse) -> None:
    """Its checkpoint is all that is read. This process seems to be the run."""
    checkpoint = demo.project / "logs/backfill/player_game_summary_checkpoint.json"
    write(checkpoint, going_on(demo.database))
    timed = [sys.executable, "-X", "importtime", "-m", "nba_backfill", "status"]
    environment = {**os.environ, "NBA_DUCKDB_PATH": str(demo.database)}
    shown = subprocess.run(timed, cwd=demo.project, env=environment, capture_output=True, text=True, check=True)
    assert "20260203_110000_1a2b  running" in shown.stdout
    roots = {line.rpartition("|")[2].strip().partition(".")[0] for line in shown.stderr.splitlines()}
    assert HEAVY & roots <= {"jinja2"}


def test_completion_knows_runs_and_teams(demo: Warehouse) -> None:
    logs = demo.project / "logs" / "backfill"
    logs.mkdir(parents=True, exist_ok=True)
    (logs / "player_game_summary_20260101_000000_a.log").touch()
    complete = {"_NBA_BACKFILL_COMPLETE": "bash_complete"}
    runs = command(demo, COMP_WORDS="nba-backfill rollback 2026", COMP_CWORD="2", **complete).communicate()[0]
    assert "20260101_000000_a" in runs
    teams = command(demo, COMP_WORDS="nba-backfill report --game 2022-01-10 GS", COMP_CWORD="4", **complete)
    assert "GSW" in teams.communicate()[0]


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_has_help_with_an_example_and_a_place(name: str) -> None:
    places = [names for names in main.groups.values() if name in names]
    assert len(places) == 1
    commands = getattr(main.commands[name], "commands", {name: main.commands[name]})
    for each in commands.values():
        assert "Example" in (each.help or "")
        assert "nba-backfill " in (each.help or "")


def test_a_typo_is_answered_by_what_was_meant(demo: Warehouse) -> None:
    outcome = demo.cli("rum")
    assert outcome.code == 2
    assert "Did you mean" in outcome.output


def test_named_days_and_seasons() -> None:
    assert parse_date("--end-date", "today") == today()
    assert parse_date("--end-date", "yesterday") == yesterday() == today() - timedelta(days=1)
    assert last_days(7).days == 7
    assert last_days(1).end == last_days(1).start == yesterday()
    assert str(season_window("2021-22")) == str(season_window("2021")) == "2021-10-12..2022-10-11"
    assert season_window(str(last_days(1).end.year - 1)).end <= yesterday()
    for text in ("2021-23", "21-22", "1899", "2021-2022", "next"):
        with pytest.raises(ArgumentError, match="is not a season"):
            season_window(text)
    with pytest.raises(ArgumentError, match="in the future"):
        season_window(str(today().year + 1))


def test_a_season_turns_where_it_does_in_sql(demo: Warehouse) -> None:
    turn = date(2022, *SEASON_TURN)
    rows = demo.rows("backfill_plan", (str(turn - timedelta(days=1)), str(turn)))
    assert {row["game_date"]: int(row["season_year"]) for row in rows} == {
        str(turn - timedelta(days=1)): 2021,
        str(turn): 2022,
    }


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("plan", "--last", "7", *WEEK), "exclude one another"),
        (("plan", "--season", "2021-22", "--last", "7"), "exclude one another"),
        (("plan", "--dates", "2022-01-10", "--last", "7"), "--dates excludes a range"),
        (("plan", "--start-date", "2022-01-10"), "Pass both"),
        (("plan", "--vars", "[1]"), "no YAML dictionary"),
        (("plan", "--vars", "{start_date: 2022-01-10}"), "are said by --start-date"),
        (("runs", "-v", "-q"), "exclude one another"),
    ],
)
def test_options_that_cannot_go_together(demo: Warehouse, arguments: tuple[str, ...], why: str) -> None:
    outcome = demo.cli(*arguments)
    assert outcome.code == 2
    assert why in outcome.output


def test_figures_as_json(demo: Warehouse) -> None:
    assert demo.cli("run", *WEEK).code == 0
    (run,) = json.loads(demo.cli("runs", "--json").output)
    assert run["rows_added"] > 0
    expected = {
        ("preflight", *WEEK): "checks",
        ("plan", *WEEK): "windows",
        ("status",): "run_id",
        ("validate", *WEEK): "verdict",
        ("report",): "verdict",
        ("sample", *WEEK): "most_minutes",
        ("rollback", run["run_id"], *WEEK): "rows_added",
    }
    asked = {"rollback": ("--yes",)}
    for arguments, name in expected.items():
        assert name in json.loads(demo.cli(*arguments, *asked.get(arguments[0], ()), "--json", "--quiet").output)
    assert isinstance(json.loads(demo.cli("players", "unresolved", "--json").output), list)


def test_vars_threads_and_verbosity_reach_dbt(demo: Warehouse) -> None:
    # With other vars dbt parses anew, which a fork of a process that has parsed can't.
    process = command(demo, "plan", *WEEK, "--vars", "{raw_schema: elsewhere}")
    assert "elsewhere" in process.communicate()[1]
    assert process.returncode == 3
    assert "Running with dbt" in demo.cli("plan", *WEEK, "--threads", "2", "--verbose").output
    assert "Running with dbt" not in demo.cli("plan", *WEEK).output
    quiet = demo.cli("run", *WEEK, "--quiet")
    assert (quiet.code, quiet.output) == (0, "")


def test_what_a_run_says_and_writes(demo: Warehouse) -> None:
    """Nothing but JSON goes to stdout, dbt keeps the log that its messages name, and nobody writes a secret down."""
    url = "json://127.0.0.1:9/word-that-nobody-may-read"
    output, errors = command(demo, "run", *WEEK, "--json", "--notify", url).communicate()
    assert json.loads(output)["successful"] == 7
    assert "verdict: ready" in errors
    assert "Running with dbt" in (demo.project / "logs" / "dbt.log").read_text(encoding="utf-8")
    written = [file for place in ("logs", "target") for file in (demo.project / place).rglob("*") if file.is_file()]
    assert not [file for file in written if b"word-that-nobody-may-read" in file.read_bytes()]


def test_a_project_is_looked_for_upward(demo: Warehouse, tmp_path: Path) -> None:
    below = demo.project / "below"
    below.mkdir()
    found = demo.cli("runs", directory=below)
    assert f"project: {demo.project}" in found.output
    assert "project:" not in demo.cli("runs").output
    nowhere = demo.cli("runs", "--project-dir", str(tmp_path))
    assert nowhere.code == 4
    assert f"There is no dbt_project.yml in {tmp_path}" in nowhere.output


def test_dbts_own_variables_count(demo: Warehouse, tmp_path: Path) -> None:
    process = command(demo, "plan", *WEEK, DBT_PROFILES_DIR=str(tmp_path / "nowhere"))
    assert f"There is no profiles.yml in {tmp_path / 'nowhere'}" in process.communicate()[1]
    assert process.returncode == 4
    process = command(demo, "load-raw", str(tmp_path), DBT_TARGET="bigquery")
    assert "Target bigquery is bigquery" in process.communicate()[1]
    assert process.returncode == 4


def test_a_dry_run_of_a_fresh_project_tells_and_makes_nothing(demo: Warehouse) -> None:
    demo.execute("drop schema if exists nba_analytics cascade")
    before = demo.database.read_bytes()
    outcome = demo.cli("run", *WEEK, "--dry-run")
    assert outcome.code == 0, outcome.output
    assert "missing: 7 dates" in outcome.output
    assert demo.database.read_bytes() == before
    demo.database.unlink()
    nothing = demo.cli("run", *WEEK, "--dry-run")
    assert nothing.code == 3
    assert "does not exist. Load it with" in nothing.output
    assert not demo.database.exists()


def test_a_closed_output_ends_no_run(demo: Warehouse) -> None:
    process = command(demo, "run", *WEEK)
    assert process.stdout
    process.stdout.close()
    assert process.wait() == 0
    verdict = json.loads((demo.project / "logs/backfill/player_game_summary_verdict.json").read_text(encoding="utf-8"))
    assert verdict["verdict"] == "ready"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_the_first_window(demo: Warehouse, number: signal.Signals) -> None:
    process = command(demo, "run", *WEEK)
    log = demo.project / "logs" / "backfill"
    while not list(log.glob("*.log")):
        assert process.poll() is None
    process.send_signal(number)
    _, errors = process.communicate()
    assert process.returncode == 130, errors
    assert "Stopped." in errors
    assert "Traceback" not in errors


def test_a_verdict_that_a_killed_run_left_is_judged_anew(demo: Warehouse) -> None:
    verdict = demo.project / "logs/backfill/player_game_summary_verdict.json"
    assert demo.cli("run", *WEEK).code == 0
    verdict.write_text('{"verdict": "blocked", "reason": "Run x is at work."}', encoding="utf-8")
    outcome = demo.cli("run", *WEEK)
    assert outcome.code == 0
    assert "nothing to do" in outcome.output
    assert json.loads(verdict.read_text(encoding="utf-8"))["verdict"] == "ready"

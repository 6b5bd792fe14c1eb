"""A backfill does what is not complete, and nothing that happens to it makes it lie."""

import json
import os
import pty
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

from conftest import Warehouse
from nba_backfill.loop.lock import sight_of
from nba_backfill.loop.stop import Stop
from nba_backfill.records.checkpoint import boot_id

START, END = "2022-01-03", "2022-01-23"
RANGE = ("--start-date", START, "--end-date", END)
CHECKPOINT = Path("logs/backfill/player_game_summary_checkpoint.json")
LEDGER = "select game_date, dbt_invocation_id from backfill_ledger order by 1"
# One active player of a game of 2022-01-12 whom both sources list.
PLAYER = """
    rowid = (
        select min(rowid) from nbac_gamebook_player_stats
        where game_date = '2022-01-12' and player_status = 'active' and minutes > '10' and free_throws_made > 0
    )
"""


@pytest.fixture
def work(demo: Warehouse) -> Warehouse:
    return demo


def run(work: Warehouse, *arguments: str, code: int = 0) -> str:
    outcome = work.cli("run", *RANGE, *arguments)
    assert outcome.code == code, outcome.output
    return outcome.output


def plan(work: Warehouse, *arguments: str) -> dict[str, Any]:
    outcome = work.cli("plan", *(arguments or RANGE), "--json")
    assert outcome.code == 0, outcome.output
    planned: dict[str, Any] = json.loads(outcome.output)
    return planned


def to_do(work: Warehouse) -> dict[str, str]:
    """The dates that a run would do, with why."""
    days = work.rows("backfill_plan", (START, END))
    return {day["game_date"]: day["status"] for day in days if day["status"] not in ("complete", "no games")}


def planned_to_do(planned: dict[str, Any]) -> dict[str, str]:
    """The same, as the command says it."""
    return {day["game_date"]: day["status"] for day in planned["dates"] if day["to_do"]}


def checkpoint(work: Warehouse) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((work.project / CHECKPOINT).read_text(encoding="utf-8"))
    return read


def command(work: Warehouse, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("NBA_", "DBT_"))}
    return subprocess.Popen(
        [str(Path(sys.executable).parent / "nba-backfill"), *arguments],
        cwd=work.project,
        env={**inherited, **work.environment()},
        **{"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, **options},
    )


def until(happened: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    while not happened():
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)


def windows_done(work: Warehouse) -> int:
    file = work.project / CHECKPOINT
    return int(json.loads(file.read_text(encoding="utf-8"))["successful"]) if file.exists() else 0


def test_a_run_does_what_its_plan_printed_and_the_next_does_nothing(work: Warehouse) -> None:
    planned = plan(work)
    output = run(work)
    for number, batch in enumerate(planned["windows"], 1):
        line = f"batch {number}/{len(planned['windows'])}  {batch['start_date']}..{batch['end_date']}  "
        assert f"{line}{batch['rows_expected']:,} rows  {batch['games_expected']:,} games" in output
    assert {day["status"] for day in planned["dates"]} == {"missing"}
    written = {str(day) for day, _ in work.query(LEDGER) if str(day) >= START}
    assert planned_to_do(planned).keys() == written
    assert planned_to_do(plan(work)) == {}
    before = work.query(LEDGER)
    assert "nothing to do" in run(work)
    assert work.query(LEDGER) == before


def test_a_correction_and_a_deletion_are_done_again_and_leave_no_ghost(work: Warehouse) -> None:
    run(work)
    ledger = dict(work.query(LEDGER))
    ((ghost, team),) = work.query(
        "select player_lookup, team_abbr from player_game_summary "
        "where game_date = '2022-01-20' and not has_bdl_boxscores order by 1 limit 1"
    )
    work.execute(
        "update nbac_gamebook_player_stats set assists = assists + 1, processed_at = processed_at + interval 1 day "
        f"where {PLAYER}",
        f"delete from nbac_gamebook_player_stats where game_date = '2022-01-20' and player_lookup = '{ghost}'",
        "delete from player_game_summary where game_date = '2022-01-05' and team_abbr = "
        "(select min(team_abbr) from player_game_summary where game_date = '2022-01-05')",
    )
    assert to_do(work) == {"2022-01-05": "partial", "2022-01-12": "stale", "2022-01-20": "stale"}

    run(work)

    assert to_do(work) == {}
    assert not work.query(
        f"select 1 from player_game_summary where game_date = '2022-01-20' and player_lookup = '{ghost}' "
        f"and team_abbr = '{team}'"
    )
    changed = {str(day) for day, invocation in work.query(LEDGER) if ledger[day] != invocation}
    assert changed == {"2022-01-05", "2022-01-12", "2022-01-20"}


# Rows that end the query which holds their window to the rules, and no other.
FAILING = (
    "alter table nba_raw.nbac_gamebook_player_stats rename to saved_gamebook",
    """
    create view nba_raw.nbac_gamebook_player_stats as
    select * replace (
        case
            when
                game_date = '2022-01-12' and contains(current_query(), 'gate_findings')
                and contains(current_query(), 'between date ''2022-01-10'' and date ''2022-01-16''')
                then error('these rows break the query')
            else team_abbr
        end as team_abbr
    )
    from nba_raw.saved_gamebook
    """,
)
MENDED = (
    "drop view nba_raw.nbac_gamebook_player_stats",
    "alter table nba_raw.saved_gamebook rename to nbac_gamebook_player_stats",
)


def test_a_hole_that_a_failure_left_is_found(work: Warehouse) -> None:
    work.execute(*FAILING)

    output = run(work, "--batch-days", "7", "--force", code=1)

    assert "batch 3/3" in output
    state = checkpoint(work)
    assert state["last_completed_date"] == END
    assert {failure["game_date"] for failure in state["failed"]} == {f"2022-01-{day}" for day in range(10, 17)}
    failed = to_do(work)
    assert failed == {f"2022-01-{day}": "failed" for day in range(10, 17)}
    assert planned_to_do(plan(work, *RANGE, "--retry-failed")) == failed

    work.execute(*MENDED)
    run(work, "--retry-failed")
    assert to_do(work) == {}


def test_failing_fast_it_stops_at_the_first_failure(work: Warehouse) -> None:
    work.execute(*FAILING)
    output = run(work, "--batch-days", "7", "--force", "--fail-fast", code=1)
    assert "batch 2/3" in output
    assert "batch 3/3" not in output
    assert set(to_do(work).values()) == {"failed", "missing"}


def test_the_checkpoint_file_decides_nothing(work: Warehouse) -> None:
    file = work.project / CHECKPOINT
    assert work.cli("run", "--dates", "2022-01-05").code == 0
    left = set(to_do(work))
    assert len(left) == 20
    for content in (None, "", '{"run_id": "20', '{"start_date": "1999-01-01", "successful": 613}', "[]"):
        if content is None:
            file.unlink()
        else:
            file.write_text(content, encoding="utf-8")
        assert set(to_do(work)) == left
        day = min(left)
        assert work.cli("run", "--start-date", "2022-01-03", "--end-date", day).code == 0
        assert checkpoint(work)["successful"] == 1
        left.remove(day)
    assert set(to_do(work)) == left


def test_no_resume_and_dates_do_complete_dates_again(work: Warehouse) -> None:
    run(work)
    before = dict(work.query(LEDGER))
    assert work.cli("run", "--dates", "2022-01-05,2022-01-12").code == 0
    after = dict(work.query(LEDGER))
    assert {str(day) for day in after if after[day] != before[day]} == {"2022-01-05", "2022-01-12"}
    run(work, "--no-resume")
    again = dict(work.query(LEDGER))
    assert not [day for day in again if START <= str(day) <= END and again[day] == after[day]]


def test_rolled_back_it_is_as_before(work: Warehouse) -> None:
    run(work)
    tables = ("player_game_summary", "excluded_box_score_rows", "backfill_ledger")
    before = {table: set(work.query(f"from {table}")) for table in tables}
    work.execute("delete from nbac_gamebook_player_stats where game_date in ('2022-01-06', '2022-01-13')")
    assert "2 dates to do" in run(work, "--force")
    wrong = {table: set(work.query(f"from {table}")) for table in tables}
    assert wrong["player_game_summary"] != before["player_game_summary"]

    second, first = (row["run_id"] for row in json.loads(work.cli("runs", "--json").output))
    asked = work.cli("rollback", first)
    assert asked.code == 2
    assert f"{second} changed the same dates later" in asked.output
    assert f"this would roll back run {second}" in work.cli("rollback", "--dry-run").output
    assert {table: set(work.query(f"from {table}")) for table in tables} == wrong

    part = work.cli("rollback", "--start-date", "2022-01-06", "--end-date", "2022-01-07")
    assert part.code == 0, part.output
    assert set(to_do(work)) == {"2022-01-06"}
    assert set(to_do(work).values()) == {"stale"}

    outcome = work.cli("rollback")

    assert outcome.code == 0, outcome.output
    assert {table: set(work.query(f"from {table}")) for table in tables} == before
    verdict = json.loads((work.project / "logs/backfill/player_game_summary_verdict.json").read_text(encoding="utf-8"))
    assert (verdict["verdict"], verdict["reason"]) == ("blocked", f"Run {second} is rolled back.")
    listed = json.loads(work.cli("runs", "--json").output)
    assert [row["status"] for row in listed] == ["rolled back", "done"]
    assert f"this would roll back run {first}" in work.cli("rollback", "--dry-run").output
    assert work.cli("rollback", "no_such_run").code == 2


def stopped(work: Warehouse, *signals: signal.Signals) -> str:
    """Start a run, send it the signals once it has done a window, and return what it printed."""
    process = command(work, "run", *RANGE, "--batch-days", "1")
    until(lambda: windows_done(work) > 0, process)
    for number in signals:
        process.send_signal(number)
        time.sleep(0.2)
    return process.communicate()[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_the_window_end_and_the_same_command_goes_on(work: Warehouse, number: signal.Signals) -> None:
    output = stopped(work, number)
    assert "stopping when this window is done" in output
    assert "the same command does the rest" in output
    assert "Traceback" not in output
    state = checkpoint(work)
    assert state["status"] == "stopped"
    assert 0 < state["successful"] < state["dates"]
    assert len(to_do(work)) == state["dates"] - state["successful"]
    run(work)
    assert to_do(work) == {}


def test_a_second_signal_drops_the_window(work: Warehouse) -> None:
    output = stopped(work, signal.SIGTERM, signal.SIGTERM)
    assert "Traceback" not in output
    assert checkpoint(work)["status"] == "stopped"
    run(work)
    assert to_do(work) == {}


def test_a_signal_that_a_finalizer_swallows_is_not_lost(capsys: pytest.CaptureFixture[str]) -> None:
    class Finalized:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGTERM)

    def asked_twice() -> None:
        signal.raise_signal(signal.SIGTERM)
        Finalized()
        time.sleep(60)

    with Stop() as stop, stop.after_window(), pytest.raises(KeyboardInterrupt):
        asked_twice()
    assert stop.is_interrupted
    assert "Traceback" not in capsys.readouterr().err


def test_a_closed_terminal_stops_nothing(work: Warehouse) -> None:
    process = command(work, "run", *RANGE, "--batch-days", "2")
    until(lambda: windows_done(work) > 0, process)
    process.send_signal(signal.SIGHUP)
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait() == 0
    assert to_do(work) == {}


def is_free(database: Path) -> bool:
    try:
        duckdb.connect(str(database), read_only=True).close()
    except duckdb.IOException:
        return False
    return True


def test_detached_it_goes_on_by_itself(work: Warehouse) -> None:
    output = run(work, "--detach")
    log = work.project / output.split("log: ")[1].splitlines()[0]
    pid = int(output.split("as process ")[1].split()[0])
    while not log.exists() or "log: " not in log.read_text(encoding="utf-8"):
        os.kill(pid, 0)
        time.sleep(0.1)
    # That is its last word, and it has the DuckDB file until its end.
    while not is_free(work.database):
        time.sleep(0.1)
    assert checkpoint(work)["status"] == "finished"
    assert to_do(work) == {}


def test_a_second_run_is_told_who_is_at_work(work: Warehouse) -> None:
    process = command(work, "run", *RANGE, "--batch-days", "1")
    until(lambda: windows_done(work) > 0, process)
    # So that it is still at work however long the other one waits.
    process.send_signal(signal.SIGSTOP)
    second = work.cli("run", *RANGE)
    process.send_signal(signal.SIGCONT)
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert second.code == 4
    assert f"run {checkpoint(work)['run_id']}, process {process.pid}, since" in second.output


def test_the_lock_of_a_living_process_holds_and_that_of_a_dead_one_does_not(work: Warehouse) -> None:
    """Also where another container had the same name, and its process the id of this one."""
    assert work.cli("plan", *RANGE).code == 0
    holder = "run_id = '20220101_000000_1', token = 'x', holder = 'someone', held_since = now(), alive_at = now()"
    elsewhere = f"host_name = '{socket.gethostname()}', boot_id = 'another', process_id = {os.getpid()}"
    work.execute(f"update backfill_lock set {holder}, {elsewhere}")
    refused = work.cli("run", *RANGE)
    assert refused.code == 4
    assert f"run 20220101_000000_1 of someone, process {os.getpid()} on {socket.gethostname()}, since" in refused.output
    assert "`nba-backfill unlock` tells more" in refused.output

    ended = subprocess.Popen(["true"])
    ended.wait()
    work.execute(f"update backfill_lock set {holder}, boot_id = '{boot_id()}', process_id = {ended.pid}")
    assert "taking over from run 20220101_000000_1" in run(work)
    assert work.query("select run_id from backfill_lock") == [(None,)]
    # Whoever asks is not the holder, though it has its id.
    assert "gone" in sight_of({"boot_id": boot_id(), "process_id": os.getpid()})
    assert "its process is there" in sight_of({"boot_id": boot_id(), "process_id": os.getppid()})


def answered(work: Warehouse, answer: str, *arguments: str) -> tuple[str, int]:
    """What a command prints on a terminal where somebody answers its question, and its exit code."""
    ours, terminal = pty.openpty()
    process = command(work, *arguments, stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    os.write(ours, f"{answer}\n".encode())
    printed = b""
    # A terminal that nobody has any more is an error to read from.
    with suppress(OSError):
        while part := os.read(ours, 1024):
            printed += part
    os.close(ours)
    return printed.decode().replace("\r\n", "\n"), process.wait()


def test_a_lock_is_taken_away_by_who_says_so(work: Warehouse) -> None:
    assert work.cli("plan", *RANGE).code == 0
    assert "nobody holds the lock" in work.cli("unlock").output
    work.execute(
        "update backfill_lock set run_id = 'dead', token = 'x', holder = 'someone', host_name = 'elsewhere', "
        "boot_id = 'another', process_id = 1, held_since = now(), alive_at = now()"
    )
    asked = work.cli("unlock")
    assert asked.code == 2
    assert "run dead of someone, process 1 on elsewhere, since 20" in asked.output
    assert "from here nobody can look whether its process is there" in asked.output
    assert work.query("select run_id from backfill_lock") == [("dead",)]
    told, code = answered(work, "n", "unlock")
    assert code == 130
    assert told.rstrip().endswith("Not done.")
    assert work.query("select run_id from backfill_lock") == [("dead",)]
    assert "the lock is free" in work.cli("unlock", "--yes").output
    assert work.query("select run_id, token from backfill_lock") == [(None, None)]


def test_the_id_of_a_run_is_used_once(work: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the first one has kept for a rollback would be what it left half done."""
    variables = {**work.environment(), "NBA_RUN_ID": "nightly"}
    monkeypatch.setattr(work, "environment", lambda: variables)
    run(work)
    again = work.cli("run", *RANGE)
    assert again.code == 2
    assert "There was a run nightly already. Leave NBA_RUN_ID out, or choose another id." in again.output


def test_a_dry_run_writes_nothing_anywhere(work: Warehouse) -> None:
    assert work.cli("plan", *RANGE).code == 0
    files = {file: file.stat().st_mtime_ns for file in work.project.rglob("*")}
    database = work.database.read_bytes()
    output = run(work, "--dry-run")
    assert "21 dates to do" in output
    assert {file: file.stat().st_mtime_ns for file in work.project.rglob("*")} == files
    assert work.database.read_bytes() == database


def test_a_full_disk_stops_it_and_tears_nothing(work: Warehouse) -> None:
    """A limit on the size of files stands in for the disk: DuckDB's log of changes grows beyond it at once."""
    before = work.summary()
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (2 * 1024**2, 2 * 1024**2))
    process = command(work, "run", *RANGE, preexec_fn=limit)
    output, _ = process.communicate()
    assert process.returncode in (1, 4), output
    assert "Traceback" not in output
    assert work.summary() >= before
    run(work)
    assert to_do(work) == {}


def test_a_checkpoint_that_cannot_be_written_stops_it(work: Warehouse) -> None:
    (work.project / "state").mkdir()
    process = command(work, "run", *RANGE, "--batch-days", "1", "--checkpoint", "state/checkpoint.json")
    until(lambda: (work.project / "state" / "checkpoint.json").exists(), process)
    shutil.rmtree(work.project / "state")
    (work.project / "state").write_text("in the way", encoding="utf-8")
    output, _ = process.communicate()
    assert process.returncode == 4, output
    assert "The checkpoint state/checkpoint.json can't be written" in output
    assert "Traceback" not in output
    run(work)
    assert to_do(work) == {}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--start-date", "2019-01-01", "--end-date", "2023-06-30"), "is over 4 years"),
        (("--start-date", "2022-01-03", "--end-date", "2999-01-01"), "is in the future"),
        (("--start-date", START), "Pass both --start-date and --end-date"),
        (("--dates", "2022-01-05", *RANGE), "--dates excludes a range"),
        (("--dates", "2022-01-05,2999-01-01"), "--dates has 2999-01-01, in the future"),
        (("--dates", "2022-01-05;2022-01-06"), "'2022-01-05;2022-01-06' is not a date"),
        ((*RANGE, "--no-resume", "--retry-failed"), "exclude one another"),
        ((*RANGE, "--max-bytes", "1"), "Only BigQuery bills bytes"),
    ],
)
def test_what_it_refuses(work: Warehouse, arguments: tuple[str, ...], sentence: str) -> None:
    outcome = work.cli("run", *arguments)
    assert outcome.code == 2
    assert sentence in outcome.output


def test_what_it_does_when_told_twice(work: Warehouse) -> None:
    assert work.cli("run", "--start-date", "2022-01-03", "--end-date", "2999-01-01", "--yes", "--dry-run").code == 0


def test_one_worker_does_it_on_duckdb(work: Warehouse) -> None:
    assert "DuckDB has one writer" in run(work, "--workers", "4")
    assert to_do(work) == {}

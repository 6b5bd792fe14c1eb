"""Where a run is, on a terminal and in a pipe, while the warehouse is left to the run."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import click
import duckdb
import pyte
import pytest
from rich.console import Console

from conftest import Warehouse
from nba_backfill.display import status as module
from nba_backfill.display.screen import lines, screen, why_slow
from nba_backfill.display.status import Status, read_checkpoint
from nba_backfill.errors import BackfillError
from nba_backfill.records.checkpoint import Checkpoint, DayFigures
from nba_backfill.warehouse.plan import Batch, Day
from nba_backfill.windows import Window

CHECKPOINT = Path("logs/backfill/player_game_summary_checkpoint.json")
NOW = datetime(2026, 2, 3, 12, 0, tzinfo=timezone.utc)
# An error of dbt's with all that could break a line: line feeds, a tab, colour, and its length.
LONG_ERROR = (
    "unique_player_game_summary found, for example:\n    game_date 2022-01-05,\tplayer \x1b[31mred\x1b[0m " + "x" * 200
)
FOLLOW = """
import sys
from functools import partial
from pathlib import Path
from rich.console import Console
from nba_backfill.display.screen import follow, show
from nba_backfill.display.status import read_checkpoint
path, database = Path(sys.argv[1]), sys.argv[2]
console = Console(highlight=False, markup=False)
show(console, follow(console, read_checkpoint(path, database), partial(read_checkpoint, path, database)))
"""


def ended_process() -> int:
    """The id of a process that is no more."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def content(database: Path | str, **changes: Any) -> dict[str, Any]:
    """The checkpoint of a run that this process seems to be, an hour after its start and a minute ago."""
    return {
        "run_id": "20260203_110000_1a2b",
        "warehouse": str(database),
        "status": "running",
        "start_date": "2021-10-01",
        "end_date": "2024-05-01",
        "last_completed_date": "2022-12-11",
        "batch_days": 7,
        "windows_done": 45,
        "dates": 605,
        "successful": 312,
        "failed": [],
        "held_back": [],
        "stage": None,
        "skipped": 339,
        "progress_pct": 51.6,
        "rows": 67_000,
        "days_per_hour": 317.3,
        "eta": None,
        "passing_errors": {"count": 0, "last": None},
        "unresolved_players": 5,
        "months": months(30),
        "started_at": str(NOW - timedelta(hours=1)),
        "updated_at": str(NOW - timedelta(minutes=1)),
        "host": socket.gethostname(),
        "process_id": os.getpid(),
        "log": "logs/backfill/player_game_summary_20260203_110000_1a2b.log",
        "verdict": None,
        "report": None,
        **changes,
    }


def going_on(database: Path | str, **changes: Any) -> dict[str, Any]:
    """The same of a run that started an hour before now, for a program that looks at the clock."""
    now = datetime.now(timezone.utc)
    return content(database, started_at=str(now - timedelta(hours=1)), updated_at=str(now)) | changes


def months(count: int) -> list[dict[str, Any]]:
    """Months from October 2021 on, the first of which was written last."""
    names = [f"{2021 + (9 + number) // 12}-{(9 + number) % 12 + 1:02d}" for number in range(count)]
    return [
        {
            "month": name,
            "dates": 30,
            "rows": 1000,
            "null_minutes": 100 + number,
            "null_pct": 10 + number / 10,
            "updated_at": str(NOW - timedelta(hours=1, minutes=count - number) if number else NOW),
        }
        for number, name in enumerate(names)
    ]


def write(path: Path, checkpoint: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(checkpoint), encoding="utf-8")
    unfinished.replace(path)


def at_work(**changes: Any) -> Status:
    return Status.of_checkpoint(content("/data/nba.duckdb", **changes))


def said(status: Status) -> str:
    return "\n".join(lines(status, NOW))


class Terminal:
    """A program on a terminal of some size: what stands on its screen, and all that was sent to it."""

    def __init__(self, *command: str, directory: Path, width: int, height: int, **environment: str) -> None:
        self._ours, theirs = pty.openpty()
        self._screen: pyte.HistoryScreen
        self.output = b""
        self._is_open = True
        self.resize(width, height)
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("NBA_", "DBT_")) and name not in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR")
        }
        self.process = subprocess.Popen(
            command,
            cwd=directory,
            env={**inherited, "TERM": "xterm-256color", **environment},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    def resize(self, width: int, height: int) -> None:
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self._screen = pyte.HistoryScreen(width, height)
        self._stream = pyte.ByteStream(self._screen)
        # Where a line that is too long, or one too many, has room enough to be seen.
        self._wide = pyte.Screen(4 * width, 4 * height)
        self._wide_stream = pyte.ByteStream(self._wide)

    @property
    def rows(self) -> list[str]:
        return [row.rstrip() for row in self._screen.display]

    @property
    def scrolled(self) -> int:
        return len(self._screen.history.top)

    def extent(self) -> tuple[int, int]:
        """The longest line that was sent, and how many."""
        rows = [row.rstrip() for row in self._wide.display]
        return max(map(len, rows)), max((number for number, row in enumerate(rows, 1) if row), default=0)

    def _read(self) -> None:
        if not select.select([self._ours], [], [], 0.1)[0]:
            return
        try:
            sent = os.read(self._ours, 65536)
        except OSError:
            # So Linux says that nobody has the other side any more.
            sent = b""
        self._is_open = bool(sent)
        if b"\x1b[?1049l" not in self.output:
            self._stream.feed(sent)
            self._wide_stream.feed(sent)
        self.output += sent

    def wait_for(self, text: str) -> None:
        self._wait(lambda: any(text in row for row in self.rows))

    def wait_for_frames(self, count: int) -> None:
        """Until the screen was painted so many times more."""
        painted = self.output.count(b"\x1b[H") + count
        self._wait(lambda: self.output.count(b"\x1b[H") >= painted)

    def wait_for_end(self) -> tuple[int, str]:
        """How the program ended, and what it left on the screen that was there before."""
        self._wait(lambda: not self._is_open)
        code = self.process.wait()
        os.close(self._ours)
        return code, click.unstyle(self.output.decode().partition("\x1b[?1049l")[2])

    def _wait(self, is_there: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 120
        while not is_there():
            assert self._is_open, f"it ended:\n{self.output.decode(errors='replace')}"
            assert time.monotonic() < deadline, "\n".join(self.rows)
            self._read()


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[Any]:
    """Opens terminals in a directory with a checkpoint; their programs end with the test."""
    opened: list[Terminal] = []

    def open_one(*command: str, **options: Any) -> Terminal:
        opened.append(Terminal(*command, **{"directory": tmp_path, "width": 80, "height": 24, **options}))
        return opened[-1]

    yield open_one
    for terminal in opened:
        if terminal.process.poll() is None:
            terminal.process.kill()
            terminal.process.wait()


@pytest.fixture
def workplace(project: Path) -> Iterator[Path]:
    """The project's checkpoint, for a run of the test's own."""
    path = project / CHECKPOINT
    yield path
    path.unlink(missing_ok=True)


def nba_backfill() -> str:
    return str(Path(sys.executable).parent / "nba-backfill")


@pytest.mark.parametrize(("width", "height"), [(80, 24), (160, 50)])
def test_a_live_screen_while_another_process_writes(
    workplace: Path, empty: Warehouse, terminals: Any, width: int, height: int
) -> None:
    failed = [{"game_date": f"2022-01-{day:02d}", "error": LONG_ERROR} for day in range(3, 10)]
    running = going_on(empty.database, failed=failed)
    write(workplace, running)
    # The writer: nobody else can open the file meanwhile.
    with duckdb.connect(str(empty.database)) as writer:
        writer.execute("create table at_work as select 1 as one")
        terminal = terminals(
            nba_backfill(), "status", "--watch",
            directory=empty.project, width=width, height=height, NBA_DUCKDB_PATH=str(empty.database),
        )  # fmt: skip
        terminal.wait_for("312 of 605")
        terminal.wait_for_frames(3)

        longest, count = terminal.extent()
        assert longest <= width
        assert count <= height
        assert terminal.scrolled == 0
        rows = terminal.rows
        assert rows[0] == "run 20260203_110000_1a2b  running  2021-10-01..2024-05-01"
        assert [row.split()[0] for row in rows[2:10]] == [
            "dates", "rate", "time", "retries", "failures", "2022-01-03..2022-01-09:", "unresolved", "log",
        ]  # fmt: skip
        assert rows[7].endswith("…")
        # Of the months as many as there is room for, those written last: all, or the first and the last.
        shown = [row[:7] for row in rows if row.startswith("202")]
        names = [month["month"] for month in months(30)]
        if height == 50:
            assert shown == names
            assert rows[43].split() == ["all", "900", "30,000", "11.4", "%"]
        else:
            assert shown == ["2021-10", *names[-8:]]
            assert rows[22] == "… and 21 other months: 21,000 rows, 11.1 % without minutes"
            assert rows[23].split() == ["all", "900", "30,000", "11.4", "%"]

        write(workplace, {**running, "successful": 319})
        terminal.wait_for("319 of 605")
        assert writer.execute("select one from at_work").fetchall() == [(1,)]
        write(workplace, {**running, "successful": 598, "status": "finished", "verdict": "blocked", "report": "r.html"})
        code, left = terminal.wait_for_end()

    assert code == 0
    # One screen of its own, entered and left, and painted over, never cleared.
    assert terminal.output.count(b"\x1b[?1049h") == terminal.output.count(b"\x1b[?1049l") == 1
    assert not any(clear in terminal.output for clear in (b"\x1b[2J", b"\x1b[J", b"\x1b[0J", b"\x1b[3J"))
    assert "598 of 605" in left
    assert "verdict     blocked" in left
    assert len(left.splitlines()) < height


def test_a_pipe_gets_all_of_it_once(workplace: Path, empty: Warehouse) -> None:
    failed = [{"game_date": "2022-01-05", "error": LONG_ERROR}, {"game_date": "2022-01-06", "error": "another"}]
    write(workplace, going_on(empty.database, failed=failed * 3))

    # Where colour is forced, rich takes a pipe for a terminal. Without an end of its own it would never end.
    piped = subprocess.run(
        [nba_backfill(), "status", "--watch"],
        cwd=empty.project,
        env={**os.environ, **empty.environment(), "FORCE_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout

    assert piped.count("312 of 605") == 1
    assert "x" * 200 in piped
    assert "…" not in piped
    assert "\x1b" not in piped
    assert [line[:7] for line in piped.splitlines() if line.startswith("202")] == [
        month["month"] for month in months(30)
    ]
    assert not empty.database.exists()


def test_a_run_that_is_killed_is_seen_to_be_dead_and_the_warehouse_asked(demo: Warehouse, terminals: Any) -> None:
    workplace = demo.project / CHECKPOINT
    run = subprocess.Popen(
        [nba_backfill(), "run", "--start-date", "2021-10-19", "--end-date", "2022-06-30", "--batch-days", "1"],
        cwd=demo.project,
        env={**os.environ, **demo.environment()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not (workplace.is_file() and json.loads(workplace.read_text(encoding="utf-8"))["windows_done"]):
            assert run.poll() is None, "the run ended"
            time.sleep(0.2)
        terminal = terminals(
            nba_backfill(), "status", "--watch", directory=demo.project, NBA_DUCKDB_PATH=str(demo.database)
        )
        terminal.wait_for("running")
        terminal.wait_for("2021-10")
        assert run.poll() is None
    finally:
        run.kill()
        run.wait()
    code, left = terminal.wait_for_end()
    assert code == 0
    last = json.loads(workplace.read_text(encoding="utf-8"))
    died = f"run {last['run_id']} died without a word at"
    assert died in left

    terminal = terminals(
        nba_backfill(), "status", "--watch",
        directory=demo.project, width=160, height=50, NBA_DUCKDB_PATH=str(demo.database),
    )  # fmt: skip
    terminal.wait_for("no run is at work here; waiting for one")
    # A run may begin: the file is free.
    ((dates, rows, players),) = demo.query(
        "select count(distinct game_date), count(*), "
        "count(distinct case when universal_player_id is null then player_lookup end) from player_game_summary"
    )
    # The kill may have come between a date's rows and its line in the ledger.
    ((done,),) = demo.query("select count(*) from backfill_ledger")
    demo.execute("create table written as select 1 as one")
    terminal.process.send_signal(signal.SIGINT)
    code, left = terminal.wait_for_end()
    assert code == 0
    assert died in left
    assert "the same command goes on" in left
    assert f"run {last['run_id']}  died  2021-10-19..2022-06-30" in left
    assert f"dates       {done} of " in left
    assert f"unresolved  {players or 'none'}" in left
    assert left.splitlines()[-1].split()[:3] == ["all", str(dates), f"{rows:,}"]


def test_nothing_at_work_is_waited_out_and_ctrl_c_ends_it(tmp_path: Path, terminals: Any) -> None:
    path, database = tmp_path / "checkpoint.json", str(tmp_path / "nba.duckdb")
    write(path, content(database, status="finished"))
    terminal = terminals(sys.executable, "-c", FOLLOW, str(path), database)
    terminal.wait_for("no run is at work here; waiting for one")
    path.write_text("{", encoding="utf-8")
    terminal.wait_for_frames(2)
    write(path, going_on(database, successful=7))
    terminal.wait_for("7 of 605")
    assert not any("waiting" in row for row in terminal.rows)

    terminal.process.send_signal(signal.SIGINT)

    code, left = terminal.wait_for_end()
    assert code == 0
    assert "7 of 605" in left
    assert "\x1b[?25h" in terminal.output.decode().rpartition("\x1b[?25l")[2]


def test_another_size_is_another_screen_and_sigterm_gives_the_old_one_back(tmp_path: Path, terminals: Any) -> None:
    path, database = tmp_path / "checkpoint.json", str(tmp_path / "nba.duckdb")
    write(path, going_on(database))
    terminal = terminals(sys.executable, "-c", FOLLOW, str(path), database, width=160, height=50)
    terminal.wait_for("all  ")
    terminal.resize(80, 24)
    terminal.wait_for("… and 20 other months")
    # Whatever was under way in the old size is painted over.
    terminal.wait_for_frames(2)
    assert terminal.rows[0].startswith("run ")
    assert terminal.rows[23].startswith("all ")
    assert sum(row.startswith("read from") for row in terminal.rows) == 1
    terminal.process.terminate()
    code, left = terminal.wait_for_end()
    assert code == 0
    assert "312 of 605" in left


def test_a_run_without_its_checkpoint_may_still_die(tmp_path: Path, terminals: Any) -> None:
    path, database = tmp_path / "checkpoint.json", str(tmp_path / "nba.duckdb")
    with subprocess.Popen(["sleep", "600"]) as run:
        write(path, going_on(database, process_id=run.pid))
        terminal = terminals(sys.executable, "-c", FOLLOW, str(path), database)
        terminal.wait_for("312 of 605")
        path.unlink()
        run.kill()
        run.wait()
    code, left = terminal.wait_for_end()
    assert code == 0
    assert "died without a word at" in left


@pytest.mark.parametrize("status", [
    at_work(),
    at_work(months=[]),
    at_work(dates=0, successful=0),
    at_work(
        failed=[{"game_date": f"2022-01-{day:02d}", "error": f"{day} 中文 {LONG_ERROR}"} for day in range(1, 30)],
        passing_errors={"count": 12_345, "last": LONG_ERROR},
        days_per_hour=0.0,
        batch_days=1,
        log="/" + "long/" * 50,
    ),
    Status("no runs yet", "/data/nba.duckdb", NOW),
])  # fmt: skip
def test_every_size_has_room_for_what_is_shown(status: Status) -> None:
    for width, height in ((1, 1), (20, 5), (40, 10), (79, 23), (80, 24), (81, 25), (160, 50), (300, 100)):
        console = Console(width=width, height=height, file=StringIO(), force_terminal=True, color_system=None)
        for is_waiting in (False, True):
            shown = screen(status, NOW, width, height, is_waiting=is_waiting)
            assert len(shown) <= height
            for line in shown:
                rendered = console.render_lines(line, pad=False)
                assert len(rendered) == 1
                assert sum(segment.cell_length for segment in rendered[0]) <= width


def test_time_left_and_rate_follow_from_what_was_written_down() -> None:
    status = at_work(successful=120, dates=720, days_per_hour=200.0)
    # 120 dates in the hour since it started, whatever the rate was when the last window ended.
    assert status.rate(NOW) == 120
    assert status.time_left(NOW) == timedelta(hours=5)
    text = said(status)
    assert "rate        120.0 days per hour" in text
    assert "1 h 0 min so far, 5 h 0 min left, done about 2026-02-03 17:00 UTC" in text
    assert "read from   the checkpoint, 1 min 0 s old; left alone: /data/nba.duckdb" in text
    first = said(at_work(successful=0, windows_done=0, days_per_hour=0.0, last_completed_date=None))
    assert "dates       0 of 605 done, 0.0 %\n" in first
    assert "time left not known" in first
    tests = said(at_work(successful=600, dates=605, days_per_hour=900.0, failed=failures(5)))
    assert "every date was tried, tests go on" in tests
    assert "rate        900.0 days per hour" in tests
    ended = said(at_work(status="failed"))
    assert ended.startswith("run 20260203_110000_1a2b  failed  2021-10-01..2024-05-01\n")
    assert "took 59 min, ended 2026-02-03 11:59 UTC" in ended


def failures(count: int, error: str = "it broke") -> list[dict[str, str]]:
    return [{"game_date": str(date(2022, 1, 1) + timedelta(days=day)), "error": error} for day in range(count)]


def test_failures_that_belong_together_stand_together() -> None:
    failed = [*failures(7), {"game_date": "2022-03-01", "error": "other"}, {"game_date": "2022-03-02", "error": "it"}]
    text = said(at_work(failed=failed))
    assert "failures    9 dates\n            2022-01-01..2022-01-07: it broke\n            2022-03-01: other\n" in text
    scattered = [{"game_date": f"2022-01-{day:02d}", "error": f"error {day}"} for day in range(1, 11)]
    shown = [str(line) for line in screen(at_work(failed=scattered), NOW, 80, 50)]
    assert "            2022-01-03: error 3" in shown
    assert "            … and 7 dates more" in shown
    assert "error 4" not in "".join(shown)
    assert "error 10" in said(at_work(failed=scattered))
    # Nothing in an error moves the cursor or ends a line.
    text = said(at_work(failed=failures(1, LONG_ERROR)))
    assert ": unique_player_game_summary found, for example: game_date 2022-01-05, player [31mred[0m xxx" in text


def test_a_month_without_rows_has_no_share() -> None:
    nothing = {"month": "2021-10", "dates": 1, "rows": 0, "null_minutes": 0, "null_pct": None, "updated_at": None}
    text = said(at_work(months=[nothing]))
    assert text.splitlines()[-2:] == [
        "2021-10         1           0         none",
        "all             1           0         none",
    ]
    assert said(at_work(months=[])).endswith("the summary has no rows")


SLOW = {"successful": 2, "windows_done": 2, "days_per_hour": 2.0}


def quiet(monkeypatch: pytest.MonkeyPatch, load: float = 0.0) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


@pytest.mark.parametrize(("changes", "load", "reason"), [
    ({"passing_errors": {"count": 4, "last": "503 try later"}}, 0.0, "4 retries so far, last: 503 try later"),
    ({"passing_errors": {"count": 1, "last": "503"}}, 0.0, "1 retry so far, last: 503"),
    (
        {"updated_at": str(NOW - timedelta(minutes=14))},
        0.0,
        "nothing written for 14 min, a window takes long or waits: see the log",
    ),
    ({}, 7.9, "load 7.9 on 2 cores: other work keeps this machine busy"),
    ({"batch_days": 1}, 0.0, "windows of 1 day: a season each, without --batch-days, is cheaper"),
    ({}, 0.0, "the warehouse is slow: look at the disk and memory of this machine"),
    (
        {"warehouse": "nba-analytics.nba_analytics", "batch_days": "season"},
        0.0,
        "the warehouse is slow: look at BigQuery's job queue and slots",
    ),
])  # fmt: skip
def test_a_slow_run_says_why_it_might_be(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], load: float, reason: str
) -> None:
    quiet(monkeypatch, load)
    status = at_work(**SLOW | changes)
    assert why_slow(status, NOW) == [reason]
    assert f"slow        less than 3 days per hour, and why that might be:\n            - {reason}\n" in said(status)


def test_all_reasons_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet(monkeypatch, 3.0)
    errors = {"count": 1, "last": "503"}
    silent = str(NOW - timedelta(minutes=11))
    assert len(why_slow(at_work(**SLOW, passing_errors=errors, updated_at=silent, batch_days=6), NOW)) == 4


@pytest.mark.parametrize("changes", [
    {"days_per_hour": 3.0, "successful": 3},
    {"status": "finished"},
    # The first window is still under way.
    {"successful": 0, "windows_done": 0, "started_at": str(NOW - timedelta(minutes=29))},
    # Only tests are left.
    {"dates": 2},
])  # fmt: skip
def test_what_is_not_slow(monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]) -> None:
    quiet(monkeypatch, 9.9)
    assert why_slow(at_work(**SLOW | changes), NOW) == []


def test_half_an_hour_without_a_window_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet(monkeypatch)
    started = str(NOW - timedelta(minutes=30))
    assert why_slow(at_work(successful=0, windows_done=0, days_per_hour=0.0, started_at=started), NOW)


@pytest.mark.parametrize("text", [
    "", "{", "[]", "null", '"running"', "{}", "\udcff", "[" * 20, json.dumps(content("here"))[:-20],
    json.dumps({**content("here"), "months": [1]}), json.dumps({**content("here"), "started_at": "yesterday"}),
    json.dumps({**content("here"), "process_id": float("inf")}), json.dumps({**content("here"), "failed": None}),
], ids=range(13))  # fmt: skip
def test_a_broken_checkpoint_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "checkpoint.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    assert read_checkpoint(path, "here") is None


def test_whose_checkpoint_it_is(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.json"
    assert read_checkpoint(path, "/data/nba.duckdb") is None
    write(path, content("/data/nba.duckdb"))
    found = read_checkpoint(path, "/data/nba.duckdb")
    assert found is not None
    assert found.is_at_work
    assert read_checkpoint(path, "/data/other.duckdb") is None
    # The target is BigQuery: a file is another warehouse, a dataset may be this one.
    assert read_checkpoint(path, None) is None
    write(path, content("nba-analytics.nba_analytics"))
    assert read_checkpoint(path, None) is not None
    assert read_checkpoint(path, "/data/nba.duckdb") is None
    write(path, content("/data/nba.duckdb", host="another-machine"))
    assert read_checkpoint(path, "/data/nba.duckdb") is None


@pytest.mark.parametrize("process", [ended_process(), 0, -1, 10**30], ids=["ended", "zero", "negative", "huge"])
def test_a_run_without_a_process_has_died(tmp_path: Path, process: int) -> None:
    path = tmp_path / "checkpoint.json"
    write(path, content("here", process_id=process))
    found = read_checkpoint(path, "here")
    assert found is not None
    assert found.state == "died"
    assert "run 20260203_110000_1a2b died without a word at 2026-02-03 11:59 UTC; the same command goes on" in said(
        found
    )
    write(path, content("here", process_id=process, status="stopped"))
    found = read_checkpoint(path, "here")
    assert found is not None
    assert found.state == "stopped"


def test_a_run_that_ends_between_two_looks_has_not_died(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "checkpoint.json"
    write(path, content("here"))

    def end(_: int | None) -> bool:
        write(path, content("here", status="finished"))
        return False

    monkeypatch.setattr(module, "is_alive", end)
    found = read_checkpoint(path, "here")
    assert found is not None
    assert found.state == "done"


class Answers:
    """An engine whose warehouse holds these rows."""

    is_bigquery = True
    warehouse = "nba-analytics.nba_analytics"

    def __init__(self, error: str | None = None, **rows: list[dict[str, Any]]) -> None:
        self._error, self._rows = error, rows

    def rows(self, query: str, *_: object, **__: object) -> list[dict[str, Any]]:
        if self._error:
            raise BackfillError(self._error)
        return self._rows.get(query, [])


def answers(state: str = "running", **changes: Any) -> Answers:
    """A run that wrote three dates in the hour before last, and then ended or goes on."""
    started = datetime.now(timezone.utc) - timedelta(hours=2)
    run = {
        "run_id": "20260203_100000_1", "status": state, "started_at": started.replace(tzinfo=None),
        "ended_at": None if state == "running" else started + timedelta(hours=1),
        "start_date": date(2022, 1, 1), "end_date": date(2022, 1, 31), "host_name": "another-machine",
        "process_id": Decimal(os.getpid()), "windows_done": None, **changes,
    }  # fmt: skip
    earlier = {**run, "run_id": "20260101_100000_1", "started_at": started - timedelta(days=30)}
    day = {"failed_reason": None}
    done = {"outcome": "done", "details": None}
    return Answers(
        backfill_runs=[run, earlier],
        null_rates_by_month=[
            {"month_start": date(2022, 1, 1), "date_count": 3, "row_count": 600, "null_minutes": 150,
             "null_pct": 25, "processed_at": started + timedelta(minutes=30)},
        ],
        unresolved_dates=[
            {"game_date": date(2022, 1, 1), "player_lookup": "somenickname"},
            {"game_date": date(2022, 1, 2), "player_lookup": "somenickname"},
        ],
        backfill_plan=[
            {**day, "game_date": date(2022, 1, 1), "status": "complete"},
            {**day, "game_date": date(2022, 1, 2), "status": "complete"},
            {**day, "game_date": date(2022, 1, 3), "status": "no games"},
            {**day, "game_date": date(2022, 1, 4), "status": "stale"},
            {"game_date": date(2022, 1, 5), "status": "failed", "failed_reason": "it broke"},
        ],
        run_windows=[
            {**done, "date_count": 2, "happened_at": started + timedelta(minutes=20)},
            {**done, "date_count": 1, "happened_at": started + timedelta(minutes=40)},
            {"outcome": "retried", "date_count": None, "happened_at": started + timedelta(minutes=50),
             "details": "503 try later"},
        ],
    )  # fmt: skip


def test_the_checkpoint_foresees_an_end_only_while_a_run_is_at_work() -> None:
    """From the dates that it has done, and those that it has tried, with the ones that failed or were held back."""
    begun = datetime.now(timezone.utc) - timedelta(hours=1)
    window = Window(date(2022, 1, 1), date(2022, 1, 31))
    run = Checkpoint(
        Path("c.json"), "r", "w", window, 7, "h", 1, "l", dates=40, skipped=0, started_at=begun, successful=20
    )
    run.held_back = {date(2022, 1, 5): "why"}
    run.failed = {date(2022, 1, 6): "why"}
    assert run.progress_pct == 55.0
    assert run.eta
    # 18 are left, at 20 an hour.
    assert (run.eta - begun).total_seconds() == pytest.approx((1 + 18 / 20) * 3600, rel=0.05)
    run.status = "stopped"
    assert run.eta is None
    waiting = replace(run, status="running", successful=0)
    assert waiting.eta is None


def test_the_checkpoint_holds_what_the_last_batch_has_left_of_its_dates() -> None:
    """A date that has lost its games is in no month any more."""
    window = Window(date(2022, 1, 1), date(2022, 1, 31))
    run = Checkpoint(Path("c.json"), "r", "w", window, 7, "h", 1, "l", dates=2, skipped=0)
    before, after = (DayFigures(date(2022, 1, day), rows, 1, 0, frozenset(), NOW) for day, rows in ((5, 20), (6, 30)))
    run.days = {before.game_date: before, date(2022, 1, 9): replace(before, game_date=date(2022, 1, 9))}
    run.hold(Batch(tuple(Day(date(2022, 1, day), 2021, "stale", 1, 30, None) for day in (5, 6))), [after])
    assert sorted(run.days) == [date(2022, 1, 6), date(2022, 1, 9)]
    (month,) = run.to_json()["months"]
    assert (month["dates"], month["rows"]) == (2, 50)


def of_warehouse(engine: Any, checkpoint: Status | None = None) -> Status:
    return Status.of_warehouse(engine, checkpoint)


def test_a_run_on_another_machine_as_the_warehouse_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet(monkeypatch, 9.9)
    status = of_warehouse(answers())
    assert status.state == "running"
    assert not status.is_at_work
    assert status.days_per_hour == pytest.approx(1.5, abs=0.01)
    # What is seen of it is as old as the look.
    text = "\n".join(lines(status, datetime.now(timezone.utc) + timedelta(days=3)))
    assert text.startswith("run 20260203_100000_1  running  2022-01-01..2022-01-31\n")
    assert "dates       2 of 4 done, 50.0 % (1 stale), 2 windows\n" in text
    assert re.search(r"(2 h 0|1 h 59) min so far, (40|39) min left, done about ", text)
    assert "- 1 retry so far, last: 503 try later\nretries" in text.replace("            -", "-")
    assert "load" not in text
    assert "failures    1 date\n            2022-01-05: it broke\n" in text
    assert "unresolved  1 player:" in text
    assert "2022-01         3         600       25.0 %" in text


def test_a_run_that_has_ended_as_the_warehouse_sees_it() -> None:
    status = of_warehouse(answers("done", windows_done=3))
    text = said(status)
    assert text.startswith("run 20260203_100000_1  done  ")
    assert "rate        3.0 days per hour" in text
    assert "took 1 h 0 min, ended" in text
    assert "3 windows" in text
    assert "slow" not in text


def test_a_dead_run_of_this_machine_still_has_its_lock() -> None:
    here = {"host_name": socket.gethostname(), "process_id": ended_process()}
    status = of_warehouse(answers(**here))
    assert status.state == "died"
    assert status.note is not None
    assert status.note.startswith("run 20260203_100000_1 died without a word after ")
    assert of_warehouse(answers(**{**here, "process_id": os.getpid()})).state == "running"


def test_which_dead_run_is_spoken_of(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.json"

    def dead(**changes: Any) -> Status:
        write(path, content("here", process_id=ended_process(), **changes))
        found = read_checkpoint(path, "here")
        assert found is not None
        return found

    now = datetime.now(timezone.utc)
    same = dead(run_id="20260203_100000_1", updated_at=str(now - timedelta(hours=1)))
    told = of_warehouse(answers("stopped", ended_at=None), same)
    assert (told.state, told.note, told.ended_at) == ("died", same.note, same.updated_at)
    # It got so far as to say how it ended.
    assert (of_warehouse(answers("failed"), same).state, of_warehouse(answers("failed"), same).note) == ("failed", None)
    # Another has run since.
    assert of_warehouse(answers("done"), dead(updated_at=str(now - timedelta(days=1)))).note is None
    # It died before the warehouse heard of it.
    assert "died without a word" in str(of_warehouse(answers("done"), dead(updated_at=str(now))).note)
    assert "died without a word" in said(of_warehouse(Answers(), dead()))


def test_a_warehouse_without_runs() -> None:
    months_alone = Answers(null_rates_by_month=answers().rows("null_rates_by_month"))
    text = said(of_warehouse(months_alone))
    assert text.startswith("no runs yet\n")
    assert "2022-01         3         600       25.0 %" in text


def test_a_file_that_another_process_has() -> None:
    held = Answers(
        'IO Error: Could not set lock on file "nba.duckdb": Conflicting lock is held in python (PID 4711). See'
    )
    text = said(of_warehouse(held))
    assert text.startswith("the file is in use\n")
    assert "process 4711 has the DuckDB file" in text
    # The run has written its last and isn't gone yet.
    last = at_work(status="finished", process_id=4711)
    assert of_warehouse(held, last) == last
    with pytest.raises(BackfillError, match="something else"):
        of_warehouse(Answers("something else"))

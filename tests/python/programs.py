"""Runs `dbt` and `nba-backfill`, each in a process of its own that is forked off one that has loaded them.

To import dbt, to make its parsers and to parse the project takes longer than most commands take, and the tests run
hundreds of them. So there is one process that has loaded the programs, and forked off it one for each project that has
parsed that. What is about parsing, or begins and ends as a process of its own, with signals or on a terminal, is
started as such by its test.
"""

import atexit
import fcntl
import gc
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache, partial
from importlib import import_module
from importlib.metadata import distribution
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAMS = {"dbt": "dbt-core", "nba-backfill": "nba-backfill", "demo-league": "nba-backfill"}
# No program: a model's, an analysis's or a test's name and a window, whose rows an engine prints as JSON.
ROWS = "rows"
LOADED = (
    "babel.dates",
    "daff",
    "dbt.adapters.duckdb.environments.local",
    "dbt.task.build",
    "dbt.task.run_operation",
    "dbt.task.show",
    "dbt_common.clients.agate_helper",
    "demo_league.__main__",
    "matplotlib.backends.backend_svg",
    "nba_backfill.commands.main",
    "nba_backfill.display.charts",
    "nba_backfill.display.report",
    "nba_backfill.loading.database",
    "nba_backfill.warehouse.engine",
)
PARSED = "partial_parse.msgpack"
# A parsed project takes memory, and most that differ from the first are asked for by one test.
MOST_PARSED = 3


@dataclass(frozen=True)
class Call:
    """A program's call.

    Where it is given a parsed project: the folder of that, which is filled when it is empty, and the directory in which
    the project's files are, which may be others than the links in the call's directory.
    """

    program: str
    arguments: tuple[str, ...]
    directory: str
    environment: Mapping[str, str]
    parsed_in: str | None = None
    files_in: str | None = None


def run(call: Call) -> tuple[int, str]:
    """The exit code of the program's console script, and all that it printed."""
    server = _server()
    assert server.stdin
    assert server.stdout
    with tempfile.NamedTemporaryFile(prefix="output-") as output:
        server.stdin.write(json.dumps((asdict(call), output.name)) + "\n")
        server.stdin.flush()
        code = int(server.stdout.readline())
        return code, output.read().decode()


@cache
def _server() -> "subprocess.Popen[str]":
    server = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    # It ends with its standard input, and with this process if that is killed.
    atexit.register(server.communicate)
    return server


def import_all() -> None:
    """Import what the programs import, some of it only when they come to it."""
    for module in LOADED:
        import_module(module)


def load() -> None:
    """Import what the programs import, and have dbt parse once, for the parsers that it makes of its own classes."""
    from dbt.cli.main import dbtRunner

    import_all()
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "dbt_project.yml").write_text("{name: empty, profile: nba}", encoding="utf-8")
        shutil.copy(REPOSITORY / "profiles.example.yml", Path(directory, "profiles.yml"))
        places = [f"--{place}={directory}" for place in ("project-dir", "profiles-dir", "target-path", "log-path")]
        for _ in ("write", "read"):
            parsed = dbtRunner().invoke(["--no-version-check", "--log-level=none", "--no-print", "parse", *places])
            assert parsed.success, parsed.exception
    warm_up(parsed.result)
    # What is here to stay needs no look from any fork.
    gc.freeze()


def warm_up(manifest: Any) -> None:
    """Make what dbt makes when it is first asked for, and each fork would make again: macros, formats, serialisers."""
    from agate.data_types import Number
    from dbt_common.clients.jinja import template_cache

    Number()
    for macro in manifest.macros.values():
        template_cache.get_node_template(macro)
    for nodes in (manifest.nodes, manifest.sources, manifest.unit_tests):
        for node in nodes.values():
            node.to_dict(omit_none=True)


def _parse(folder: Path, call: Mapping[str, Any]) -> Any:
    """The project of the current directory. None where it can't be parsed, which the program itself shall say."""
    from nba_backfill.errors import ProjectError
    from nba_backfill.warehouse.project import Parsed

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        # The first of several workers parses, and the others read what it has written.
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = Path(call["directory"], "target", PARSED)
        if before.exists() and not (folder / PARSED).exists():
            # What has changed since is parsed anew.
            shutil.copy(before, folder)
        try:
            return Parsed.by_dbt(f"--target-path={folder}", f"--log-path={folder}")
        except ProjectError:
            return None


def _serve(connection: Connection, folder: Path, call: dict[str, Any]) -> None:
    """Fork each call off a process that has parsed the project."""
    os.environ.clear()
    os.environ.update(call["environment"])
    # A seed is read from where it was parsed.
    os.chdir(call["files_in"])
    parsed = _parse(folder, call)
    if parsed:
        warm_up(parsed.manifest)
    gc.collect()
    gc.freeze()
    while True:
        call, output = connection.recv()
        connection.send(_fork(call, parsed, output))


def _fork(call: Mapping[str, Any], parsed: Any, output: str) -> int:
    process = os.fork()
    if not process:
        _become(call, parsed, output)
    _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status)


def _become(call: Mapping[str, Any], parsed: Any, output: str) -> None:
    """Go on as the program's console script would, to the end of this process."""
    # It ends soon, with all that it holds.
    gc.set_threshold(100_000, 50, 100)
    program, arguments = call["program"], call["arguments"]
    printed = os.open(output, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(printed, stream.fileno())
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdin = open(0, closefd=False, encoding="utf-8")  # noqa: SIM115
    os.environ.clear()
    os.environ.update(call["environment"])
    time.tzset()
    os.chdir(call["directory"])
    sys.argv = [str(Path(sys.executable).parent / program), *arguments]
    code: object = 1
    try:
        if program == ROWS:
            _print_rows(parsed, *arguments)
            code = 0
        else:
            (script,) = distribution(PROGRAMS[program]).entry_points.select(group="console_scripts", name=program)
            code = script.load()(**({"obj": _given(program, parsed)} if parsed else {}))
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001 - as Python itself would print it
        traceback.print_exc()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    # Not by Python's own end, which waits for threads that DuckDB had before the fork.
    os._exit(code if isinstance(code, int) else 1 if code else 0)


def _print_rows(parsed: Any, query: str, start: str, end: str) -> None:
    from nba_backfill.warehouse.engine import Engine
    from nba_backfill.windows import Window

    engine = Engine(Path.cwd(), None, parsed=parsed)
    rows = engine.rows(query, Window(date.fromisoformat(start), date.fromisoformat(end)))
    print(json.dumps(rows, default=str))


def _given(program: str, parsed: Any) -> object:
    """What the program takes from its caller: dbt a manifest, nba-backfill what makes its engine."""
    if program == "dbt":
        return {"manifest": parsed.manifest, "callbacks": []}
    return partial(_engine, parsed)


def _engine(
    parsed: Any, project: Path, target: str | None, run_id: str | None, *, variables: Mapping[str, Any], **how: Any
) -> object:
    from nba_backfill.warehouse.engine import Engine

    # It was parsed for the profile's own target, and without vars.
    parsed = None if target or variables else parsed
    return Engine(project, target, run_id, variables=variables, parsed=parsed, **how)


@dataclass(frozen=True)
class _Parser:
    """A process that has parsed a project."""

    connection: Connection
    process: int

    def run(self, call: dict[str, Any], output: str) -> int:
        self.connection.send((call, output))
        code: int = self.connection.recv()
        return code

    def end(self) -> None:
        self.connection.close()
        os.waitpid(self.process, 0)


def main() -> None:
    load()
    parsers: OrderedDict[str, _Parser] = OrderedDict()
    for line in sys.stdin:
        call, output = json.loads(line)
        folder = call["parsed_in"]
        if folder:
            if folder not in parsers:
                if len(parsers) == MOST_PARSED:
                    parsers.popitem(last=False)[1].end()
                parsers[folder] = _start_parser(Path(folder), call, parsers.values())
            parsers.move_to_end(folder)
        print(parsers[folder].run(call, output) if folder else _fork(call, None, output), flush=True)
    for parser in parsers.values():
        parser.end()


def _start_parser(folder: Path, call: dict[str, Any], others: Iterable[_Parser]) -> _Parser:
    ours, theirs = multiprocessing.Pipe()
    process = os.fork()
    if process:
        theirs.close()
        return _Parser(ours, process)
    # Or it would not be seen when they end.
    for connection in (ours, *(other.connection for other in others)):
        connection.close()
    try:
        _serve(theirs, folder, call)
    except EOFError:
        os._exit(0)
    except BaseException:  # noqa: BLE001 - the other side sees that nobody answers
        traceback.print_exc()
    os._exit(1)


if __name__ == "__main__":
    main()

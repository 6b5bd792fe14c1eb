"""Runs `dbt` and `nba-backfill`, each in a process of its own that is forked off one that has loaded them.

To import dbt and to make its parsers takes longer than most commands take, and the tests run hundreds of them. What
begins and ends as a process of its own, with signals or on a terminal, is started as such by its test.
"""

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import distribution
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAMS = {"dbt": "dbt-core", "nba-backfill": "nba-backfill"}


def run(program: str, arguments: tuple[str, ...], directory: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """The exit code of a program's console script, and all that it printed."""
    server = _server()
    assert server.stdin
    assert server.stdout
    with tempfile.NamedTemporaryFile(prefix="output-") as output:
        request = (program, arguments, str(directory), dict(environment), output.name)
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        code = int(server.stdout.readline())
        return code, output.read().decode()


@cache
def _server() -> "subprocess.Popen[str]":
    # It ends when this process does, and its standard input with it.
    return subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _load() -> None:
    """Import what the programs import, and have dbt parse once, for the parsers that it makes of its own classes."""
    from dbt.cli.main import dbtRunner

    for module in ("nba_backfill.cli", "nba_backfill.charts", "nba_backfill.report"):
        import_module(module)
    with tempfile.TemporaryDirectory() as directory:
        # A project without models: the parser of those has threads, which no fork inherits.
        Path(directory, "dbt_project.yml").write_text("{name: empty, profile: nba}", encoding="utf-8")
        shutil.copy(REPOSITORY / "profiles.example.yml", Path(directory, "profiles.yml"))
        places = [f"--{place}={directory}" for place in ("project-dir", "profiles-dir", "target-path", "log-path")]
        for _ in ("write", "read"):
            parsed = dbtRunner().invoke(["--no-version-check", "--log-level=none", "--no-print", "parse", *places])
            assert parsed.success, parsed.exception


def _become(program: str, arguments: list[str], directory: str, environment: dict[str, str], output: str) -> None:
    """Go on as the program's console script would, to the end of this process."""
    printed = os.open(output, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(printed, stream.fileno())
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdin = open(0, closefd=False, encoding="utf-8")  # noqa: SIM115
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(directory)
    sys.argv = [str(Path(sys.executable).parent / program), *arguments]
    (script,) = distribution(PROGRAMS[program]).entry_points.select(group="console_scripts", name=program)
    code: object = 1
    try:
        code = script.load()()
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001 - as Python itself would print it
        traceback.print_exc()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    # Not by Python's own end, which waits for threads that DuckDB had before the fork.
    os._exit(code if isinstance(code, int) else 1 if code else 0)


def main() -> None:
    _load()
    for line in sys.stdin:
        process = os.fork()
        if not process:
            _become(*json.loads(line))
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()

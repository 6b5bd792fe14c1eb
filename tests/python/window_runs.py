"""What nba-backfill does with a window, in a process each that may be killed, with one parse for all of them."""

import gc
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from unittest.mock import patch

import programs
from nba_backfill.errors import BackfillError
from nba_backfill.warehouse.engine import Engine
from nba_backfill.warehouse.told import Built
from nba_backfill.windows import Window

LONGEST_WAIT = 0.05
# Of one that hangs: all unit tests take minutes, on a busy machine many.
LONGEST_RUN = 3_600
RUN_ID = "a-test-run"
# A killed run leaves semaphores of dbt's. Python clears them up, and says so in the midst of the tests' report.
UNWARNED = {"PYTHONWARNINGS": "ignore:resource_tracker"}

# Part of what nba-backfill does with an engine. It crosses to another process, so it is a function of a module.
Step = Callable[[Engine, Window], object]


def prepare(engine: Engine, _window: Window) -> None:
    engine.check_sources()
    engine.prepare()


def build(engine: Engine, window: Window) -> Built:
    engine.connect()
    engine.read_sources(window)
    return engine.build_window(window)


def models_of_unit_tests(engine: Engine, _window: Window) -> dict[str, str]:
    """The model that each unit test is about, by the test's name with the model's version, as results have it."""
    manifest: Any = engine._parsed.manifest
    return {test.unique_id.rpartition(".")[2]: test.model for test in manifest.unit_tests.values()}


@dataclass(frozen=True)
class Dbt:
    """A command of dbt, as a step."""

    arguments: tuple[str, ...]

    def __call__(self, engine: Engine, window: Window) -> dict[str, str]:
        """The status of each node, by its name."""
        return {str(result.node.name): str(result.status) for result in engine._run(*self.arguments, window=window)}


@dataclass(frozen=True)
class Shown:
    """What several queries return, as a step."""

    queries: tuple[str, ...]

    def __call__(self, engine: Engine, window: Window) -> dict[str, list[dict[str, Any]]]:
        return engine.rows_of(self.queries, window)


@dataclass(frozen=True)
class Ended:
    """How a run ended: its error, None where it ended well, and what its last step returned."""

    error: str | None = None
    is_for_the_user: bool = True
    returned: Any = field(default=None, compare=False)


class Runs:
    """Runs of one project, each forked off a process that has parsed it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._pid = 0

    def run(self, window: Window, steps: Sequence[Step]) -> Ended | None:
        """Fork a run off, and wait for its end. None where it was killed."""
        self._connection.send((window, steps))
        self._pid = self._receive()
        self._connection.send("go")
        ended: Ended | None = self._receive()
        if ended:
            assert self._receive() is None
        return ended

    def kill(self) -> None:
        """Kill the run that goes on."""
        os.kill(self._pid, signal.SIGKILL)

    def _receive(self) -> Any:
        if not self._connection.poll(LONGEST_RUN):
            self.kill()
            raise TimeoutError("the run hangs")
        return self._connection.recv()


@contextmanager
def runs_of(project: Path, environment: Mapping[str, str]) -> Iterator[Runs]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, project, environment))
    with patch.dict(os.environ, UNWARNED):
        process.start()
    theirs.close()
    try:
        yield Runs(ours)
    finally:
        ours.send(None)
        process.join()


def _serve(connection: Connection, project: Path, environment: Mapping[str, str]) -> None:
    os.environ.update(environment)
    os.chdir(project)
    engine = Engine(project, None, run_id=RUN_ID)
    # Dates lose their games in these tests, and it is meant.
    engine._variables["accept_lost_games"] = True
    programs.import_all()
    programs.warm_up(engine._parsed.manifest)
    gc.collect()
    gc.freeze()
    while task := connection.recv():
        window, steps = task
        pid = os.fork()
        if pid == 0:
            connection.send(os.getpid())
            connection.recv()
            connection.send(_run(engine, window, steps))
            os._exit(0)
        os.waitpid(pid, 0)
        connection.send(None)


def _run(engine: Engine, window: Window, steps: Sequence[Step]) -> Ended:
    # dbt, Google's client and the engine wait before they try again, each by this function.
    really_sleep = time.sleep
    time.sleep = lambda seconds: really_sleep(min(float(seconds), LONGEST_WAIT))
    returned: object = None
    try:
        for step in steps:
            returned = step(engine, window)
    except BackfillError as error:
        return Ended(str(error))
    except Exception as error:  # noqa: BLE001 - whatever it is, the test shall see it
        return Ended(repr(error), is_for_the_user=False)
    return Ended(returned=returned)

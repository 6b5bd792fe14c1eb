"""`python -m benchmarks`: measure, print, and write down."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

import click
from rich.console import Console

from benchmarks import page, sqlmesh_peer
from benchmarks.contenders import Contender, Work, contenders
from benchmarks.league import (
    DATABASE,
    NEXT_SEASON,
    OLDEST_MADE,
    PROJECT,
    SUMMARY,
    Window,
    copy_of_project,
    demo,
    fingerprint,
    prepared,
)
from benchmarks.measure import REPEATS, Took, apart, measure
from benchmarks.scale import HISTORIES, histories
from benchmarks.statements import Statements

SEASONS = (OLDEST_MADE, NEXT_SEASON)
WINDOW = Window(date(SEASONS[0], 10, 1), date(SEASONS[1] + 1, 6, 30))
# Of the tables in a log, in characters.
WIDTH = 200
ENVIRONMENTS = PROJECT / "target/benchmarks"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--full", is_flag=True, help="Also what takes long: SQLMesh weekly with all rules, longer histories.")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=ENVIRONMENTS,
    help="Where benchmarks.md, .json and .png go.  [default: target/benchmarks]",
)
def main(full: bool, into: Path) -> None:
    """Measure this project against others on the same work, and behind long histories."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    started = time.monotonic()

    def say(text: str) -> None:
        console.print(f"{time.monotonic() - started:5.0f} s  {text}", highlight=False)

    with tempfile.TemporaryDirectory(prefix="benchmarks-") as directory:
        work = prepare(Path(directory), SEASONS, WINDOW, say)
        found = contenders(with_all=full)
        if not work.sqlmesh:
            found = {key: each for key, each in found.items() if not key.startswith("sqlmesh")}
        took = measure(
            {key: partial(_do, each, work) for key, each in found.items()},
            REPEATS,
            lambda key, took: say(f"{found[key].name}: {took.seconds:.1f} s, executing {took.executing:.1f} s"),
        )
        rows, _ = apart(fingerprint, work.reference, SUMMARY, [WINDOW])
        counts, times = (HISTORIES, REPEATS) if full else (HISTORIES[:2], REPEATS - 1)
        behind = {each.seasons: each for each in histories(work.raw, work.directory, counts, times, say)}
    minutes = (time.monotonic() - started) / 60
    results = page.Results(found, took, behind, f"{WINDOW.start}..{WINDOW.end}", rows, minutes)
    page.say(results, console)
    for path in page.write(results, into):
        console.print(path)


def prepare(directory: Path, seasons: tuple[int, int], window: Window, say: Callable[[str], None]) -> Work:
    """What all of them need, in a directory of the benchmark's own."""
    say("demo seasons, seeds, views, and the SQL of the models")
    project = copy_of_project(directory / "project")
    raw, with_views = directory / "raw" / DATABASE, directory / "prepared" / DATABASE
    for database in (raw, with_views):
        database.parent.mkdir()
    demo(project, raw, "{}-{}".format(*seasons))
    prepared(project, raw, with_views)
    statements = Statements.compiled(project, with_views)
    say(f"SQLMesh {sqlmesh_peer.version()}")
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    sqlmesh = None
    try:
        sqlmesh = sqlmesh_peer.environment(ENVIRONMENTS)
    except RuntimeError as error:
        say(f"is left out, since it can't be installed: {error}")
    return Work(window, raw, with_views, statements, project, sqlmesh, directory)


def _do(contender: Contender, work: Work, _: int) -> Took:
    return contender(work)


if __name__ == "__main__":
    main()

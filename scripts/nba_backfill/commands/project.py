"""The dbt project that a command works on, its engine and its log."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from nba_backfill.display.terminal import log_to
from nba_backfill.errors import ProjectError

if TYPE_CHECKING:
    from nba_backfill.warehouse.engine import Engine


PROJECT_FILE = "dbt_project.yml"


def enter_project() -> Path:
    """The project's directory, which dbt and the profile's relative paths expect to be the current one.

    It is the nearest directory upward with a dbt_project.yml, else the project that this package was installed from;
    which one is said where it is not the current directory. Raises ProjectError where there is none.
    """
    here = Path.cwd().resolve()
    installed_from = Path(__file__).resolve().parents[3]
    for candidate in (here, *here.parents, installed_from):
        if (candidate / PROJECT_FILE).is_file():
            if candidate != here:
                click.echo(f"project: {candidate}", err=True)
                os.chdir(candidate)
            return candidate
    raise ProjectError(f"There is no {PROJECT_FILE} in {here} or above it: change to the project's directory.")


def make_engine(project: Path, target: str | None, run_id: str | None = None, *, writes: bool = True) -> Engine:
    """The engine of this command. Who calls `main` with an object has it made by that, from a project parsed before."""
    from nba_backfill.warehouse.engine import Engine  # dbt, which help and a look at the checkpoint do without

    make: Callable[..., Engine] = click.get_current_context().obj or Engine
    return make(project, target, run_id, writes=writes)


def open_log(log_file: Path) -> Console:
    """The terminal, to which what is logged goes from now on, as to the file."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    log_to(log_file, console)
    return console


@contextmanager
def say_who_writes(checkpoint: Path) -> Iterator[None]:
    """Say which process has the DuckDB file, and which run that is, if its checkpoint tells."""
    try:
        yield
    except ProjectError as error:
        holder = re.search(r"Conflicting lock is held .*\(PID (\d+)\)", str(error))
        if not holder:
            raise
        process = f"process {holder[1]}"
        with suppress(OSError, ValueError, KeyError, TypeError):
            other = json.loads(checkpoint.read_text(encoding="utf-8"))
            if other["process_id"] == int(holder[1]):
                process = f"run {other['run_id']}, process {holder[1]}, since {other['started_at']}"
        raise ProjectError(
            f"DuckDB has one writer, and another has the file: {process}. Wait for it, or end it."
        ) from error

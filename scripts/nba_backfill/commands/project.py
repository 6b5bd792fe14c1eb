"""The dbt project that a command works on, its engine and its log."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from nba_backfill.display.terminal import Terminal, log, log_to
from nba_backfill.errors import ProjectError

if TYPE_CHECKING:
    from nba_backfill.warehouse.engine import Engine


@dataclass(frozen=True)
class Dbt:
    """What a command hands on to dbt: the profile's target, where the project is, vars and threads; None by default."""

    target: str | None = None
    project_dir: Path | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    threads: int | None = None


PROJECT_FILE = "dbt_project.yml"


def enter_project(dbt: Dbt) -> Path:
    """The project's directory, which dbt and the profile's relative paths expect to be the current one.

    It is --project-dir, or the nearest directory upward with a dbt_project.yml, else the project that this package was
    installed from. Which one that is, is said where nobody has. Raises ProjectError where there is none.
    """
    here = Path.cwd().resolve()
    installed_from = Path(__file__).resolve().parents[3]
    candidates = [dbt.project_dir.resolve()] if dbt.project_dir else [here, *here.parents, installed_from]
    project = next((candidate for candidate in candidates if (candidate / PROJECT_FILE).is_file()), None)
    if project is None:
        raise ProjectError(
            f"There is no {PROJECT_FILE} in {candidates[0]}"
            + (". " if dbt.project_dir else " or above it. ")
            + "Change to the project's directory, or name it with --project-dir."
        )
    if project not in (here, candidates[0]):
        log.warning("project: %s", project)
    os.chdir(project)
    return project


def make_engine(project: Path, dbt: Dbt, run_id: str | None = None, *, writes: bool = True) -> Engine:
    """The engine of this command. Who calls `main` with an object has it made by that, from a project parsed before."""
    from nba_backfill.warehouse.engine import Engine  # dbt, which help and a look at the checkpoint do without

    context = click.get_current_context()
    make: Callable[..., Engine] = context.obj or Engine
    # dbt writes down what it finds there, and an argument may hold a secret.
    del sys.argv[1:]
    engine = make(project, dbt.target, run_id, variables=dbt.variables, threads=dbt.threads, writes=writes)
    context.call_on_close(engine.drop_own_tables)
    return engine


def open_log(log_file: Path, *, to_stderr: bool) -> Console:
    """The terminal, to which what is logged goes from now on, as to the file. Raises ProjectError."""
    console = Terminal(stderr=to_stderr)
    log_to(log_file, console)
    return console

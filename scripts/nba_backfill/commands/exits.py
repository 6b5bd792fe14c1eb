"""How a command ends: with the user's sentence and its exit code, never with a traceback for a user's mistake."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click

from nba_backfill.commands.options import CHECKPOINT
from nba_backfill.display.terminal import log, print_nowhere, say, say_warnings
from nba_backfill.errors import BackfillError, ProjectError, holder_of_file

EXIT_CODES = """\b
Exit codes:
  0    done, every test passed or only warned
  1    a date was held back, or a window, a test or a check failed; the summary holds what it held of it before
  2    wrong arguments
  3    raw data that can't be used; nothing of it was loaded or written
  4    no dbt project, no profile, no warehouse to connect to, or another run or process has it
  130  stopped by Ctrl-C, a signal, or no for an answer; the same command goes on where it stopped
"""
STOPPED = "Stopped. The summary holds every window that was done, and the same command does the rest."


@contextmanager
def _in_sentences(ctx: click.Context) -> Iterator[None]:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    say_warnings()
    try:
        yield
    except BackfillError as error:
        told = _who_has_it(error)
        log.error("%s", told)
        _print(f"Error: {told}")
        ctx.exit(told.exit_code)
    except click.Abort:
        _print("Not done.")
        ctx.exit(130)
    except KeyboardInterrupt:
        log.error("stopped")
        _print(STOPPED)
        ctx.exit(130)
    except (click.exceptions.Exit, click.ClickException):
        raise
    except BrokenPipeError:
        # Whoever reads has read enough.
        print_nowhere()
        ctx.exit(0)
    except Exception:
        log.exception("an error that nobody has thought of")
        raise


def _print(sentence: str) -> None:
    try:
        say(sentence, err=True)
    except OSError:
        print_nowhere()


def _who_has_it(error: BackfillError) -> BackfillError:
    """Of a DuckDB file that another process has: which one that is, and which run, if a checkpoint tells."""
    holder = holder_of_file(error)
    if holder is None:
        return error
    process = f"process {holder}"
    with suppress(OSError, ValueError, KeyError, TypeError):
        other = json.loads(CHECKPOINT.read_text(encoding="utf-8"))
        if other["process_id"] == holder:
            process = f"run {other['run_id']}, process {holder}, since {other['started_at']}"
    return ProjectError(f"DuckDB has one writer, and another has the file: {process}. Wait for it, or end it.")


class Command(click.Command):
    """A command that stands alone."""

    def invoke(self, ctx: click.Context) -> object:
        with _in_sentences(ctx):
            return super().invoke(ctx)


class Commands(click.Group):
    """Commands of one program, in groups."""

    def __init__(self, *args: object, groups: dict[str, tuple[str, ...]] | None = None, **values: object) -> None:
        super().__init__(*args, **values)  # type: ignore[arg-type]
        self.groups = groups or {}

    def invoke(self, ctx: click.Context) -> object:
        with _in_sentences(ctx):
            return super().invoke(ctx)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for heading, names in self.groups.items():
            with formatter.section(heading):
                formatter.write_dl([(name, self.commands[name].get_short_help_str(100)) for name in names])

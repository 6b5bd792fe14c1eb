"""How a command ends: with the user's sentence and its exit code, never with a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from nba_backfill.display.terminal import log
from nba_backfill.errors import BackfillError

EXIT_CODES = """\b
Exit codes:
  0  done, every test passed or only warned
  1  a date was held back, or a window, a test or a check failed; the summary holds what it held of it before
  2  wrong arguments
  3  raw data that can't be used; nothing of it was loaded or written
  4  no dbt project, no profile, no warehouse to connect to, or another run is at work
  130  stopped by Ctrl-C or a signal; the same command goes on where it stopped
"""


@contextmanager
def _in_sentences(ctx: click.Context) -> Iterator[None]:
    try:
        yield
    except BackfillError as error:
        log.error("%s", error)
        click.echo(f"Error: {error}", err=True)
        ctx.exit(error.exit_code)
    except KeyboardInterrupt:
        log.error("stopped")
        click.echo(
            "Stopped. The summary holds every window that was done, and the same command does the rest.", err=True
        )
        ctx.exit(130)


class Command(click.Command):
    """A command that stands alone."""

    def invoke(self, ctx: click.Context) -> object:
        with _in_sentences(ctx):
            return super().invoke(ctx)


class Commands(click.Group):
    """Commands of one program."""

    def invoke(self, ctx: click.Context) -> object:
        with _in_sentences(ctx):
            return super().invoke(ctx)

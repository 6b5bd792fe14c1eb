"""What the user sees: lines on the terminal and in the log file, and a progress bar under them."""

import logging
import os
import sys
import time
import unicodedata
from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from nba_backfill.errors import ProjectError

# On a full disk dbt's own log can't be written either, and that is not worth a traceback for each of its lines.
logging.raiseExceptions = False
log = logging.getLogger("nba_backfill")
log.propagate = False
log.addHandler(logging.NullHandler())
log.setLevel(logging.INFO)


def printable(text: str) -> str:
    """The text for a terminal, which would obey some characters: where a name has one, it is spelled out, as \\x1b."""
    return "".join(
        character if character == "\n" or unicodedata.category(character)[0] != "C" else ascii(character)[1:-1]
        for character in text
    )


def say(text: str, *, err: bool = False) -> None:
    """Print a text that may have names from a table or a file."""
    click.echo(printable(text), err=err)


class Terminal(Console):
    """Plain lines. Where nobody reads any more nothing is printed from then on: that is no reason to end a run."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(highlight=False, markup=False, soft_wrap=True, stderr=stderr)

    def on_broken_pipe(self) -> None:
        """Go on without a word, where Rich would end the process."""
        self.quiet = True
        print_nowhere()


def print_nowhere() -> None:
    """Have what this process prints from now on go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for output in (1, 2):
        os.dup2(nowhere, output)


class Lines(logging.Handler):
    """Prints what is logged, above a progress bar if there is one. Errors are printed where the command ends."""

    def __init__(self, console: Console, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno < logging.ERROR:
            self._console.print(printable(record.getMessage()))


def say_warnings() -> None:
    """Say on stderr what goes wrong, such as that something is tried again, until a log file is opened."""
    for handler in list(log.handlers):
        log.removeHandler(handler)
    log.addHandler(Lines(Terminal(stderr=True), logging.WARNING))


class LogFile(logging.FileHandler):
    """A log file, to be read on a terminal, that says so when it can't be written, for example on a full disk."""

    def format(self, record: logging.LogRecord) -> str:
        """As it is printed."""
        return printable(super().format(record))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        _, error, _ = sys.exc_info()
        log.removeHandler(self)
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ProjectError(
            f"The log {self.baseFilename} can't be written: {reason}. What the summary holds is whole; make room or "
            f"the folder writable, and run the same command again. (It was to say: {record.getMessage()})"
        ) from error


def log_to(path: Path, console: Console) -> None:
    """Send what is logged to the terminal, plain, and to the file, with times in UTC. Raises ProjectError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = LogFile(path, encoding="utf-8")
    except OSError as error:
        raise ProjectError(
            f"The log {path} can't be written: {error.strerror}. Make {path.parent} writable."
        ) from error
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    file.setFormatter(formatter)
    for handler in list(log.handlers):
        log.removeHandler(handler)
    log.addHandler(file)
    log.addHandler(Lines(console))


class RateColumn(ProgressColumn):
    """Dates done an hour, of late."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed * 3600:,.0f} dates/h" if task.speed else "")


def progress_bar(console: Console, dates: int) -> Progress:
    """A bar on a terminal; nothing where the output is piped, so that only plain lines are."""
    progress = Progress(
        TextColumn("through {task.fields[through]}  {task.fields[stage]}"),
        BarColumn(),
        TaskProgressColumn(),
        RateColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    progress.add_task("dates", total=dates, through="", stage="")
    return progress

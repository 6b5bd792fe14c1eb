"""How long a command takes, how much memory, and when it said what."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

BIN = Path(sys.executable).parent
REPEATS = 3
# What takes longer than this is not done again. Seconds.
ENOUGH = 25.0
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# The unit of ru_maxrss: bytes on macOS, else kibibytes.
MAXRSS_PER_MIB = 2**20 if sys.platform == "darwin" else 2**10

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Ended:
    """A command that has ended: seconds from prompt to prompt, peak memory in MiB, and each line with its time."""

    seconds: float
    peak_mib: float
    lines: tuple[tuple[float, str], ...]

    def moment(self, text: str) -> float:
        """When the first line with this text was said, in seconds since the prompt. Raises RuntimeError."""
        for moment, line in self.lines:
            if text in line:
                return moment
        raise RuntimeError(f"The command never said {text!r}.")


@dataclass(frozen=True)
class Took:
    """What one piece of work took: from prompt to prompt, and what of it its windows took, in seconds."""

    seconds: float
    executing: float
    peak_mib: float | None = None
    # What is said of the time beside it, such as a sample.
    remark: str = ""
    phases: tuple[tuple[str, float], ...] = ()


def run(command: Sequence[str | Path], directory: Path, **variables: str) -> Ended:
    """Run a command in a directory, with these environment variables too. Raises RuntimeError when it fails."""
    # Not where the user's own data is.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DBT_", "NBA_"))}
    started = time.perf_counter()
    # Its peak memory is asked of the system, which tells it of a process that was waited for in this way alone.
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=directory,
        env={**environment, "COLUMNS": "200", "NO_COLOR": "1", **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None
    lines = tuple((time.perf_counter() - started, COLOURS.sub("", line.rstrip())) for line in process.stdout)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        said = "\n".join(line for _, line in lines[-30:])
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{said}")
    return Ended(seconds, usage.ru_maxrss / MAXRSS_PER_MIB, lines)


def measure(
    works: Mapping[str, Callable[[int], Took]], times: int, say: Callable[[str, Took], None]
) -> dict[str, list[Took]]:
    """What each work took each time, of which it is told the number: once, where that is ENOUGH.

    In turns, so that what else the machine does at a time meets all of them.
    """
    took: dict[str, list[Took]] = {key: [] for key in works}
    for time_number in range(times):
        for key, work in works.items():
            if not took[key] or took[key][0].seconds < ENOUGH:
                took[key].append(work(time_number))
                say(key, took[key][-1])
    return took


def apart(function: Callable[..., Answer], *arguments: object) -> Answer:
    """What the function returns in a process of its own.

    The system counts the memory of who starts a command as the command's, so this process keeps its own small.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()

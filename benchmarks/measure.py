"""How long a command takes, how much memory, and when it said what."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
REPEATS = 3
# What takes longer than this is not done again. Seconds.
ENOUGH = 25.0
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# The unit of ru_maxrss: bytes on macOS, else kibibytes.
MAXRSS_PER_MIB = 2**20 if sys.platform == "darwin" else 2**10


@dataclass(frozen=True)
class Ended:
    """A command that has ended: seconds from prompt to prompt, peak memory in MiB, and each line with its time."""

    seconds: float
    peak_mib: float
    lines: tuple[tuple[float, str], ...]

    def moment(self, text: str) -> float:
        """When the first line with this text was said, in seconds since the prompt."""
        return next(moment for moment, line in self.lines if text in line)


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


def repeated(work: Callable[[int], Took], times: int = REPEATS) -> list[Took]:
    """What the work took each time, of which it is told the number: once, where that is ENOUGH."""
    took = [work(0)]
    if took[0].seconds < ENOUGH:
        took += map(work, range(1, times))
    return took

"""What can go wrong, as sentences for the user and exit codes for scripts."""

import re
from collections.abc import Sequence

HOLDER = re.compile(r"Conflicting lock is held .*\(PID (\d+)\)")


class BackfillError(Exception):
    """Something that the user can act on.

    The message is what is printed: what was wrong, where, and what to do.
    """

    exit_code: int = 1


class FailedTestsError(BackfillError):
    """Data tests that failed: of each its name and rows that show why."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = tuple(reasons)


class TransientError(BackfillError):
    """The warehouse couldn't do it now and may well do it in a while, such as at a rate limit. Nothing was changed."""


class ArgumentError(BackfillError):
    """The command was called with arguments that cannot work, such as a window that ends before it starts."""

    exit_code = 2


class InputError(BackfillError):
    """Raw data cannot be used as it is; nothing of it was stored."""

    exit_code = 3


class ProjectError(BackfillError):
    """The dbt project or its profile is missing or broken, or the warehouse can't be reached."""

    exit_code = 4


class LockedError(ProjectError):
    """Another run is at work."""


def holder_of_file(error: object) -> int | None:
    """The id of the process that has the DuckDB file, where that is the error."""
    holder = HOLDER.search(str(error))
    return int(holder[1]) if holder else None

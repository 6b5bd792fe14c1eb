"""Files that others read while they are written, for their owner alone unless he has said otherwise."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from nba_backfill.errors import ProjectError


def write_whole(path: Path, text: str, what: str) -> None:
    """Write a file in one step: a reader sees the old one or the new one, whole.

    Raises ProjectError, which calls the file by what it is.
    """
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            # Whom the owner lets read it may go on to.
            shutil.copymode(path, unfinished)
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise ProjectError(
            f"The {what} {path} can't be written: {error.strerror}. What the summary holds is whole; make room or "
            "the folder writable, and run the same command again."
        ) from error

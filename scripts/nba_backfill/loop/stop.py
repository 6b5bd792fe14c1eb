"""The wish of a user, or of a machine that goes down, that a run stops."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from nba_backfill.display.terminal import print_nowhere

log = logging.getLogger("nba_backfill")


class Stop:
    """The wish that no further window begins.

    The user's, by Ctrl-C or a signal: while windows are done after this one at first, at once when it comes again; at
    once where none is under way. A terminal that is closed stops nothing: from then on nothing is printed.
    """

    # Python drops an exception that a signal raises inside a finalizer; the alarm raises it again, outside.
    AGAIN_SECONDS = 0.05

    def __init__(self) -> None:
        self.is_wished = False
        self.is_interrupted = False
        self._is_patient = False

    def __enter__(self) -> Stop:
        wishes = dict.fromkeys((signal.SIGINT, signal.SIGTERM, signal.SIGALRM), self._wish)
        handlers = {**wishes, signal.SIGHUP: self._hang_up}
        self._before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        self._report = sys.unraisablehook
        sys.unraisablehook = self._was_dropped
        return self

    def __exit__(self, *_: object) -> None:
        sys.unraisablehook = self._report
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def after_window(self) -> Iterator[None]:
        """From here on a first wish lets the window under way come to its end."""
        self._is_patient = True
        try:
            yield
        finally:
            self._is_patient = False

    def _wish(self, _number: int, _frame: FrameType | None) -> None:
        if self.is_interrupted or not self._is_patient:
            self.is_wished = self.is_interrupted = True
            raise KeyboardInterrupt
        self.is_wished = self.is_interrupted = True
        log.warning("stopping when this window is done; once more drops it and stops at once")

    def _was_dropped(self, dropped: sys.UnraisableHookArgs) -> None:
        if dropped.exc_type is KeyboardInterrupt:
            signal.setitimer(signal.ITIMER_REAL, self.AGAIN_SECONDS)
        else:
            self._report(dropped)

    def _hang_up(self, _number: int, _frame: FrameType | None) -> None:
        print_nowhere()

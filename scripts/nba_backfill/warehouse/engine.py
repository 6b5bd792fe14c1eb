"""What a backfill asks of dbt: what a window holds, what is built of it, and what is tested."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbt.artifacts.resources.types import NodeType
from dbt.artifacts.schemas.freshness import SourceFreshnessResult
from dbt.artifacts.schemas.results import TestStatus
from dbt_common.events.base_types import EventMsg
from dbt_common.invocation import get_invocation_id
from google.api_core.exceptions import RetryError
from google.api_core.retry import Retry

from nba_backfill.errors import BackfillError, InputError, ProjectError, TransientError, holder_of_file
from nba_backfill.warehouse.dbt import Dbt
from nba_backfill.warehouse.project import as_yaml
from nba_backfill.warehouse.told import FINDINGS, HELD, Built, told_by, with_moments
from nba_backfill.windows import Window

if TYPE_CHECKING:
    from nba_backfill.bigquery.client import Estimate

# A command that only looks has the DuckDB file for some seconds, a run for longer. Seconds.
LOOK = Retry(lambda error: holder_of_file(error) is not None, initial=1, maximum=2, timeout=20)

# The models that hold what the sources say, and what stands in two of their queries on the way to that.
ROWS = ("int_games_window", "int_player_links_window", "int_player_rows_window")
HOURS_OF_OWN_TABLES = 24
log = logging.getLogger("nba_backfill")


@dataclass(frozen=True)
class Verdict:
    """How the tests of one invocation of dbt ended: how many passed, and what those that warned said."""

    passed: int
    warnings: tuple[str, ...]


class Engine(Dbt):
    """What a backfill asks of the dbt project, and has it do."""

    def __init__(
        self, project_dir: Path, target: str | None, run_id: str | None = None, *, writes: bool = True, **how: Any
    ) -> None:
        """Parse the project, as Dbt does. Raises ProjectError when there is no profile or the project doesn't parse."""
        super().__init__(project_dir, target, run_id, writes=writes, **how)
        self._read: tuple[str, str] | None = None
        self._window_read: Window | None = None
        # On BigQuery a query that reads the sources by itself would be too complex, and others may be at work.
        self._reads_for_itself = self.is_bigquery and (run_id is None or not writes)
        if self._reads_for_itself:
            self._parsed = self._parsed.with_own_tables(ROWS, uuid.uuid4().hex[:12], HOURS_OF_OWN_TABLES)
        # The names of the raw tables in the warehouse, by those of the sources.
        sources = self._parsed.manifest.sources.values()
        self.raw_tables: dict[str, str] = {source.name: source.relation_name for source in sources}

    def check_sources(self) -> None:
        """Look whether the raw tables are there.

        Raises InputError when one is missing, empty or without a column, ProjectError when the warehouse can't be
        reached, or would not keep what is put into it.
        """
        self.connect()
        if self.bigquery:
            table = self.table_of("player_game_summary")
            self._patiently(partial(self.bigquery.refuse_expiry, table))
        try:
            check = LOOK(self._run, on_error=lambda _: log.info("waiting for the DuckDB file"))
            check("run-operation", "check_sources")
        except RetryError as given_up:
            raise ProjectError(str(given_up.cause)) from given_up
        except TransientError:
            raise
        except BackfillError as error:
            raise (InputError if "The raw table" in str(error) else ProjectError)(str(error)) from error

    def prepare(self) -> None:
        """Load the seeds, and make the staging views and the tables of the backfill's state. Raises BackfillError."""
        resources = ("--resource-type", "seed", "--resource-type", "model")
        self._run("build", "--selector", "preparation", *resources, check_sources=False)

    def is_prepared(self) -> bool:
        """Whether BigQuery has what prepare makes, the seeds and views as the project's files have them.

        It is asked by requests that are free of charge. Raises BackfillError.
        """
        bigquery = self.bigquery
        if not bigquery:
            raise ProjectError("Only BigQuery says for free what it has.")
        seeds = [node for node in self._parsed.manifest.nodes.values() if node.resource_type == NodeType.Seed]
        compiled = self._run("compile", "--selector", "preparation", check_sources=False)
        models: list[Any] = [result.node for result in compiled if result.node.resource_type == NodeType.Model]
        return self._patiently(
            lambda: (
                all(
                    bigquery.has_rows(node.relation_name, Path(node.root_path, node.original_file_path))
                    for node in seeds
                )
                and all(
                    bigquery.has(node.relation_name, node.compiled_code if node.config.materialized == "view" else None)
                    for node in models
                )
            )
        )

    def table_of(self, model: str) -> str:
        """The name of a model's table in the warehouse."""
        return next(str(node.relation_name) for node in self._parsed.manifest.nodes.values() if node.name == model)

    def read_sources(self, window: Window) -> None:
        """Write down what the sources say of the window, once for all that a run asks and builds of it.

        Until forget_sources, when they may have changed. Raises BackfillError.
        """
        # Before they are read, so that what changes meanwhile is noticed.
        state = self._state_of_sources(window)
        self._read = (self._write_down(window), state)

    def _write_down(self, window: Window) -> str:
        self._run("run", "--select", *ROWS, window=window, check_sources=False, rows_built_by=None)
        self.rows_built_by = get_invocation_id()
        self._window_read = window
        return self.rows_built_by

    def forget_sources(self) -> None:
        """Have what is asked from now on read the sources themselves."""
        self.rows_built_by = None

    def recall_sources(self, window: Window) -> None:
        """Go on with what was read of the window, if they say the same now, or read it anew. Raises BackfillError."""
        if self._read and self._state_of_sources(window) == self._read[1]:
            self.rows_built_by = self._read[0]
        else:
            self.read_sources(window)

    def _read_for_itself(self, queries: Sequence[str], window: Window | None) -> None:
        """Write down what the sources say, where only looks who asks, and where one of the queries asks that."""
        if not (self._reads_for_itself and window and self._parsed.asks(queries, ROWS)):
            return
        read = self._window_read
        if read is None or not (read.start <= window.start and window.end <= read.end):
            self._write_down(window)

    def drop_own_tables(self) -> None:
        """Drop what only this process reads."""
        if self._reads_for_itself and self._window_read and self.bigquery:
            self.bigquery.drop(map(self.table_of, ROWS))

    def _state_of_sources(self, window: Window) -> str:
        ((state,),) = (row.values() for row in self.rows("source_state", window))
        return str(state)

    def build_window(
        self,
        window: Window,
        dates: Iterable[date] | None = None,
        at: Callable[[str], None] | None = None,
        with_undated_rows: bool = True,
    ) -> Built:
        """Replace the window, or only these dates of it, in the summary by what the sources say now.

        With the excluded rows that have no date, which belong to no window: workers would meet on their partition.
        The sources have been read before. Dates that break a rule are held back and keep what they hold. Calls `at`
        with what the window is at: rows, findings, publish. Raises BackfillError with dbt's own error; a table that was
        not done yet then holds what it held. What `at` raises is raised when the window is done.
        """
        told: dict[str, Any] = {}
        stages = {
            name: node.config.meta["stage"]
            for name, node in self._parsed.manifest.nodes.items()
            if "stage" in getattr(node.config, "meta", {})
        }
        stage = ""
        troubles: list[Exception] = []

        def hear(event: EventMsg) -> None:
            nonlocal stage
            told.update(told_by(event, FINDINGS) or {})
            if event.info.name == "NodeStart" and at:
                next_stage = stages.get(event.data.node_info.unique_id, stage)
                if next_stage != stage:
                    stage = next_stage
                    at(stage)

        def listen(event: EventMsg) -> None:
            try:
                hear(event)
            except Exception as error:  # noqa: BLE001 - dbt would wait for ever for a thread of its own that ends so
                troubles.append(error)

        variables = {**_only(dates), "with_undated_rows": with_undated_rows}
        self._run("run", "--selector", "window", window=window, check_sources=False, listener=listen, **variables)
        if troubles:
            raise troubles[0]
        return Built.of(told)

    def rows(self, query: str, window: Window | None = None, limit: int = -1, **variables: Any) -> list[dict[str, Any]]:
        """What a model's, an analysis's or a test's SQL returns for the window. Raises BackfillError."""
        return self.rows_of([query], window, limit, **variables)[query]

    def rows_of(
        self, queries: Sequence[str], window: Window | None = None, limit: int = -1, **variables: Any
    ) -> dict[str, list[dict[str, Any]]]:
        """What each of several queries returns, by its name, in one invocation of dbt. Raises BackfillError."""
        self._read_for_itself(queries, window)
        return self.show(queries, window, limit, **variables)

    def freshness(self) -> list[SourceFreshnessResult]:
        """How long each source has owed the games of a night: `dbt source freshness`. Raises BackfillError."""
        return [result for result in self._run("source", "freshness") if isinstance(result, SourceFreshnessResult)]

    def operate(
        self,
        macro: str,
        window: Window | None = None,
        listener: Callable[[EventMsg], None] | None = None,
        **arguments: object,
    ) -> None:
        """Run a macro of the project for what it does. Raises BackfillError."""
        called = (macro, "--args", as_yaml(arguments))
        # The same when it is done again, so that it writes nothing down twice.
        self._run("run-operation", *called, window=window, listener=listener, operation_id=uuid.uuid4().hex)

    def begin_run(self, window: Window, **arguments: object) -> list[dict[str, Any]]:
        """Write down that a run of the window begins, and keep what it will replace. Raises BackfillError.

        Returns what the summary holds of the window: rows of daily_null_rates.
        """
        held: list[dict[str, Any]] = []

        def listen(event: EventMsg) -> None:
            told = told_by(event, HELD)
            if told is not None:
                # All of it, where the operation is done again.
                held[:] = map(with_moments, told)

        self.operate("begin_run", window, listen, **arguments)
        return held

    def estimate_sources(self, window: Window) -> Estimate:
        """What BigQuery reads and bills for read_sources. Raises ProjectError where the target is not BigQuery."""
        return self._estimate([("--select", *ROWS)], window)

    def estimate(self, window: Window, dates: Iterable[date] | None = None) -> Estimate:
        """What BigQuery reads and bills for the window, or these dates of it: its models, and what they replace.

        Raises ProjectError where the target is not BigQuery.
        """
        return self._estimate([("--selector", "window"), ("--select", "replaced_rows")], window, **_only(dates))

    def _estimate(self, selections: Iterable[Sequence[str]], window: Window, **variables: Any) -> Estimate:
        if not self.bigquery:
            raise ProjectError("Only BigQuery says before a query what it reads.")
        nodes: list[Any] = [
            result.node
            for selection in selections
            for result in self._run("compile", *selection, window=window, check_sources=False, **variables)
        ]
        return self.bigquery.estimate([node.compiled_code for node in nodes])

    def validate(self, window: Window, selector: str = "validation") -> Verdict:
        """Make the views on the summary and test the window as it now stands there. Raises BackfillError."""
        self._read_for_itself(["validation"], window)
        arguments = ["--selector", selector, "--exclude-resource-type", "unit_test"]
        results = self._run("build", *arguments, window=window, check_sources=False)
        tests = [result for result in results if result.node.resource_type == NodeType.Test]
        warned = [result for result in tests if result.status == TestStatus.Warn]
        return Verdict(len(tests) - len(warned), tuple(self._explain(result, window) for result in warned))


def _only(dates: Iterable[date] | None) -> dict[str, Any]:
    """The var dates, where a window is about some of its dates alone."""
    return {"dates": [str(day) for day in dates]} if dates else {}

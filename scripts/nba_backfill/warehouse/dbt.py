"""dbt, run in this process: one parse of the project, then any number of invocations."""

from __future__ import annotations

import atexit
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any, TypeVar

from dbt.artifacts.resources.types import NodeType
from dbt.artifacts.schemas.freshness import SourceFreshnessResult
from dbt.artifacts.schemas.results import FreshnessStatus, RunStatus, TestStatus
from dbt.artifacts.schemas.run import RunResult, RunResultOutput
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt_common.events.base_types import EventMsg
from google.api_core.exceptions import RetryError
from google.api_core.retry import Retry, if_exception_type

from nba_backfill.bigquery.faults import fault_in, with_advice
from nba_backfill.errors import BackfillError, FailedTestsError, TransientError
from nba_backfill.warehouse.profile import profiles_dir
from nba_backfill.warehouse.project import Parsed, as_yaml, duckdb_file, quietly, read_profile, sentence
from nba_backfill.windows import Window

if TYPE_CHECKING:
    from nba_backfill.bigquery.client import BigQuery

ROWS_SHOWN = 3
FAILED = (RunStatus.Error, TestStatus.Error, TestStatus.Fail, FreshnessStatus.RuntimeErr)
# An outage of so many seconds is sat out, so that a night's work isn't lost to it.
PATIENCE = 3600.0
# The whole invocation of dbt again, because a window replaces itself. Seconds, with jitter.
RETRY = Retry(if_exception_type(TransientError), initial=5, maximum=300, multiplier=2)
STREAMED_TABLE = re.compile(r"table `?([\w.:-]+?)`? would affect rows in the streaming buffer")
UNLISTED_DATASET = re.compile(r"The list of tables in (\S+) leaves out")
NO_REASON = "dbt failed and gave no reason: logs/dbt.log may tell."

log = logging.getLogger("nba_backfill")

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Origin:
    """What an engine is made of, for others of the same project: the profile's target, dbt's vars and threads."""

    project_dir: Path
    target: str | None
    variables: Mapping[str, Any] | None
    threads: int | None


class Dbt:
    """A dbt project, parsed once, and its warehouse: invocations that bear outages and fail in sentences."""

    def __init__(
        self,
        project_dir: Path,
        target: str | None,
        run_id: str | None = None,
        *,
        variables: Mapping[str, Any] | None = None,
        threads: int | None = None,
        worker: int | None = None,
        writes: bool = True,
        parsed: Parsed | None = None,
    ) -> None:
        """Parse the project for the target, the profile's default when it is None, if nobody has done so yet.

        With the project's vars overridden by `variables`, and the profile's threads by `threads`.

        The run's id goes to dbt as var run_id. A worker of a run has window tables, a target and a log folder of its
        own. One that doesn't write leaves no log and no parsed project either. Raises ProjectError when there is no
        profile or the project doesn't parse.
        """
        self.origin = Origin(project_dir, target, variables, threads)
        self.bigquery: BigQuery | None = None
        # The invocation of dbt that has read the sources for a run, for what asks and builds until they are read anew.
        self.rows_built_by: str | None = None
        # What is left of the patience with an outage: one that was sat out to the end is not sat out again by what is
        # still to be done before the run may end.
        self.patience = PATIENCE
        # What the warehouse could not do at first and was asked to do again.
        self.passing_errors: list[str] = []
        self._credentials = read_profile(project_dir, target).credentials
        self._variables: dict[str, object] = {**(variables or {}), "run_id": run_id}
        self._profile = ["--profiles-dir", str(profiles_dir(project_dir)), *(["--target", target] if target else [])]
        if threads:
            self._profile += ["--threads", str(threads)]
        if worker is not None:
            self._variables["worker"] = f"{run_id}_{worker}"
            folder = f"worker-{worker}"
            self._profile += ["--target-path", f"target/{folder}", "--log-path", f"logs/{folder}"]
        if not writes:
            nowhere = mkdtemp(prefix="nba-backfill-")
            atexit.register(rmtree, nowhere, ignore_errors=True)
            self._profile += ["--target-path", nowhere, "--log-path", nowhere]
        # Without the run's id, which only SQL reads: with other vars than last time dbt parses all of it again.
        parsed_for = {name: value for name, value in self._variables.items() if name != "run_id"}
        self._parsed = parsed or Parsed.by_dbt(*self._profile, **parsed_for)

    @property
    def is_bigquery(self) -> bool:
        """Whether the target is BigQuery, which takes several writers and bills bytes."""
        return bool(self._credentials.type == "bigquery")

    @property
    def warehouse(self) -> str:
        """Where the summary is: the DuckDB file, or project and dataset."""
        credentials: Any = self._credentials
        if self.is_bigquery:
            return f"{credentials.database}.{credentials.schema}"
        return str(Path(credentials.path).resolve())

    def connect(self) -> None:
        """Say at once when the warehouse can't be used. DuckDB needs no connection of its own. Raises ProjectError."""
        if self.is_bigquery:
            from nba_backfill.bigquery.client import BigQuery  # Google's client, which DuckDB does without

            self.bigquery = BigQuery(self._credentials)
        else:
            duckdb_file(self._credentials)

    def close(self) -> None:
        """Let the DuckDB file go, which dbt keeps to itself for as long as this process lives."""
        if not self.is_bigquery:
            from dbt.adapters.duckdb.connections import DuckDBConnectionManager

            DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]

    def show(
        self, queries: Sequence[str], window: Window | None = None, limit: int = -1, **variables: Any
    ) -> dict[str, list[dict[str, Any]]]:
        """What each of several queries returns, by its name, in one invocation of dbt. Raises BackfillError."""
        selection = ["--select", *queries, "--indirect-selection", "empty", "--limit", str(limit)]
        found = {}
        for result in self._run("show", *selection, window=window, check_sources=False, **variables):
            table: Any = result.agate_table
            found[result.node.name] = [dict(zip(table.column_names, row, strict=True)) for row in table.rows]
        return found

    def _run(
        self,
        command: str,
        *arguments: str,
        window: Window | None = None,
        listener: Callable[[EventMsg], None] | None = None,
        **variables: object,
    ) -> Sequence[RunResult]:
        values = {**self._variables, "rows_built_by": self.rows_built_by, **variables}
        if window:
            values |= {"start_date": str(window.start), "end_date": str(window.end)}

        def attempt() -> Sequence[RunResult]:
            outcome = self._invoke(command, *arguments, "--vars", as_yaml(values), listener=listener)
            results = _results(outcome)
            # That a source is not fresh is an answer.
            is_answered = any(isinstance(result, SourceFreshnessResult) for result in results)
            if not outcome.success and (not is_answered or any(map(_has_failed, results))):
                raise self._error(outcome, window)
            return results

        return self._patiently(attempt)

    def _patiently(self, attempt: Callable[[], Answer]) -> Answer:
        """Do it, and again in a while where time may mend what it could not do. Raises BackfillError."""

        def note(error: Exception) -> None:
            self.passing_errors.append(str(error))
            log.warning("trying again in a while: %s", error)

        try:
            answer = RETRY.with_timeout(self.patience)(attempt, on_error=note)()
        except RetryError as given_up:
            self.patience = 0.0
            raise given_up.cause or given_up from given_up
        self.patience = PATIENCE
        return answer

    def _error(self, outcome: dbtRunnerResult, window: Window | None) -> BackfillError:
        failed = [result for result in _results(outcome) if _has_failed(result)]
        messages = [str(result.message) for result in failed] or [str(outcome.exception or NO_REASON)]
        if self.bigquery:
            unlisted = UNLISTED_DATASET.search(messages[0])
            if unlisted:
                # dbt has swallowed why, so the list is asked for once more.
                messages = [self.bigquery.refusal_to_list(unlisted[1]) or f"{messages[0]} An internal error, it seems."]
                failed = []
            if all(fault and fault.is_transient for fault in map(fault_in, messages)):
                return TransientError("\n".join(map(sentence, messages)))
        reasons = [self._explain(result, window) for result in failed]
        if failed and all(result.status == TestStatus.Fail for result in failed):
            return FailedTestsError(reasons)
        return BackfillError("\n".join(reasons) or self._advised(messages[0]))

    def _invoke(
        self, command: str, *arguments: str, listener: Callable[[EventMsg], None] | None = None
    ) -> dbtRunnerResult:
        dbt = dbtRunner(manifest=self._parsed.for_command(command), callbacks=[listener] if listener else [])
        outcome = dbt.invoke([*quietly(), command, *arguments, *self._profile])
        if isinstance(outcome.exception, KeyboardInterrupt):
            raise outcome.exception
        return outcome

    def _explain(self, result: RunResult | RunResultOutput, window: Window | None) -> str:
        if not isinstance(result, RunResult):
            return self._advised(result.message)
        has_rows = result.node.resource_type == NodeType.Test and result.status in (TestStatus.Fail, TestStatus.Warn)
        if window is None or not has_rows:
            return f"{result.node.name}: {self._advised(result.message)}"
        rows = self.show([result.node.name], window, ROWS_SHOWN)[result.node.name]
        lines = [", ".join(f"{name} {value}" for name, value in row.items() if value is not None) for row in rows]
        return "\n    ".join([f"{result.node.name} found, for example:", *lines])

    def _advised(self, error: object) -> str:
        message = sentence(error)
        if not self.bigquery:
            return message
        streamed = STREAMED_TABLE.search(message)
        if streamed:
            for table, rows, since in self.bigquery.streaming_buffers([streamed[1].replace(":", ".")]):
                message += f" {table} has about {rows:,} rows there"
                message += f", the oldest since {since:%Y-%m-%d %H:%M} UTC." if since else "."
        return with_advice(message)


def _has_failed(result: object) -> bool:
    return getattr(result, "status", None) in FAILED and not isinstance(result, SourceFreshnessResult)


def _results(outcome: dbtRunnerResult) -> Sequence[RunResult]:
    return getattr(outcome.result, "results", [])

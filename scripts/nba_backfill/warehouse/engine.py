"""dbt, run in this process: one parse of the project, then any number of windows."""

from __future__ import annotations

import atexit
import json
import logging
import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
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
from dbt_common.invocation import get_invocation_id
from google.api_core.exceptions import RetryError
from google.api_core.retry import Retry, if_exception_type

from nba_backfill.bigquery.faults import fault_in, with_advice
from nba_backfill.errors import BackfillError, FailedTestsError, InputError, ProjectError, TransientError
from nba_backfill.warehouse.profile import profiles_dir
from nba_backfill.warehouse.project import Parsed, duckdb_file, quietly, read_profile, sentence
from nba_backfill.windows import Window

if TYPE_CHECKING:
    from nba_backfill.bigquery.client import BigQuery, Estimate

ROWS_SHOWN = 3
FAILED = (RunStatus.Error, TestStatus.Error, TestStatus.Fail, FreshnessStatus.RuntimeErr)
# An outage of so many seconds is sat out, so that a night's work isn't lost to it.
PATIENCE = 3600.0
# The whole invocation of dbt again, because a window replaces itself. Seconds, with jitter.
RETRY = Retry(if_exception_type(TransientError), initial=5, maximum=300, multiplier=2)
# A command that only looks has the DuckDB file for some seconds, a run for longer. Seconds.
LOOK = Retry(lambda error: "Conflicting lock is held" in str(error), initial=1, maximum=2, timeout=20)
STREAMED_TABLE = re.compile(r"table `?([\w.:-]+?)`? would affect rows in the streaming buffer")

UNLISTED_DATASET = re.compile(r"The list of tables in (\S+) leaves out")
# The models that hold what the sources say, and what stands in two of their queries on the way to that.
ROWS = ("int_games_window", "int_player_links_window", "int_player_rows_window")
HOURS_OF_OWN_TABLES = 24
# What YAML takes only escaped, even in quotes, and the line ends that it would fold.
UNREADABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufffe\uffff]")
# How the project's on-run-end hook begins what it tells of a window, as JSON.
TOLD = "findings of the window: "
# How the macro begin_run begins what it tells, as JSON.
HELD = "held by the summary: "
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


@dataclass(frozen=True)
class Finding:
    """How often a rule was broken in a window, on how many of its dates, and for example where."""

    rule: str
    severity: str
    count: int
    dates: int
    example: str


@dataclass(frozen=True)
class Built:
    """What the summary holds after a window was built: rows of daily_null_rates.

    And the dates that were held back, with why, and what else the gate has found.
    """

    days: tuple[dict[str, Any], ...]
    held_back: dict[date, str]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Verdict:
    """How the tests of one invocation of dbt ended: how many passed, and what those that warned said."""

    passed: int
    warnings: tuple[str, ...]


def as_yaml(values: Mapping[str, object]) -> str:
    """The values as YAML that gives them back, whatever their texts hold, such as bytes of an error in other letters.

    Halves of surrogate pairs, which no warehouse stores, are question marks.
    """
    # Not as ASCII, since YAML has no surrogate pairs; but escaped where YAML takes no such character, or folds it.
    text = json.dumps(values, ensure_ascii=False).encode(errors="replace").decode()
    return UNREADABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class Engine:
    """A dbt project, parsed once."""

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
        self._read: tuple[str, str] | None = None
        self._window_read: Window | None = None
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
        # On BigQuery a query that reads the sources by itself would be too complex, and others may be at work.
        self._reads_for_itself = self.is_bigquery and (run_id is None or not writes)
        if self._reads_for_itself:
            self._parsed = self._parsed.with_own_tables(ROWS, uuid.uuid4().hex[:12], HOURS_OF_OWN_TABLES)
        # The names of the raw tables in the warehouse, by those of the sources.
        sources = self._parsed.manifest.sources.values()
        self.raw_tables: dict[str, str] = {source.name: source.relation_name for source in sources}

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
        self._run("run", "--select", *ROWS, window=window, check_sources=False, rows_built_by=None)
        self.rows_built_by = get_invocation_id()
        self._read = (self.rows_built_by, state)
        self._window_read = window

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
            self.read_sources(window)

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
            if _says(event, TOLD):
                told.update(json.loads(event.data.msg.removeprefix(TOLD)))
            elif event.info.name == "NodeStart" and at:
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
        return Built(
            tuple({**row, **_moments(row)} for row in told["days"]),
            {date.fromisoformat(row["game_date"]): row["reason"] for row in told["held_back"]},
            tuple(
                Finding(row["rule"], row["severity"], row["findings"], row["dates"], row["example"])
                for row in told["findings"]
            ),
        )

    def rows(self, query: str, window: Window | None = None, limit: int = -1, **variables: Any) -> list[dict[str, Any]]:
        """What a model's, an analysis's or a test's SQL returns for the window. Raises BackfillError."""
        return self.rows_of([query], window, limit, **variables)[query]

    def rows_of(
        self, queries: Sequence[str], window: Window | None = None, limit: int = -1, **variables: Any
    ) -> dict[str, list[dict[str, Any]]]:
        """What each of several queries returns, by its name, in one invocation of dbt. Raises BackfillError."""
        self._read_for_itself(queries, window)
        selection = ["--select", *queries, "--indirect-selection", "empty", "--limit", str(limit)]
        found = {}
        for result in self._run("show", *selection, window=window, check_sources=False, **variables):
            table: Any = result.agate_table
            found[result.node.name] = [dict(zip(table.column_names, row, strict=True)) for row in table.rows]
        return found

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
            if _says(event, HELD):
                held[:] = [{**row, **_moments(row)} for row in json.loads(event.data.msg.removeprefix(HELD))]

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
            outcome = self._invoke(command, *arguments, "--vars", json.dumps(values), listener=listener)
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

    def _invoke(self, *arguments: str, listener: Callable[[EventMsg], None] | None = None) -> dbtRunnerResult:
        dbt = dbtRunner(manifest=self._parsed.with_fresh_nodes(), callbacks=[listener] if listener else [])
        outcome = dbt.invoke([*quietly(), *arguments, *self._profile])
        if isinstance(outcome.exception, KeyboardInterrupt):
            raise outcome.exception
        return outcome

    def _explain(self, result: RunResult | RunResultOutput, window: Window | None) -> str:
        if not isinstance(result, RunResult):
            return self._advised(result.message)
        has_rows = result.node.resource_type == NodeType.Test and result.status in (TestStatus.Fail, TestStatus.Warn)
        if window is None or not has_rows:
            return f"{result.node.name}: {self._advised(result.message)}"
        rows = self.rows(result.node.name, window, limit=ROWS_SHOWN)
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


def _says(event: EventMsg, beginning: str) -> bool:
    """Whether the project's macros say something that begins so."""
    return event.info.name == "JinjaLogDebug" and event.data.msg.startswith(beginning)


def _only(dates: Iterable[date] | None) -> dict[str, Any]:
    """The var dates, where a window is about some of its dates alone."""
    return {"dates": [str(day) for day in dates]} if dates else {}


def _moments(row: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a told row's values that are dates and times."""
    return {
        "game_date": date.fromisoformat(row["game_date"]),
        "processed_at": datetime.fromisoformat(row["processed_at"]),
    }


def _has_failed(result: object) -> bool:
    return getattr(result, "status", None) in FAILED and not isinstance(result, SourceFreshnessResult)


def _results(outcome: dbtRunnerResult) -> Sequence[RunResult]:
    return getattr(outcome.result, "results", [])

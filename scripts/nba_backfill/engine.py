"""dbt, run in this process: one parse of the project, then any number of windows."""

import atexit
import json
import logging
import os
import pickle
import re
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from dbt.artifacts.resources.types import NodeType
from dbt.artifacts.schemas.results import RunStatus, TestStatus
from dbt.artifacts.schemas.run import RunResult, RunResultOutput
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.config.profile import Profile
from dbt.config.runtime import load_profile
from dbt.flags import set_from_args
from dbt_common.context import set_invocation_context
from dbt_common.exceptions import DbtBaseException
from google.api_core.exceptions import RetryError
from google.api_core.retry import Retry, if_exception_type

from nba_backfill.errors import BackfillError, FailedTestsError, InputError, ProjectError, TransientError
from nba_backfill.faults import fault_in, with_advice
from nba_backfill.windows import Window

if TYPE_CHECKING:
    from nba_backfill.bigquery import BigQuery, Estimate

ROWS_SHOWN = 3
HEADING_OR_TRAIL = re.compile(r"(Compilation|Database|Parsing|Runtime) Error( in .*)?$|> |compiled code at ")
# What dbt has to say goes to its own log file; the results come back as objects.
QUIETLY = ("--no-version-check", "--log-level", "none", "--no-print", "--no-write-json")
FAILED = (RunStatus.Error, TestStatus.Error, TestStatus.Fail)
# The whole invocation of dbt again, because a window replaces itself. Seconds, with jitter. An outage of an hour is
# sat out, so that a night's work isn't lost to it.
RETRY = Retry(if_exception_type(TransientError), initial=5, maximum=300, multiplier=2, timeout=3600)
# A command that only looks has the DuckDB file for some seconds, a run for longer. Seconds.
LOOK = Retry(lambda error: "Conflicting lock is held" in str(error), initial=1, maximum=2, timeout=20)
STREAMED_TABLE = re.compile(r"table `?([\w.:-]+?)`? would affect rows in the streaming buffer")

UNLISTED_DATASET = re.compile(r"The list of tables in (\S+) leaves out")
NO_REASON = "dbt failed and gave no reason: logs/dbt.log may tell."

log = logging.getLogger("nba_backfill")


@dataclass(frozen=True)
class Verdict:
    """How the tests of one invocation of dbt ended: how many passed, and what those that warned said."""

    passed: int
    warnings: tuple[str, ...]


def find_project(directory: Path) -> Path:
    """The dbt project to work on: the directory, or the one that this package was installed from.

    Raises ProjectError where neither holds a dbt_project.yml.
    """
    installed_from = Path(__file__).resolve().parents[2]
    for candidate in (directory, installed_from):
        if (candidate / "dbt_project.yml").is_file():
            return candidate.resolve()
    raise ProjectError(f"There is no dbt project in {directory}: change to the project's directory.")


def embedded_database(project_dir: Path, target: str | None) -> Path:
    """The DuckDB file of the profile's target.

    Raises ProjectError where there is no profile, or the target is not DuckDB.
    """
    profile = _profile(project_dir, target)
    if profile.credentials.type != "duckdb":
        raise ProjectError(
            f"Target {profile.target_name} is {profile.credentials.type}, and only the embedded DuckDB is filled from "
            "here. Pass --target duckdb."
        )
    credentials: Any = profile.credentials
    path = Path(credentials.path)
    if not path.parent.is_dir():
        raise ProjectError(f"The directory {path.parent} for the DuckDB file {path.name} does not exist: make it.")
    return path


def _profile(project_dir: Path, target: str | None) -> Profile:
    set_invocation_context(dict(os.environ))
    try:
        set_from_args(Namespace(PROFILES_DIR=str(_profiles_dir(project_dir)), PROJECT_DIR=str(project_dir)), None)
        return load_profile(str(project_dir), {}, None, target)
    except DbtBaseException as error:
        raise ProjectError(f"The dbt profile can't be read: {_sentence(error)}") from error


def _profiles_dir(project_dir: Path) -> Path:
    places = [os.environ.get("DBT_PROFILES_DIR"), project_dir, Path.home() / ".dbt"]
    for place in places:
        if place and (Path(place) / "profiles.yml").is_file():
            return Path(place)
    raise ProjectError(
        f"There is no profiles.yml in {project_dir}: run `make setup`, or copy profiles.example.yml to profiles.yml."
    )


class Engine:
    """A dbt project, parsed once."""

    def __init__(
        self,
        project_dir: Path,
        target: str | None,
        run_id: str | None = None,
        *,
        worker: int | None = None,
        writes: bool = True,
    ) -> None:
        """Parse the project for the target, the profile's default when it is None.

        The run's id goes to dbt as var run_id. A worker of a run has window tables, a target and a log folder of its
        own. One that doesn't write leaves no log and no parsed project either. Raises ProjectError when there is no
        profile or the project doesn't parse.
        """
        self.bigquery: BigQuery | None = None
        # What the warehouse could not do at first and was asked to do again.
        self.passing_errors: list[str] = []
        self._credentials = _profile(project_dir, target).credentials
        self._variables: dict[str, object] = {"run_id": run_id}
        self._profile = ["--profiles-dir", str(_profiles_dir(project_dir)), *(["--target", target] if target else [])]
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
        result = dbtRunner().invoke([*QUIETLY, "parse", "--vars", json.dumps(parsed_for), *self._profile])
        if not result.success:
            raise ProjectError(f"dbt can't parse the project: {_sentence(result.exception)}")
        # The names of the raw tables in the warehouse, by those of the sources.
        manifest: Any = result.result
        self.raw_tables: dict[str, str] = {source.name: source.relation_name for source in manifest.sources.values()}
        # dbt compiles ephemeral models into the manifest that it is given and would use their text, with the window
        # of the first run, for all later ones. So every run gets nodes of its own.
        self._manifest = manifest
        self._nodes = pickle.dumps(manifest.nodes)

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
        """Say at once when BigQuery can't be used. DuckDB needs no connection of its own. Raises ProjectError."""
        if self.is_bigquery:
            from nba_backfill.bigquery import BigQuery  # Google's client, which DuckDB does without

            self.bigquery = BigQuery(self._credentials)

    def close(self) -> None:
        """Let the DuckDB file go, which dbt keeps to itself for as long as this process lives."""
        if not self.is_bigquery:
            from dbt.adapters.duckdb.connections import DuckDBConnectionManager

            DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]

    def prepare(self) -> None:
        """Check the raw tables, load the seeds and make the staging views.

        Raises InputError when a raw table is missing, empty or without a column, ProjectError when the warehouse
        can't be reached.
        """
        self.connect()
        try:
            check = LOOK(self._run, on_error=lambda _: log.info("waiting for the DuckDB file"))
            check("run-operation", "check_sources")
        except RetryError as given_up:
            raise ProjectError(str(given_up.cause)) from given_up
        except TransientError:
            raise
        except BackfillError as error:
            raise (InputError if "The raw table" in str(error) else ProjectError)(str(error)) from error
        self._run("build", "--selector", "preparation", "--resource-type", "seed", "--resource-type", "model")

    def build_window(self, window: Window) -> Verdict:
        """Replace the window in the summary by what the sources say now, if the window's tests let it.

        Raises BackfillError with dbt's own error, or with the tests that failed and rows that show why; the table
        then holds what it held.
        """
        return self._build("window", window)

    def validate(self, window: Window) -> Verdict:
        """Make the views on the summary and test the window as it now stands there. Raises BackfillError."""
        return self._build("validation", window)

    def rows(
        self, query: str, window: Window | None = None, limit: int = -1, **variables: object
    ) -> list[dict[str, Any]]:
        """What a model's, an analysis's or a test's SQL returns for the window. Raises BackfillError."""
        return self.rows_of([query], window, limit, **variables)[query]

    def rows_of(
        self, queries: Sequence[str], window: Window | None = None, limit: int = -1, **variables: object
    ) -> dict[str, list[dict[str, Any]]]:
        """What each of several queries returns, by its name, in one invocation of dbt. Raises BackfillError."""
        selection = ["--select", *queries, "--indirect-selection", "empty", "--limit", str(limit)]
        found = {}
        for result in self._run("show", *selection, window=window, check_sources=False, **variables):
            table: Any = result.agate_table
            found[result.node.name] = [dict(zip(table.column_names, row, strict=True)) for row in table.rows]
        return found

    def operate(self, macro: str, window: Window | None = None, **arguments: object) -> None:
        """Run a macro of the project for what it does. Raises BackfillError."""
        # Not as ASCII: dbt reads it as YAML, which has no surrogate pairs.
        self._run("run-operation", macro, "--args", json.dumps(arguments, ensure_ascii=False), window=window)

    def estimate(self, window: Window) -> "Estimate":
        """What BigQuery reads and bills for the window: its models, their tests, and the rows that it replaces.

        Raises ProjectError where the target is not BigQuery.
        """
        if not self.bigquery:
            raise ProjectError("Only BigQuery says before a query what it reads.")
        compiled = [
            *self._run("compile", "--selector", "window", window=window, check_sources=False),
            *self._run("compile", "--select", "replaced_rows", window=window, check_sources=False),
        ]
        nodes: list[Any] = [result.node for result in compiled]
        return self.bigquery.estimate([node.compiled_code for node in nodes])

    def _build(self, selector: str, window: Window) -> Verdict:
        arguments = ["--selector", selector, "--exclude-resource-type", "unit_test"]
        results = self._run("build", *arguments, window=window, check_sources=False)
        tests = [result for result in results if result.node.resource_type == NodeType.Test]
        warned = [result for result in tests if result.status == TestStatus.Warn]
        return Verdict(len(tests) - len(warned), tuple(self._explain(result, window) for result in warned))

    def _run(
        self, command: str, *arguments: str, window: Window | None = None, **variables: object
    ) -> Sequence[RunResult]:
        values = self._variables | variables
        if window:
            values |= {"start_date": str(window.start), "end_date": str(window.end)}

        def attempt() -> Sequence[RunResult]:
            outcome = self._invoke(command, *arguments, "--vars", json.dumps(values))
            results = _results(outcome)
            if not outcome.success:
                raise self._error(outcome, window)
            return results

        def note(error: Exception) -> None:
            self.passing_errors.append(str(error))
            log.warning("trying again in a while: %s", error)

        try:
            return RETRY(attempt, on_error=note)()
        except RetryError as given_up:
            raise given_up.cause or given_up from given_up

    def _error(self, outcome: dbtRunnerResult, window: Window | None) -> BackfillError:
        failed = [result for result in _results(outcome) if result.status in FAILED]
        messages = [str(result.message) for result in failed] or [str(outcome.exception or NO_REASON)]
        if self.bigquery:
            unlisted = UNLISTED_DATASET.search(messages[0])
            if unlisted:
                # dbt has swallowed why, so the list is asked for once more.
                messages = [self.bigquery.refusal_to_list(unlisted[1]) or f"{messages[0]} An internal error, it seems."]
                failed = []
            if all(fault and fault.is_transient for fault in map(fault_in, messages)):
                return TransientError("\n".join(map(_sentence, messages)))
        reasons = [self._explain(result, window) for result in failed]
        if failed and all(result.status == TestStatus.Fail for result in failed):
            return FailedTestsError(reasons)
        return BackfillError("\n".join(reasons) or self._advised(messages[0]))

    def _invoke(self, *arguments: str) -> dbtRunnerResult:
        self._manifest.nodes = pickle.loads(self._nodes)  # noqa: S301 - written by this process
        outcome = dbtRunner(manifest=self._manifest).invoke([*QUIETLY, *arguments, *self._profile])
        if isinstance(outcome.exception, KeyboardInterrupt):
            raise outcome.exception
        return outcome

    def _explain(self, result: RunResult | RunResultOutput, window: Window | None) -> str:
        if not isinstance(result, RunResult):
            return self._advised(result.message)
        if window is None or result.status not in (TestStatus.Fail, TestStatus.Warn):
            return f"{result.node.name}: {self._advised(result.message)}"
        rows = self.rows(result.node.name, window, limit=ROWS_SHOWN)
        lines = [", ".join(f"{name} {value}" for name, value in row.items() if value is not None) for row in rows]
        return "\n    ".join([f"{result.node.name} found, for example:", *lines])

    def _advised(self, error: object) -> str:
        message = _sentence(error)
        if not self.bigquery:
            return message
        streamed = STREAMED_TABLE.search(message)
        if streamed:
            for table, rows, since in self.bigquery.streaming_buffers([streamed[1].replace(":", ".")]):
                message += f" {table} has about {rows:,} rows there, the oldest since {since:%Y-%m-%d %H:%M} UTC."
        return with_advice(message)


def _results(outcome: dbtRunnerResult) -> Sequence[RunResult]:
    return getattr(outcome.result, "results", [])


def _sentence(error: object) -> str:
    """What dbt says, on one line, without its heading and the trail of macros that it adds."""
    lines = [line.strip() for line in str(error).splitlines()]
    return " ".join(line for line in lines if line and not HEADING_OR_TRAIL.match(line))

"""What only BigQuery has: whether one may use it, what a query will read, and rows that it can't yet change."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from dbt.adapters.bigquery.clients import create_bigquery_client
from dbt.adapters.bigquery.credentials import create_google_credentials
from dbt_common.exceptions import DbtBaseException
from google.api_core.exceptions import GoogleAPICallError, NotFound, RetryError
from google.auth.exceptions import GoogleAuthError
from google.cloud.bigquery import DEFAULT_RETRY, QueryJobConfig

from nba_backfill.bigquery.faults import LOG_IN, fault_in, with_advice
from nba_backfill.errors import BackfillError, ProjectError, TransientError
from nba_backfill.windows import Window

# BigQuery bills at least so much for each table that a query reads.
MINIMUM_BYTES = 10 * 1024**2
SECONDS_TO_CONNECT = 20.0
# What is raised where Google says no, or nothing.
REFUSALS = (GoogleAPICallError, RetryError, GoogleAuthError, OSError)
DAY_MS = 24 * 3600 * 1000
# How long a project without billing keeps anything.
SANDBOX_MS = 60 * DAY_MS
UNPAID = " A project without billing has these 60 days, and can't change rows: link a billing account first."
DRY_RUNS_AT_ONCE = 8


@dataclass(frozen=True)
class Estimate:
    """Bytes that queries read, by BigQuery's dry run, and bytes that it bills, with its minimum for each table."""

    read: int = 0
    billed: int = 0

    def __add__(self, other: "Estimate") -> "Estimate":
        return Estimate(self.read + other.read, self.billed + other.billed)


@dataclass(frozen=True)
class Bill:
    """Bytes that BigQuery bills for a plan: to read the sources once, and for each window."""

    sources: int
    windows: Mapping[Window, int]

    @property
    def total(self) -> int:
        """All of it."""
        return self.sources + sum(self.windows.values())


class BigQuery:
    """The project of a dbt profile's target, by the adapter's own credentials and client."""

    def __init__(self, credentials: Any) -> None:
        """Connect, and ask for a query that reads nothing.

        Raises ProjectError where there are no credentials, or they don't let the user run queries, or nothing answers.
        """
        try:
            # By itself the adapter would start a browser to log in, which nobody sees who runs this overnight.
            create_google_credentials(credentials)
            self.client = create_bigquery_client(credentials)
            self.client.query(
                "select 1",
                job_config=QueryJobConfig(dry_run=True),
                retry=DEFAULT_RETRY.with_timeout(SECONDS_TO_CONNECT),
                timeout=SECONDS_TO_CONNECT,
            )
        # A key that is no key is told by Python's own errors, which don't repeat it.
        except (GoogleAuthError, DbtBaseException, AttributeError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise ProjectError(f"There are no credentials for BigQuery: {reason} {LOG_IN}") from error
        except (GoogleAPICallError, RetryError, OSError) as error:
            reason = " ".join(str(error.cause if isinstance(error, RetryError) else error).split())
            raise ProjectError(
                f"The BigQuery project {credentials.database} can't be used: {with_advice(reason)}"
            ) from error

    def estimate(self, queries: Sequence[str]) -> Estimate:
        """What the queries together will read and bill. A dry run is free and changes nothing."""
        with ThreadPoolExecutor(DRY_RUNS_AT_ONCE) as pool:
            return sum(pool.map(self._dry_run, queries), Estimate())

    def _dry_run(self, query: str) -> Estimate:
        try:
            job = self.client.query(query, job_config=QueryJobConfig(dry_run=True, use_query_cache=False))
        except NotFound:
            # A table that the run itself will make: small, so the minimum is what it costs.
            return Estimate(0, MINIMUM_BYTES)
        except GoogleAPICallError as error:
            raise BackfillError(f"BigQuery can't estimate a query: {with_advice(str(error))}") from error
        read = int(job.total_bytes_processed or 0)
        return Estimate(read, max(read, MINIMUM_BYTES * max(1, len(job.referenced_tables))))

    def refuse_expiry(self, table: str) -> None:
        """Raises ProjectError where a table, or what is made in its dataset, is kept for some days only.

        A partition's days are counted from its date, so that rows of an earlier season are gone as soon as they arrive.
        """
        project, dataset, name = table.replace("`", "").split(".")
        with _asking(), suppress(NotFound):
            found = self.client.get_dataset(f"{project}.{dataset}")
            kept_ms = int(found.default_partition_expiration_ms or found.default_table_expiration_ms or 0)
            if kept_ms:
                raise ProjectError(
                    f"What is put into the dataset {project}.{dataset} is gone after {kept_ms // DAY_MS:,} days, and "
                    "rows of earlier seasons at once. `bq update --default_partition_expiration 0 "
                    f"--default_table_expiration 0 {project}:{dataset}` has it keep what is made from then on."
                    + (UNPAID if kept_ms == SANDBOX_MS else "")
                )
            table_kept = self.client.get_table(f"{project}.{dataset}.{name}")
            partitioning = table_kept.time_partitioning
            if table_kept.expires or (partitioning and partitioning.expiration_ms):
                raise ProjectError(
                    f"The table {project}.{dataset}.{name} does not keep its rows. `bq update --expiration 0 "
                    f"--time_partitioning_expiration 0 {project}:{dataset}.{name}` has it keep them."
                )

    def has_rows(self, table: str, file: Path) -> bool:
        """Whether a table has the rows of a CSV file, in whatever order."""
        with file.open(encoding="utf-8-sig", newline="") as lines:
            names, *expected = csv.reader(lines)
        rows: list[Any] | None = None
        with _asking(), suppress(NotFound):
            rows = list(self.client.list_rows(table.replace("`", "")))
        if rows is None:
            return False
        if rows and list(rows[0].keys()) != names:
            return False
        # A number is spelled in more than one way.
        numbers = [any(isinstance(row[name], Decimal) for row in rows) for name in names]
        wanted = (
            [str(Decimal(text)) if text and is_number else text for text, is_number in zip(line, numbers, strict=True)]
            for line in expected
        )
        return Counter(map(tuple, wanted)) == Counter(tuple(map(_as_text, row.values())) for row in rows)

    def has(self, table: str, query: str | None) -> bool:
        """Whether there is a table, or a view of this query."""
        found = None
        with _asking(), suppress(NotFound):
            found = self.client.get_table(table.replace("`", ""))
        if found is None:
            return False
        return query is None or (found.view_query or "").strip(" \n;") == query.strip(" \n;")

    def drop(self, tables: Iterable[str]) -> None:
        """Drop the tables. What can't be dropped goes by itself when its time is over."""
        for table in tables:
            with suppress(*REFUSALS):
                self.client.delete_table(table.replace("`", ""), not_found_ok=True)

    def renew_lock(self, table: str, token: str, run_id: str) -> None:
        """Say that the holder of the lock is alive, if it still holds it. An outage is left to who has work to do."""
        labels = {
            "app": "nba_analytics",
            "node_name": "backfill_lock",
            "run_id": run_id.lower(),
            "dbt_invocation_id": token,
        }
        config = QueryJobConfig(labels=labels, maximum_bytes_billed=MINIMUM_BYTES)
        sql = f"update {table} set alive_at = current_timestamp() where token = '{token}'"  # noqa: S608 - both our own
        with suppress(*REFUSALS):
            self.client.query(sql, job_config=config, timeout=SECONDS_TO_CONNECT).result(timeout=SECONDS_TO_CONNECT)

    def refusal_to_list(self, dataset: str) -> str | None:
        """BigQuery's error when it is asked what a dataset holds, None when it answers."""
        try:
            list(self.client.list_tables(dataset))
            list(self.client.list_routines(dataset))
        except (GoogleAPICallError, RetryError) as error:
            return str(error)
        return None

    def streaming_buffers(self, tables: Iterable[str]) -> list[tuple[str, int, datetime | None]]:
        """Those of the tables that have rows in a streaming buffer: name, rows, and since when the oldest is there."""
        found = []
        for name in tables:
            try:
                buffer = self.client.get_table(name).streaming_buffer
            except NotFound:
                continue
            if buffer:
                found.append((name, buffer.estimated_rows, buffer.oldest_entry_time))
        return found


@contextmanager
def _asking() -> Iterator[None]:
    """What Google answers instead, as a sentence. Raises TransientError where time may mend it, else ProjectError."""
    try:
        yield
    except REFUSALS as error:
        fault = fault_in(str(error))
        kind = TransientError if fault and fault.is_transient else ProjectError
        raise kind(with_advice(str(error))) from error


def _as_text(value: object) -> str:
    """A value as a CSV file has it, a number in one spelling."""
    return "" if value is None else str(value)

"""What only BigQuery has: whether one may use it, what a query will read, and rows that it can't yet change."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dbt.adapters.bigquery.clients import create_bigquery_client
from dbt.adapters.bigquery.credentials import create_google_credentials
from dbt_common.exceptions import DbtBaseException
from google.api_core.exceptions import GoogleAPICallError, NotFound, RetryError
from google.auth.exceptions import GoogleAuthError
from google.cloud.bigquery import DEFAULT_RETRY, QueryJobConfig

from nba_backfill.bigquery.faults import LOG_IN, with_advice
from nba_backfill.errors import BackfillError, ProjectError
from nba_backfill.windows import Window

# BigQuery bills at least so much for each table that a query reads.
MINIMUM_BYTES = 10 * 1024**2
SECONDS_TO_CONNECT = 20.0
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
            self._client = create_bigquery_client(credentials)
            self._client.query(
                "select 1",
                job_config=QueryJobConfig(dry_run=True),
                retry=DEFAULT_RETRY.with_timeout(SECONDS_TO_CONNECT),
                timeout=SECONDS_TO_CONNECT,
            )
        except (GoogleAuthError, DbtBaseException) as error:
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
            job = self._client.query(query, job_config=QueryJobConfig(dry_run=True, use_query_cache=False))
        except NotFound:
            # A table that the run itself will make: small, so the minimum is what it costs.
            return Estimate(0, MINIMUM_BYTES)
        except GoogleAPICallError as error:
            raise BackfillError(f"BigQuery can't estimate a query: {with_advice(str(error))}") from error
        read = int(job.total_bytes_processed or 0)
        return Estimate(read, max(read, MINIMUM_BYTES * max(1, len(job.referenced_tables))))

    def refusal_to_list(self, dataset: str) -> str | None:
        """BigQuery's error when it is asked what a dataset holds, None when it answers."""
        try:
            list(self._client.list_tables(dataset))
            list(self._client.list_routines(dataset))
        except (GoogleAPICallError, RetryError) as error:
            return str(error)
        return None

    def streaming_buffers(self, tables: Iterable[str]) -> list[tuple[str, int, datetime | None]]:
        """Those of the tables that have rows in a streaming buffer: name, rows, and since when the oldest is there."""
        found = []
        for name in tables:
            try:
                buffer = self._client.get_table(name).streaming_buffer
            except NotFound:
                continue
            if buffer:
                found.append((name, buffer.estimated_rows, buffer.oldest_entry_time))
        return found

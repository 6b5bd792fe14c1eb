"""What a statement has found or made, kept on the server, and put in its place when the same statement comes again.

The local server takes seconds for what BigQuery does in one: for the tests that break requests, it makes the same
tables out of the same rows again and again, and for unit tests an empty table of the same columns for each. What
writes a table that is kept, such as a MERGE, is never put back: that is what those tests are about.
"""

import re
from collections.abc import Callable
from itertools import count
from typing import Any

from bigquery_rig import BigQuery
from faulty_proxy import Request

KEPT_IN = "nba_kept_by_tests"
TABLE_OF_QUERY = re.compile(r"(create or replace table (\S+)\s.*?\sas \()\s", re.DOTALL | re.IGNORECASE)
# How the single row of a test's result is written down.
LITERALS: dict[str, Callable[[Any], str]] = {"INTEGER": str, "BOOLEAN": lambda value: str(value).lower()}

# What an invocation of dbt puts into its SQL: its own id.
INVOCATION = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")

# A window's table says which invocation has built it.
BUILT_BY = re.compile(rf"'({INVOCATION.pattern})' as built_by")

KeyOf = Callable[[Request], str]


def by_query_of_none_of(*tables: str) -> KeyOf:
    """The query as it stands, unless it reads one of the tables: those change."""

    def key(request: Request) -> str:
        sql = INVOCATION.sub("", request.sql)
        table = TABLE_OF_QUERY.search(sql)
        query = sql[table.end() :] if table else sql
        return "" if any(f"`{name}`" in query for name in tables) else query

    return key


class Remembered:
    """The results of statements whose tables nothing but other such statements changes from now on."""

    def __init__(self, server: BigQuery, key_of: KeyOf) -> None:
        """Statements with the same key have the same result. Those with an empty one are left alone."""
        self._server = server
        self._key_of = key_of
        self._queries: dict[str, str] = {}
        self._numbers = count()
        server.client.create_dataset(KEPT_IN, exists_ok=True)

    def put_back(self, request: Request, job: dict[str, Any]) -> dict[str, Any]:
        """The job, with a query of what it did the last time in the place of the query by which it did that."""
        query = self._queries.get(self._key_of(request))
        if query and not job["configuration"].get("dryRun"):
            table = TABLE_OF_QUERY.search(request.sql)
            asked = job["configuration"]["query"]
            asked["query"] = _made_of(request, table, query) if table else query
        return job

    def keep(self, request: Request) -> None:
        """Keep what a job has done that has just ended well."""
        key = self._key_of(request)
        if not key or key in self._queries or request.job["configuration"].get("dryRun"):
            return
        if table := TABLE_OF_QUERY.search(request.sql):
            kept = f"{KEPT_IN}.result_{next(self._numbers)}"
            self._server.run(f"create or replace table {kept} copy {table[2]}")
            self._queries[key] = f"copy {kept}"
        elif request.sql.lower().startswith("select"):
            found = self._server.client.get_job(request.job["jobReference"]["jobId"]).result()
            rows = list(found)
            if len(rows) == 1 and all(field.field_type in LITERALS for field in found.schema):
                values = [LITERALS[field.field_type](value) for field, value in zip(found.schema, rows[0], strict=True)]
                columns = [f"{value} as {field.name}" for field, value in zip(found.schema, values, strict=True)]
                self._queries[key] = f"select {', '.join(columns)}"


def _made_of(request: Request, table: re.Match[str], copy: str) -> str:
    """The table as a copy of a kept one, as if the invocation that asks for it had built it."""
    built_by = BUILT_BY.search(request.sql)
    if not built_by:
        return f"create or replace table {table[2]} {copy}"
    # With the partitions and options of the statement.
    return (
        f"{table[1].removesuffix('(')}select * replace ('{built_by[1]}' as built_by) from {copy.removeprefix('copy ')}"
    )

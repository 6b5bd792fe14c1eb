"""What a statement has found or made, kept on the server, and put in its place when the same statement comes again.

The local server takes seconds for what BigQuery does in one: for the tests that break requests, it makes the same
tables out of the same rows again and again, and for unit tests an empty table of the same columns for each. What
writes a table that is kept, such as a MERGE, is never put back: that is what those tests are about.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from itertools import count
from threading import Lock
from typing import Any

from bigquery_rig import BigQuery
from faulty_proxy import Request

KEPT_IN = "nba_kept_by_tests"
TABLE_OF_QUERY = re.compile(r"(create or replace table (\S+)\s.*?\sas \()\s", re.DOTALL | re.IGNORECASE)
# How the single row of a test's result is written down.
LITERALS: dict[str, Callable[[Any], str]] = {"INTEGER": str, "BOOLEAN": lambda value: str(value).lower()}
# SQL's names of the types that the API calls otherwise.
TYPES = {"INTEGER": "int64", "FLOAT": "float64", "BOOLEAN": "bool"}
# How dbt asks for the columns of a query.
COLUMNS_ONLY = re.compile(r"select \* from \(.*\) as __dbt_sbq\s+where false\b", re.DOTALL | re.IGNORECASE)

# What an invocation of dbt puts into its SQL: its own id, and when it began.
INVOCATION = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
BEGUN = re.compile(r"cast\('\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}' as timestamp\)")

# A table says which invocation has built it, and when.
BUILT_BY = re.compile(rf"('{INVOCATION.pattern}'|{BEGUN.pattern}) as (built_by|dbt_invocation_id|processed_at)\b")

KeyOf = Callable[[Request], str]


def by_query(unknown: Collection[str], known: Mapping[str, Callable[[], object]]) -> KeyOf:
    """The query as it stands, and what it reads of the known tables. Empty if it reads an unknown one: those change."""

    def key(request: Request) -> str:
        sql = BEGUN.sub("", INVOCATION.sub("", request.sql))
        table = TABLE_OF_QUERY.search(sql)
        if not table and not _is_query(sql):
            return ""
        query = sql[table.end() :] if table else sql
        if any(f"`{name}`" in query for name in unknown):
            return ""
        return query + "".join(f" {read()}" for name, read in known.items() if f"`{name}`" in query)

    return key


def by_node_of_columns(request: Request) -> str:
    """The model, of whose query dbt asks the columns, which are the same for every window. Empty of all else."""
    node = request.job["configuration"].get("labels", {}).get("node_name", "")
    return f"columns of {node}" if node and COLUMNS_ONLY.match(request.sql) else ""


def _is_query(sql: str) -> bool:
    return sql.lower().startswith("select")


class Remembered:
    """The results of statements whose tables nothing but other such statements changes from now on."""

    def __init__(self, server: BigQuery, key_of: KeyOf) -> None:
        """Statements with the same key have the same result. Those with an empty one are left alone."""
        self._server = server
        self._key_of = key_of
        self._queries: dict[str, str] = {}
        self._turns: dict[str, Lock] = {}
        self._numbers = count()
        server.client.create_dataset(KEPT_IN, exists_ok=True)

    @contextmanager
    def turn(self, request: Request) -> Iterator[str]:
        """The key of the job, while no other job has it: of several at once the others find what one has done."""
        key = "" if request.job["configuration"].get("dryRun") else self._key_of(request)
        with self._turns.setdefault(key, Lock()) if key else nullcontext():
            yield key

    def put_back(self, request: Request, key: str, job: dict[str, Any]) -> dict[str, Any]:
        """The job, with a query of what it did the last time in the place of the query by which it did that."""
        query = self._queries.get(key)
        if query:
            table = TABLE_OF_QUERY.search(request.sql)
            asked = job["configuration"]["query"]
            asked["query"] = _made_of(request, table, query) if table else query
        return job

    def keep(self, request: Request, key: str) -> None:
        """Keep what a job has done that has just ended well."""
        if not key or key in self._queries:
            return
        if table := TABLE_OF_QUERY.search(request.sql):
            kept = f"{KEPT_IN}.result_{next(self._numbers)}"
            self._server.run(f"create or replace table {kept} copy {table[2]}")
            self._queries[key] = f"copy {kept}"
        elif _is_query(request.sql):
            found = self._server.client.get_job(request.job["jobReference"]["jobId"]).result()
            rows = list(found)
            if not rows:
                names = [
                    f"cast(null as {TYPES.get(field.field_type, field.field_type)}) as {field.name}"
                    for field in found.schema
                ]
                self._queries[key] = f"select {', '.join(names)} from (select 1) where false"
            elif len(rows) == 1 and all(field.field_type in LITERALS for field in found.schema):
                values = [LITERALS[field.field_type](value) for field, value in zip(found.schema, rows[0], strict=True)]
                columns = [f"{value} as {field.name}" for field, value in zip(found.schema, values, strict=True)]
                self._queries[key] = f"select {', '.join(columns)}"


def _made_of(request: Request, table: re.Match[str], copy: str) -> str:
    """The table as a copy of a kept one, as if the invocation that asks for it had built it."""
    built_by = {match[match.lastindex or 0]: match[0] for match in BUILT_BY.finditer(request.sql)}
    if not built_by:
        return f"create or replace table {table[2]} {copy}"
    # With the partitions and options of the statement.
    return (
        f"{table[1].removesuffix('(')}select * replace ({', '.join(built_by.values())}) "
        f"from {copy.removeprefix('copy ')}"
    )

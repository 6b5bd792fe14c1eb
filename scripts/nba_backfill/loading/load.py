"""How files get into the raw tables of DuckDB without losing a value silently.

A file is read as it stands, every value is checked against its column's type, and only then do the file's rows take the
place of those that a file of the same name loaded before. Whatever stops a load leaves the database as it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]

from nba_backfill.errors import BackfillError, InputError
from nba_backfill.loading.files import (
    check_json_lines,
    csv_line,
    files_by_table,
    first_line,
    path_literal,
    read_csv,
    read_parquet,
    reading,
    unusable,
)
from nba_backfill.loading.tables import TYPES, RawTable
from nba_backfill.loading.values import converted_value, literal, present_value, quoted, shown_value

# Where a file's rows wait while they are checked. All SQL here is put together from names and literals that quoted and
# literal have quoted, and from the conversions below: that is what each `noqa: S608` stands for.
_STAGED = "temp.staged_raw_rows"


@dataclass(frozen=True)
class LoadedFile:
    """A file that was loaded: rows now in the table, rows of an earlier load that went, columns the table lacks."""

    path: Path
    table: str
    rows: int
    replaced: int
    ignored_columns: tuple[str, ...]


def load_directory(
    con: duckdb.DuckDBPyConnection, directory: Path, tables: Sequence[RawTable], *, may_empty: bool = False
) -> list[LoadedFile]:
    """Load every file of the directory that is named for a table (`<table>*` and one of SUFFIXES): all or none.

    A file's rows replace those that a file of the same name loaded before. The longest matching table name wins;
    folders in the directory are not read; tables are created where they are missing. Returns one entry per file, in
    order of their names. `con` must have no transaction open.

    Raises ArgumentError when there is no such directory. Raises InputError when it holds no file for any table, when a
    file that had rows has none any more and that is not said to be meant, when a file can't be used (naming it, and the
    row or line and the column where there is one) and when a table that exists lacks a column. Raises BackfillError
    when DuckDB can't store the rows.
    """
    files = files_by_table(directory, tables)
    with _transaction(con):
        loaded = [_load_file(con, path, table) for path, table in files]
        emptied = [file for file in loaded if file.replaced and not file.rows]
        if emptied and not may_empty:
            names, rows = ", ".join(file.path.name for file in emptied), sum(file.replaced for file in emptied)
            raise InputError(
                f"{names}: there is no row any more, where {rows:,} were loaded before. Nothing was loaded: pass "
                "--allow-empty if they are to go."
            )
        return loaded


def replace_rows(con: duckdb.DuckDBPyConnection, table: RawTable, data: pa.Table, loaded_from: str) -> int:
    """Put `data` in the place of the table's rows that came from `loaded_from`, in one transaction of its own.

    The data is checked as a Parquet file of that name would be, and the table is created when it is missing. Returns
    how many rows were replaced. `con` must have no transaction open. Raises InputError and BackfillError as
    `load_directory` does.
    """
    with _transaction(con):
        _stage_arrow(con, table, data, loaded_from)
        return _store_staged(con, table, loaded_from)[1]


def loaded_files(con: duckdb.DuckDBPyConnection, table: RawTable) -> set[str]:
    """The names that the table's rows were loaded from. Empty when there is no such table or row."""
    if "loaded_from" not in _existing_columns(con, table):
        return set()
    sql = f"select distinct loaded_from from {_target(table)} where loaded_from is not null"  # noqa: S608
    return {name for (name,) in con.execute(sql).fetchall()}


def _load_file(con: duckdb.DuckDBPyConnection, path: Path, table: RawTable) -> LoadedFile:
    name = path.name.lower()
    line_of = None
    if name.endswith(".parquet"):
        ignored = _stage_arrow(con, table, read_parquet(path), path.name)
    elif name.endswith((".csv", ".csv.gz")):
        ignored = _stage_arrow(con, table, read_csv(path), path.name)
        line_of = partial(csv_line, path)
    else:
        ignored = _stage_json_lines(con, table, path)
    rows, replaced = _store_staged(con, table, path.name, line_of)
    return LoadedFile(path, table.name, rows, replaced, ignored)


def _stage_arrow(con: duckdb.DuckDBPyConnection, table: RawTable, data: pa.Table, name: str) -> tuple[str, ...]:
    positions, ignored = _match_columns(table, data.column_names, name)
    values = [quoted(data.column_names[at]) for at in positions]
    with reading(name):
        con.register("raw_arrow_rows", data)
        try:
            _stage(con, table, values, "raw_arrow_rows")
        finally:
            con.unregister("raw_arrow_rows")
    return ignored


def _stage_json_lines(con: duckdb.DuckDBPyConnection, table: RawTable, path: Path) -> tuple[str, ...]:
    objects = f"read_ndjson_objects({path_literal(path)}, compression = 'uncompressed')"
    with reading(path.name, lambda: check_json_lines(path)):
        rows, not_object, repeating, key_lists = _one_row(
            con,
            f"""
            select
                count(*),
                min(row_number) filter (where kind != 'OBJECT'),
                min(row_number) filter (where len(keys) != len(list_distinct(keys))),
                list(distinct keys)
            from (
                select row_number() over () as row_number, json_type(json) as kind, json_keys(json) as keys
                from {objects}
            )
            """,  # noqa: S608
        )
    if not rows:
        raise unusable(path.name, "the file is empty")
    if not_object:
        raise unusable(f"{path.name}, row {not_object}", "this is not a JSON object; every line must be one")
    if repeating:
        raise unusable(f"{path.name}, row {repeating}", "the object has the same key twice")
    keys = sorted({key for keys in key_lists for key in keys})
    positions, ignored = _match_columns(table, keys, path.name)

    paths = ", ".join(literal(f'$."{keys[at]}"') for at in positions)
    relation = f"(select json_extract(json, [{paths}]) as v from {objects})"  # noqa: S608
    with reading(path.name):
        _stage(con, table, [f"v[{at}]" for at in range(1, len(positions) + 1)], relation)
    return ignored


def _match_columns(table: RawTable, names: Sequence[str], file: str) -> tuple[list[int], tuple[str, ...]]:
    """Return where each of the table's columns stands in `names`, and the names that are none of them."""
    found = [name.strip().lower() for name in names]
    twice = [name for name, count in Counter(found).items() if count > 1]
    if twice:
        raise unusable(file, f"more than one column is named {', '.join(name or '(nothing)' for name in twice)}")
    expected = [column.name.lower() for column in table.columns]
    missing = [name for name in expected if name not in found]
    if len(missing) == len(expected):
        raise unusable(
            file, f"it has none of the columns of {table.name}; a CSV file needs them in line 1, with commas"
        )
    if missing:
        raise unusable(file, f"columns of {table.name} are missing: {', '.join(missing)}")
    ignored = tuple(name or "(no name)" for name, key in zip(names, found, strict=True) if key not in expected)
    return [found.index(name) for name in expected], ignored


def _stage(con: duckdb.DuckDBPyConnection, table: RawTable, values: Sequence[str], relation: str) -> None:
    """Keep the values in the file's own types, under the table's column names, numbered in the order of the file."""
    names = [quoted(column.name) for column in table.columns]
    named = ", ".join(f"{value} as {name}" for value, name in zip(values, names, strict=True))
    rows = f"select {named} from {relation}"  # noqa: S608
    types = [kind for _, kind, *_ in con.execute(f"describe {rows}").fetchall()]
    present = ", ".join(
        f"{present_value(name, kind, column.data_type)} as {name}"
        for name, kind, column in zip(names, types, table.columns, strict=True)
    )
    con.execute(
        f"create or replace temp table {_STAGED} as select row_number() over () as row_number, {present} from ({rows})"  # noqa: S608
    )


def _store_staged(
    con: duckdb.DuckDBPyConnection, table: RawTable, loaded_from: str, line_of: Callable[[int], int] | None = None
) -> tuple[int, int]:
    """Check the staged rows, then put them in the place of those from `loaded_from`. Return rows stored and replaced.

    `line_of` says on which line a row stands, for a file whose lines are not its rows.
    """
    types = {name: kind for name, kind, *_ in con.execute(f"describe {_STAGED}").fetchall()}
    names = [quoted(column.name) for column in table.columns]
    converted = [converted_value(quoted(column.name), types[column.name], column.data_type) for column in table.columns]

    lost = [f"{name} is not null and {new} is null" for name, new in zip(names, converted, strict=True)]
    counts = ", ".join(f"min(row_number) filter (where {bad}), count(*) filter (where {bad})" for bad in lost)
    found = _one_row(con, f"select {counts} from {_STAGED}")  # noqa: S608
    bad_rows = [(row, at) for at, row in enumerate(found[::2]) if row is not None]
    if bad_rows:
        row, at = min(bad_rows)
        column = table.columns[at]
        (value,) = _one_row(con, f"select {names[at]}::varchar from {_STAGED} where row_number = ?", [row])  # noqa: S608
        line = f" (line {line_of(row)})" if line_of else ""
        bad_values = sum(found[1::2])
        raise unusable(
            f"{loaded_from}, row {row}{line}, column {column.name}",
            f"{shown_value(value, types[column.name])} is not {TYPES[column.data_type][1]}"
            + (f" (the first of {bad_values} such values)" if bad_values > 1 else ""),
        )

    _ensure_table(con, table)
    target = _target(table)
    (replaced,) = _one_row(con, f"delete from {target} where loaded_from = ?", [loaded_from])  # noqa: S608
    (rows,) = _one_row(
        con,
        f"insert into {target} ({', '.join(names)}, loaded_from) "  # noqa: S608
        f"select {', '.join(converted)}, ? from {_STAGED}",
        [loaded_from],
    )
    con.execute(f"drop table {_STAGED}")
    return rows, replaced


def _target(table: RawTable) -> str:
    return f"{quoted(table.schema)}.{quoted(table.name)}"


def _existing_columns(con: duckdb.DuckDBPyConnection, table: RawTable) -> dict[str, str]:
    rows = con.execute(
        "select lower(column_name), data_type from duckdb_columns() where database_name = current_database() "
        "and lower(schema_name) = ? and lower(table_name) = ?",
        [table.schema.lower(), table.name.lower()],
    ).fetchall()
    return dict(rows)


def _ensure_table(con: duckdb.DuckDBPyConnection, table: RawTable) -> None:
    """Create the table where it is missing; refuse one that is there with other columns."""
    expected = {column.name: TYPES[column.data_type][0] for column in table.columns} | {"loaded_from": "VARCHAR"}
    found = _existing_columns(con, table)
    if not found:
        columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in expected.items())
        con.execute(f"create schema if not exists {quoted(table.schema)}")
        con.execute(f"create table {_target(table)} ({columns})")
        return
    wrong = [f"{name} {kind}" for name, kind in expected.items() if found.get(name.lower()) != kind]
    if wrong:
        raise InputError(
            f"Table {table.schema}.{table.name} exists, but not with the columns that loading needs: it lacks "
            f"{', '.join(wrong)}. Rename or drop it, then load again; nothing was loaded."
        )


@contextmanager
def _transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    con.execute("begin transaction")
    try:
        yield
        con.execute("commit")
    except BaseException as error:
        # A commit that failed has rolled back already.
        with suppress(duckdb.Error):
            con.execute("rollback")
        if isinstance(error, duckdb.Error):
            raise BackfillError(f"DuckDB can't store the rows: {first_line(error)}. Nothing was loaded.") from error
        raise


def _one_row(con: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[object] = ()) -> tuple[Any, ...]:
    row: tuple[Any, ...] = con.execute(sql, list(parameters)).fetchall()[0]
    return row

"""Raw tables in DuckDB: which there are, and how files get into them without losing a value silently.

A file is read as it stands, every value is checked against its column's type, and only then do the file's rows take the
place of those that a file of the same name loaded before. Whatever stops a load leaves the database as it was.

What a value may look like, in every format:

- Whole numbers may carry a fraction of zeros (`12.0`): a column with gaps often becomes floating point on its way here.
- NaN in a floating-point column, or bare in JSON, is NULL for the same reason. Infinity is an error.
- Text columns take text, and numbers as their digits. Nothing else: a time 12:47:00 was the minutes `12:47` once.
- Booleans are true, false, 1 or 0. Dates are ISO dates, or ISO timestamps at midnight.
- Timestamps are ISO timestamps of whole microseconds. Those with a time zone become UTC, those without are UTC.
- An empty text is NULL, except in a text column. In CSV `""` is an empty text, nothing at all is NULL.
"""

from __future__ import annotations

import csv
import glob
import gzip
import io
import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.csv as pc  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import yaml  # type: ignore[import-untyped]

from nba_backfill.errors import ArgumentError, BackfillError, InputError, ProjectError

SUFFIXES = (".parquet", ".csv", ".csv.gz", ".jsonl", ".ndjson", ".json")

# By dbt type: DuckDB's type, and what a bad value is said not to be.
_TYPES = {
    "string": ("VARCHAR", "text"),
    "bigint": ("BIGINT", "a whole number"),
    "double": ("DOUBLE", "a number"),
    "boolean": ("BOOLEAN", "true or false"),
    "date": ("DATE", "a date such as 2022-01-31"),
    "timestamp": ("TIMESTAMP", "a timestamp such as 2022-01-31 19:30:00"),
}
_NUMERIC_TYPE = re.compile(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL\(.*\)")

# What a value's text looks like, in the regular expressions of DuckDB.
_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
_WHOLE_NUMBER = r"^([+-]?\d+)(\.0*)?$"
_ZONE = r" ?(Z|UTC|[+-]\d\d(:?\d\d)?)"
_DATE = r"\d{4}-\d\d-\d\d([ T]00:00(:00(\.0*)?)?( ?(Z|UTC|[+-]00(:?00)?))?)?"
_TIMESTAMP = rf"\d{{4}}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{{1,6}}0*)?)?({_ZONE})?)?"

# Where a file's rows wait while they are checked. All SQL here is put together from names and literals that _quoted and
# _literal have quoted, and from the conversions below: that is what each `noqa: S608` stands for.
_STAGED = "temp.staged_raw_rows"
_SCHEMA_VAR = re.compile(r"\{\{\s*var\(\s*['\"](\w+)['\"]\s*\)\s*\}\}")


@dataclass(frozen=True)
class RawColumn:
    """A column of a raw table. `data_type` is dbt's: string, bigint, double, boolean, date or timestamp."""

    name: str
    data_type: str


@dataclass(frozen=True)
class RawTable:
    """A raw table as the project's sources declare it."""

    schema: str
    name: str
    columns: tuple[RawColumn, ...]


@dataclass(frozen=True)
class LoadedFile:
    """A file that was loaded: rows now in the table, rows of an earlier load that went, columns the table lacks."""

    path: Path
    table: str
    rows: int
    replaced: int
    ignored_columns: tuple[str, ...]


def raw_tables(project_dir: Path) -> tuple[RawTable, ...]:
    """Return the raw tables that `models/staging/*/_sources.yml` declares, with the schemas that dbt_project.yml sets.

    Raises ProjectError when the directory is no dbt project or its sources can't be understood.
    """
    project_file = project_dir / "dbt_project.yml"
    if not project_file.is_file():
        raise ProjectError(f"{project_dir} has no dbt_project.yml. Work in the directory of the dbt project.")
    project = _yaml(project_file)
    variables = project.get("vars") or {}
    variables = {**variables, **(variables.get(project.get("name")) or {})}

    tables = []
    for file in sorted(project_dir.glob("models/staging/*/_sources.yml")):
        for source in _yaml(file).get("sources") or []:
            schema = _schema(file, source, variables)
            tables += [_raw_table(file, schema, table) for table in source.get("tables") or []]
    if not tables:
        raise ProjectError(f"No _sources.yml in {project_dir / 'models/staging'} declares a raw table.")
    return tuple(tables)


def load_directory(con: duckdb.DuckDBPyConnection, directory: Path, tables: Sequence[RawTable]) -> list[LoadedFile]:
    """Load every file of the directory that is named for a table (`<table>*` and one of SUFFIXES): all or none.

    A file's rows replace those that a file of the same name loaded before. The longest matching table name wins;
    folders in the directory are not read; tables are created where they are missing. Returns one entry per file, in
    order of their names. `con` must have no transaction open.

    Raises ArgumentError when there is no such directory. Raises InputError when it holds no file for any table, when a
    file can't be used (naming it, and the row or line and the column where there is one) and when a table that exists
    lacks a column. Raises BackfillError when DuckDB can't store the rows.
    """
    files = _files_by_table(directory, tables)
    with _transaction(con):
        return [_load_file(con, path, table) for path, table in files]


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


def _yaml(file: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ProjectError(f"{file} can't be read as YAML: {error}") from error
    return content if isinstance(content, dict) else {}


def _schema(file: Path, source: dict[str, Any], variables: dict[str, Any]) -> str:
    declared = str(source.get("schema") or source["name"])
    if "{{" not in declared:
        return declared
    var = _SCHEMA_VAR.fullmatch(declared)
    if var is None or variables.get(var[1]) is None:
        raise ProjectError(f"{file}: the schema {declared} is not a var that dbt_project.yml sets.")
    return str(variables[var[1]])


def _raw_table(file: Path, schema: str, declared: dict[str, Any]) -> RawTable:
    columns = tuple(RawColumn(c["name"], str(c.get("data_type"))) for c in declared.get("columns") or [])
    for column in columns:
        if column.data_type not in _TYPES:
            raise ProjectError(
                f"{file}, table {declared['name']}, column {column.name}: data_type is {column.data_type}, "
                f"but a raw column's is one of {', '.join(_TYPES)}."
            )
    return RawTable(schema, declared["name"], columns)


def _files_by_table(directory: Path, tables: Sequence[RawTable]) -> list[tuple[Path, RawTable]]:
    if not directory.is_dir():
        raise ArgumentError(f"{directory} is not a directory. Give the directory that holds the raw files.")
    longest_first = sorted(tables, key=lambda table: -len(table.name))
    files = []
    for path in sorted(directory.iterdir()):
        table = next((table for table in longest_first if path.name.startswith(table.name)), None)
        if table and path.name.lower().endswith(SUFFIXES) and path.is_file():
            files.append((path, table))
    if not files:
        raise InputError(
            f"{directory} holds no file for a raw table. Name files <table>* with one of {', '.join(SUFFIXES)}; "
            f"the tables are {', '.join(sorted(table.name for table in tables))}."
        )
    return files


def _load_file(con: duckdb.DuckDBPyConnection, path: Path, table: RawTable) -> LoadedFile:
    name = path.name.lower()
    line_of = None
    if name.endswith(".parquet"):
        ignored = _stage_arrow(con, table, _read_parquet(path), path.name)
    elif name.endswith((".csv", ".csv.gz")):
        ignored = _stage_arrow(con, table, _read_csv(path), path.name)
        line_of = partial(_csv_line, path)
    else:
        ignored = _stage_json_lines(con, table, path)
    rows, replaced = _store_staged(con, table, path.name, line_of)
    return LoadedFile(path, table.name, rows, replaced, ignored)


def _read_parquet(path: Path) -> pa.Table:
    """Read with Arrow: DuckDB renames duplicate columns and can answer from the footer of an earlier file."""
    with _reading(path.name), pq.ParquetFile(path, page_checksum_verification=True) as file:
        return file.read()


def _read_csv(path: Path) -> pa.Table:
    """Read every field as text, after a strict pass that names the line of what fast readers let go.

    DuckDB takes the beginning of a truncated gzip file for all of it, drops empty fields beyond the header's and is at
    odds with mixed line ends; Arrow closes a quote that is open at the end.
    """
    header: list[str] = []
    rows = -1
    for line, fields in _csv_records(path):
        header = header or fields
        if rows < 0 and line > 1:
            raise _unusable(f"{path.name}, line 1", "the line is blank, but the first line must name the columns")
        if len(fields) != len(header):
            raise _unusable(
                f"{path.name}, line {line}", f"the line has {len(fields)} fields, but line 1 has {len(header)}"
            )
        rows += 1
    if not header:
        raise _unusable(path.name, "the file is empty")

    numbered = [str(at) for at in range(len(header))]
    with _reading(path.name), _opened(path) as content:
        data = pc.read_csv(
            content,
            pc.ReadOptions(column_names=numbered),
            pc.ParseOptions(newlines_in_values=True),
            pc.ConvertOptions(
                column_types=dict.fromkeys(numbered, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        ).slice(1)
    if data.num_rows != rows:
        raise _unusable(path.name, f"it has {rows} rows when read strictly and {data.num_rows} when not")
    return data.rename_columns(header)


def _stage_arrow(con: duckdb.DuckDBPyConnection, table: RawTable, data: pa.Table, name: str) -> tuple[str, ...]:
    positions, ignored = _match_columns(table, data.column_names, name)
    values = [_quoted(data.column_names[at]) for at in positions]
    with _reading(name):
        con.register("raw_arrow_rows", data)
        try:
            _stage(con, table, values, "raw_arrow_rows")
        finally:
            con.unregister("raw_arrow_rows")
    return ignored


def _stage_json_lines(con: duckdb.DuckDBPyConnection, table: RawTable, path: Path) -> tuple[str, ...]:
    objects = f"read_ndjson_objects({_path(path)}, compression = 'uncompressed')"
    with _reading(path.name, lambda: _check_json_lines(path)):
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
        raise _unusable(path.name, "the file is empty")
    if not_object:
        raise _unusable(f"{path.name}, row {not_object}", "this is not a JSON object; every line must be one")
    if repeating:
        raise _unusable(f"{path.name}, row {repeating}", "the object has the same key twice")
    keys = sorted({key for keys in key_lists for key in keys})
    positions, ignored = _match_columns(table, keys, path.name)

    paths = ", ".join(_literal(f'$."{keys[at]}"') for at in positions)
    relation = f"(select json_extract(json, [{paths}]) as v from {objects})"  # noqa: S608
    with _reading(path.name):
        _stage(con, table, [f"v[{at}]" for at in range(1, len(positions) + 1)], relation)
    return ignored


def _match_columns(table: RawTable, names: Sequence[str], file: str) -> tuple[list[int], tuple[str, ...]]:
    """Return where each of the table's columns stands in `names`, and the names that are none of them."""
    found = [name.strip().lower() for name in names]
    twice = [name for name, count in Counter(found).items() if count > 1]
    if twice:
        raise _unusable(file, f"more than one column is named {', '.join(name or '(nothing)' for name in twice)}")
    expected = [column.name.lower() for column in table.columns]
    missing = [name for name in expected if name not in found]
    if len(missing) == len(expected):
        raise _unusable(
            file, f"it has none of the columns of {table.name}; a CSV file needs them in line 1, with commas"
        )
    if missing:
        raise _unusable(file, f"columns of {table.name} are missing: {', '.join(missing)}")
    ignored = tuple(name or "(no name)" for name, key in zip(names, found, strict=True) if key not in expected)
    return [found.index(name) for name in expected], ignored


def _stage(con: duckdb.DuckDBPyConnection, table: RawTable, values: Sequence[str], relation: str) -> None:
    """Keep the values in the file's own types, under the table's column names, numbered in the order of the file."""
    names = [_quoted(column.name) for column in table.columns]
    named = ", ".join(f"{value} as {name}" for value, name in zip(values, names, strict=True))
    rows = f"select {named} from {relation}"  # noqa: S608
    types = [kind for _, kind, *_ in con.execute(f"describe {rows}").fetchall()]
    present = ", ".join(
        f"{_present(name, kind, column.data_type)} as {name}"
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
    names = [_quoted(column.name) for column in table.columns]
    converted = [_converted(_quoted(column.name), types[column.name], column.data_type) for column in table.columns]

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
        raise _unusable(
            f"{loaded_from}, row {row}{line}, column {column.name}",
            f"{_shown(value, types[column.name])} is not {_TYPES[column.data_type][1]}"
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


def _present(value: str, source: str, target: str) -> str:
    """Return SQL for the value, NULL where it only stands for none."""
    if source in ("FLOAT", "DOUBLE"):
        return f"nullif({value}, 'NaN')"
    if source == "JSON":
        nothing = "'null', 'NaN'" if target == "string" else "'null', 'NaN', '\"\"'"
        return f"case when {value}::varchar not in ({nothing}) then {value} end"
    return f"nullif({value}, '')" if source == "VARCHAR" and target != "string" else value


def _converted(value: str, source: str, target: str) -> str:
    """Return SQL for the value in the target's type, NULL where that would change what it says.

    A value of another type goes by way of its text, so that all formats obey one set of rules. DuckDB's own casts are
    too kind: they round 12.5 to a whole number, drop times and time zones, and take `1_000` for a number.
    """
    if target == "string":
        return _converted_to_text(value, source)
    if source == _TYPES[target][0]:
        return f"case when isfinite({value}) then {value} end" if target == "double" else value

    if source == "JSON":
        text = f"trim({value} ->> '$')"
    elif source == "TIMESTAMP WITH TIME ZONE":
        # Not its text, which is in the time zone of the session.
        text = f"make_timestamp(epoch_us({value}))::varchar"
    else:
        text = f"trim({value}::varchar)"

    if target == "bigint":
        return f"try_cast(regexp_extract({text}, '{_WHOLE_NUMBER}', 1) as bigint)"
    if target == "double":
        number = f"try_cast({text} as double)"
        return f"case when regexp_full_match({text}, '{_NUMBER}') and isfinite({number}) then {number} end"
    if target == "boolean":
        return f"case when lower({text}) in ('true', 'false', '1', '0') then {text}::boolean end"
    if target == "date":
        return f"case when regexp_full_match({text}, '{_DATE}') then try_cast(left({text}, 10) as date) end"
    # A cast to timestamp ignores the zone, a cast to timestamptz puts the session's zone where there is none.
    return (
        f"case when not regexp_full_match({text}, '{_TIMESTAMP}') then null "
        f"when regexp_matches({text}, ':.*{_ZONE}$') then make_timestamp(epoch_us(try_cast({text} as timestamptz))) "
        f"else try_cast({text} as timestamp) end"
    )


def _converted_to_text(value: str, source: str) -> str:
    if source == "VARCHAR":
        return value
    text = f"({value} ->> '$')" if source == "JSON" else f"{value}::varchar"
    digits = f"case when regexp_full_match({text}, '{_NUMBER}') then regexp_replace({text}, '\\.0+$', '') end"
    if source == "JSON":
        return f"case when json_type({value}) = 'VARCHAR' then {text} else {digits} end"
    return digits if _NUMERIC_TYPE.fullmatch(source) else "null::varchar"


def _target(table: RawTable) -> str:
    return f"{_quoted(table.schema)}.{_quoted(table.name)}"


def _existing_columns(con: duckdb.DuckDBPyConnection, table: RawTable) -> dict[str, str]:
    rows = con.execute(
        "select lower(column_name), data_type from duckdb_columns() where database_name = current_database() "
        "and lower(schema_name) = ? and lower(table_name) = ?",
        [table.schema.lower(), table.name.lower()],
    ).fetchall()
    return dict(rows)


def _ensure_table(con: duckdb.DuckDBPyConnection, table: RawTable) -> None:
    """Create the table where it is missing; refuse one that is there with other columns."""
    expected = {column.name: _TYPES[column.data_type][0] for column in table.columns} | {"loaded_from": "VARCHAR"}
    found = _existing_columns(con, table)
    if not found:
        columns = ", ".join(f"{_quoted(name)} {kind}" for name, kind in expected.items())
        con.execute(f"create schema if not exists {_quoted(table.schema)}")
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
            raise BackfillError(f"DuckDB can't store the rows: {_first_line(error)}. Nothing was loaded.") from error
        raise


@contextmanager
def _reading(name: str, find_fault: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Turn whatever a reader raises into an InputError: the one that `find_fault` raises, or the reader's own words."""
    try:
        yield
    except (duckdb.Error, pa.ArrowException, OSError, EOFError, zlib.error) as error:
        find_fault()
        raise _unusable(name, f"the file can't be read: {_first_line(error)}") from error


@contextmanager
def _opened(path: Path) -> Iterator[gzip.GzipFile | io.BufferedReader]:
    with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as content:
        yield content


def _csv_records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield every record: the line on which it begins, and its fields. Blank lines are none."""
    with _reading(path.name), _opened(path) as lines:
        reader = csv.reader((line.decode("utf-8-sig") for line in lines), strict=True)
        begins = 1
        try:
            for fields in reader:
                if fields:
                    yield begins, fields
                begins = reader.line_num + 1
        except UnicodeDecodeError as error:
            raise _unusable(f"{path.name}, line {reader.line_num + 1}", "the line is not UTF-8 text") from error
        except csv.Error as error:
            raise _unusable(f"{path.name}, line {begins}", "this is not CSV; look at quotes and line ends") from error


def _csv_line(path: Path, row: int) -> int:
    return next(islice(_csv_records(path), row, None))[0]


def _check_json_lines(path: Path) -> None:
    """Name the line on which a file that DuckDB refuses is wrong; its own line numbers are one too high."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                json.loads(line.decode() if line.strip() else "{}")
            except ValueError as error:
                wrong = "UTF-8 text" if isinstance(error, UnicodeDecodeError) else "a complete JSON object"
                raise _unusable(f"{path.name}, line {number}", f"the line is not {wrong}") from error


def _unusable(where: str, what: str) -> InputError:
    return InputError(f"{where}: {what}. Correct the file and load it again; nothing was loaded.")


def _shown(value: str, source: str) -> str:
    short = value if len(value) <= 60 else value[:60] + "…"
    if source == "VARCHAR":
        return repr(short)
    return short if source == "JSON" else f"{short} ({source})"


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(". ")


def _one_row(con: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[object] = ()) -> tuple[Any, ...]:
    row: tuple[Any, ...] = con.execute(sql, list(parameters)).fetchall()[0]
    return row


def _path(path: Path) -> str:
    """Quote a path for a reader, which would take *, ? and [ for a pattern."""
    return _literal(glob.escape(str(path.absolute())))


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'

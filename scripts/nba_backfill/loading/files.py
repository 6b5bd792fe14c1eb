"""Files as they stand: which there are for the raw tables, and what they hold, with nothing let go."""

from __future__ import annotations

import csv
import glob
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.csv as pc  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from nba_backfill.errors import ArgumentError, InputError
from nba_backfill.loading.tables import RawTable
from nba_backfill.loading.values import literal

SUFFIXES = (".parquet", ".csv", ".csv.gz", ".jsonl", ".ndjson", ".json")


def files_by_table(directory: Path, tables: Sequence[RawTable]) -> list[tuple[Path, RawTable]]:
    if not directory.is_dir():
        raise ArgumentError(f"{directory} is not a directory. Give the directory that holds the raw files.")
    longest_first = sorted(tables, key=lambda table: -len(table.name))
    files = []
    for path in sorted(directory.iterdir()):
        name = path.name.lower()
        table = next((table for table in longest_first if name.startswith(table.name.lower())), None)
        if table and name.endswith(SUFFIXES) and path.is_file():
            files.append((path, table))
    if not files:
        raise InputError(
            f"{directory} holds no file for a raw table. Name files <table>* with one of {', '.join(SUFFIXES)}; "
            f"the tables are {', '.join(sorted(table.name for table in tables))}."
        )
    return files


def read_parquet(path: Path) -> pa.Table:
    """Read with Arrow: DuckDB renames duplicate columns and can answer from the footer of an earlier file."""
    with reading(path.name), pq.ParquetFile(path, page_checksum_verification=True) as file:
        return file.read()


def read_csv(path: Path) -> pa.Table:
    """Read every field as text, after a strict pass that names the line of what fast readers let go.

    DuckDB takes the beginning of a truncated gzip file for all of it, drops empty fields beyond the header's and is at
    odds with mixed line ends; Arrow closes a quote that is open at the end.
    """
    header: list[str] = []
    rows = -1
    for line, fields in _csv_records(path):
        header = header or fields
        if rows < 0 and line > 1:
            raise unusable(f"{path.name}, line 1", "the line is blank, but the first line must name the columns")
        if len(fields) != len(header):
            raise unusable(
                f"{path.name}, line {line}", f"the line has {len(fields)} fields, but line 1 has {len(header)}"
            )
        rows += 1
    if not header:
        raise unusable(path.name, "the file is empty")

    numbered = [str(at) for at in range(len(header))]
    with reading(path.name), _opened(path) as content:
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
        raise unusable(path.name, f"it has {rows} rows when read strictly and {data.num_rows} when not")
    return data.rename_columns(header)


@contextmanager
def reading(name: str, find_fault: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Turn whatever a reader raises into an InputError: the one that `find_fault` raises, or the reader's own words."""
    try:
        yield
    except (duckdb.Error, pa.ArrowException, OSError, EOFError, zlib.error) as error:
        find_fault()
        raise unusable(name, f"the file can't be read: {first_line(error)}") from error


@contextmanager
def _opened(path: Path) -> Iterator[gzip.GzipFile | io.BufferedReader]:
    with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as content:
        yield content


def _csv_records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield every record: the line on which it begins, and its fields. Blank lines are none."""
    with reading(path.name), _opened(path) as lines:
        reader = csv.reader((line.decode("utf-8-sig") for line in lines), strict=True)
        begins = 1
        try:
            for fields in reader:
                if fields:
                    yield begins, fields
                begins = reader.line_num + 1
        except UnicodeDecodeError as error:
            raise unusable(f"{path.name}, line {reader.line_num + 1}", "the line is not UTF-8 text") from error
        except csv.Error as error:
            raise unusable(f"{path.name}, line {begins}", "this is not CSV; look at quotes and line ends") from error


def csv_line(path: Path, row: int) -> int:
    return next(islice(_csv_records(path), row, None))[0]


def check_json_lines(path: Path) -> None:
    """Name the line on which a file that DuckDB refuses is wrong; its own line numbers are one too high."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                json.loads(line.decode() if line.strip() else "{}")
            except ValueError as error:
                wrong = "UTF-8 text" if isinstance(error, UnicodeDecodeError) else "a complete JSON object"
                raise unusable(f"{path.name}, line {number}", f"the line is not {wrong}") from error


def unusable(where: str, what: str) -> InputError:
    return InputError(f"{where}: {what}. Correct the file and load it again; nothing was loaded.")


def first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(". ")


def path_literal(path: Path) -> str:
    """Quote a path for a reader, which would take *, ? and [ for a pattern."""
    return literal(glob.escape(str(path.absolute())))

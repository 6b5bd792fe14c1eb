"""Loading raw files: what gets in, what is refused and in which words, and that a refusal changes nothing."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from nba_backfill.errors import ArgumentError, BackfillError, InputError, ProjectError
from nba_backfill.loading.load import LoadedFile, load_directory, loaded_files, replace_rows
from nba_backfill.loading.tables import RawColumn, RawTable, raw_tables

REPOSITORY = Path(__file__).parents[2]
SHARED_RAW = REPOSITORY.parent / "shared" / "data" / "raw"

SCORES = RawTable(
    "nba_raw",
    "scores",
    (
        RawColumn("player", "string"),
        RawColumn("minutes", "string"),
        RawColumn("points", "bigint"),
        RawColumn("pct", "double"),
        RawColumn("is_home", "boolean"),
        RawColumn("game_date", "date"),
        RawColumn("processed_at", "timestamp"),
    ),
)
SCORES_V2 = RawTable("nba_raw", "scores_v2", (RawColumn("player", "string"),))
TABLES = (SCORES, SCORES_V2)
NAMES = [column.name for column in SCORES.columns]
ARROW = pa.schema(
    {
        "player": pa.string(),
        "minutes": pa.string(),
        "points": pa.int64(),
        "pct": pa.float64(),
        "is_home": pa.bool_(),
        "game_date": pa.date32(),
        "processed_at": pa.timestamp("us"),
    }
)

Row = tuple[Any, ...]
DAY, NOON = date(2022, 1, 10), datetime(2022, 1, 11, 12, 30, 15, 250000)  # noqa: DTZ001 raw timestamps carry no zone
ROWS: list[Row] = [
    ("Nikola Jokić", "34", 26, 0.5, True, DAY, NOON),
    ('O"Neal, "Shaq"\nJr.', "", 0, None, False, DAY, NOON),
    (None, None, None, None, None, None, None),
    (" 'x' ", "04", -3, 1e-7, True, DAY, NOON),
]


def csv_text(rows: Sequence[Row], names: Sequence[str] = NAMES) -> str:
    """Write texts in quotes and NULL as nothing, so that '' and NULL differ."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        cells = ('"' + v.replace('"', '""') + '"' if isinstance(v, str) else "" if v is None else str(v) for v in row)
        text.write(",".join(cells) + "\n")
    return text.getvalue()


def write_csv(path: Path, rows: Sequence[Row], names: Sequence[str] = NAMES) -> None:
    path.write_text(csv_text(rows, names), encoding="utf-8")


def write_gzipped_csv(path: Path, rows: Sequence[Row], names: Sequence[str] = NAMES) -> None:
    path.write_bytes(gzip.compress(csv_text(rows, names).encode()))


def write_json_lines(path: Path, rows: Sequence[Row], names: Sequence[str] = NAMES) -> None:
    objects = (json.dumps(dict(zip(names, row, strict=True)), default=str) for row in rows)
    path.write_text("".join(f"{line}\n" for line in objects), encoding="utf-8")


def write_parquet(path: Path, rows: Sequence[Row], names: Sequence[str] = NAMES) -> None:
    """Write the columns with SCORES' types where the values allow it, as text otherwise."""
    arrays = []
    for name, values in zip(names, zip(*rows, strict=True), strict=True):
        kind = ARROW.field(name.lower()).type if name.lower() in ARROW.names else pa.string()
        try:
            arrays.append(pa.array(values, kind))
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            arrays.append(pa.array([None if value is None else str(value) for value in values]))
    pq.write_table(pa.Table.from_arrays(arrays, names=list(names)), path)


Writer = Callable[..., None]
WRITERS: dict[str, Writer] = {
    "scores.csv": write_csv,
    "scores.csv.gz": write_gzipped_csv,
    "scores.jsonl": write_json_lines,
    "scores.ndjson": write_json_lines,
    "scores.json": write_json_lines,
    "scores.parquet": write_parquet,
}
every_format = pytest.mark.parametrize(("name", "write"), WRITERS.items(), ids=WRITERS)
one_of_each = pytest.mark.parametrize(
    ("name", "write"), [item for item in WRITERS.items() if item[0].endswith(("csv", "jsonl", "parquet"))]
)


@pytest.fixture
def con(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(tmp_path / "nba.duckdb")) as connection:
        yield connection


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    directory = tmp_path / "raw"
    directory.mkdir()
    return directory


def stored(con: duckdb.DuckDBPyConnection, table: RawTable = SCORES) -> list[Row]:
    names = ", ".join(column.name for column in table.columns)
    return con.execute(f"select {names} from {table.schema}.{table.name} order by loaded_from, rowid").fetchall()


def refusal(con: duckdb.DuckDBPyConnection, directory: Path) -> str:
    """Return the sentence with which a load is refused, after checking that the refusal left nothing behind."""
    tables = con.execute("select table_schema, table_name from information_schema.tables").fetchall()
    with pytest.raises(InputError) as refused:
        load_directory(con, directory, TABLES)
    assert con.execute("select table_schema, table_name from information_schema.tables").fetchall() == tables
    return str(refused.value)


def cell(column: str, value: object) -> Row:
    """Return a row of NULLs but for one column."""
    return tuple(value if name == column else None for name in NAMES)


# Which tables there are


def project(path: Path, variables: str, sources: str | None = None) -> Path:
    (path / "dbt_project.yml").write_text(f"name: nba\nvars:\n{variables}")
    if sources is None:
        shutil.copytree(REPOSITORY / "models" / "staging", path / "models" / "staging")
    else:
        (path / "models" / "staging" / "any").mkdir(parents=True)
        (path / "models" / "staging" / "any" / "_any__sources.yml").write_text(sources)
    return path


def test_raw_tables_are_the_ones_that_the_sources_declare(tmp_path: Path) -> None:
    tables = raw_tables(project(tmp_path, "  raw_schema: nba_raw\n  reference_schema: elsewhere\n"))

    assert {(table.schema, table.name) for table in tables} == {
        ("nba_raw", "bdl_player_boxscores"),
        ("nba_raw", "nbac_gamebook_player_stats"),
        ("elsewhere", "nba_players_registry"),
    }
    bdl = next(table for table in tables if table.name == "bdl_player_boxscores")
    assert RawColumn("minutes", "string") in bdl.columns
    assert RawColumn("game_date", "date") in bdl.columns
    assert RawColumn("processed_at", "timestamp") in bdl.columns


def test_vars_of_the_project_itself_come_before_the_vars_of_all(tmp_path: Path) -> None:
    variables = "  raw_schema: all\n  reference_schema: all\n  nba:\n    raw_schema: own\n"
    assert {table.schema for table in raw_tables(project(tmp_path, variables))} == {"own", "all"}


def test_directory_that_is_no_project_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"has no dbt_project\.yml\. Work in the directory of the dbt project\."):
        raw_tables(tmp_path)


@pytest.mark.parametrize(
    ("sources", "sentence"),
    [
        (
            "sources: [{name: s, schema: \"{{ var('raw_schema') }}\", tables: []}]",
            "the schema {{ var('raw_schema') }} is not a var that dbt_project.yml sets.",
        ),
        (
            "sources: [{name: s, schema: \"{{ env_var('RAW') }}\", tables: []}]",
            "the schema {{ env_var('RAW') }} is not a var that dbt_project.yml sets.",
        ),
        (
            "sources: [{name: s, tables: [{name: t, columns: [{name: c, data_type: array}]}]}]",
            "table t, column c: data_type is array, but a raw column's is one of string, bigint",
        ),
        ("version: 2", "declares a raw table"),
        ("sources: [", "can't be read as YAML"),
    ],
)
def test_sources_that_cannot_be_understood_are_named(tmp_path: Path, sources: str, sentence: str) -> None:
    with pytest.raises(ProjectError, match=r"_sources\.yml") as wrong:
        raw_tables(project(tmp_path, "  other: x\n", sources))
    assert sentence in str(wrong.value)


# What gets in


@every_format
def test_every_format_loads_the_same_rows(con: duckdb.DuckDBPyConnection, raw: Path, name: str, write: Writer) -> None:
    write(raw / name, ROWS)

    loaded = load_directory(con, raw, TABLES)

    assert loaded == [LoadedFile(raw / name, "scores", rows=4, replaced=0, ignored_columns=())]
    assert stored(con) == ROWS
    assert con.execute("select distinct loaded_from from nba_raw.scores").fetchall() == [(name,)]


@one_of_each
def test_loading_again_replaces_what_the_file_loaded_before(
    con: duckdb.DuckDBPyConnection, raw: Path, name: str, write: Writer
) -> None:
    write(raw / name, ROWS)
    write(raw / f"scores_other_{name}", ROWS[:1])
    load_directory(con, raw, TABLES)

    again = load_directory(con, raw, TABLES)
    assert [(file.rows, file.replaced) for file in again] == [(4, 4), (1, 1)]
    assert stored(con) == [*ROWS, ROWS[0]]

    write(raw / name, ROWS[1:3])
    changed = load_directory(con, raw, TABLES)
    assert [(file.rows, file.replaced) for file in changed] == [(2, 4), (1, 1)]
    assert stored(con) == [*ROWS[1:3], ROWS[0]]


@every_format
def test_rows_of_earlier_files_stay(con: duckdb.DuckDBPyConnection, raw: Path, name: str, write: Writer) -> None:
    write_csv(raw / "scores_2021.csv", ROWS[:2])
    load_directory(con, raw, TABLES)
    (raw / "scores_2021.csv").unlink()

    write(raw / name, ROWS[3:])
    load_directory(con, raw, TABLES)
    assert sorted(stored(con), key=str) == sorted([*ROWS[:2], ROWS[3]], key=str)


def test_csv_keeps_empty_texts_apart_from_null(con: duckdb.DuckDBPyConnection, raw: Path) -> None:
    (raw / "scores.csv").write_text(f'{",".join(NAMES)}\na,"","",,,,\nb,,,"","","",""\n')
    load_directory(con, raw, TABLES)
    assert con.execute("select player, minutes from nba_raw.scores").fetchall() == [("a", ""), ("b", None)]
    assert con.execute("select count(*) from nba_raw.scores where points is null and pct is null").fetchall() == [(2,)]


@one_of_each
def test_columns_match_in_any_order_and_case_and_others_are_reported(
    con: duckdb.DuckDBPyConnection, raw: Path, name: str, write: Writer
) -> None:
    names = ["Extra", *(column.upper() for column in reversed(NAMES)), "loaded_from"]
    write(raw / name, [("?", *reversed(row), "somewhere else") for row in ROWS], names)

    (loaded,) = load_directory(con, raw, TABLES)

    assert sorted(loaded.ignored_columns) == ["Extra", "loaded_from"]
    assert stored(con) == ROWS
    assert con.execute("select distinct loaded_from from nba_raw.scores").fetchall() == [(name,)]


def test_column_without_a_name_is_reported_as_such(con: duckdb.DuckDBPyConnection, raw: Path) -> None:
    write_csv(raw / "scores.csv", [(0, *ROWS[0])], ["", *NAMES])
    (loaded,) = load_directory(con, raw, TABLES)
    assert loaded.ignored_columns == ("(no name)",)


@one_of_each
def test_empty_text_is_null_except_in_a_text_column(
    con: duckdb.DuckDBPyConnection, raw: Path, name: str, write: Writer
) -> None:
    write(raw / name, [("",) * len(NAMES)])
    load_directory(con, raw, TABLES)
    assert stored(con) == [("", "", None, None, None, None, None)]


def test_file_without_rows_replaces_by_nothing(con: duckdb.DuckDBPyConnection, raw: Path) -> None:
    write_csv(raw / "scores.csv", ROWS)
    load_directory(con, raw, TABLES)
    write_csv(raw / "scores.csv", [])
    pq.write_table(ARROW.empty_table(), raw / "scores.parquet")

    with pytest.raises(InputError, match="scores.csv: there is no row any more, where 4 were loaded before"):
        load_directory(con, raw, TABLES)
    assert len(stored(con)) == 4
    loaded = load_directory(con, raw, TABLES, may_empty=True)

    assert [(file.rows, file.replaced) for file in loaded] == [(0, 4), (0, 0)]
    assert stored(con) == []


def test_a_files_name_may_be_in_capitals(con: duckdb.DuckDBPyConnection, raw: Path) -> None:
    write_csv(raw / "SCORES_2021.CSV", ROWS)
    (loaded,) = load_directory(con, raw, TABLES)
    assert (loaded.table, loaded.rows) == ("scores", 4)


def test_csv_may_have_a_byte_order_mark_blank_lines_and_any_line_ends(
    con: duckdb.DuckDBPyConnection, raw: Path
) -> None:
    windows = csv_text([ROWS[0], ROWS[3]]).replace("\n", "\r\n") + "\r\n"
    (raw / "scores.csv").write_bytes(b"\xef\xbb\xbf" + windows.encode() + b"unix,,,,,,\nlast,,,,,,")
    load_directory(con, raw, TABLES)
    assert stored(con) == [ROWS[0], ROWS[3], cell("player", "unix"), cell("player", "last")]


def test_csv_may_be_compressed_in_pieces(con: duckdb.DuckDBPyConnection, raw: Path) -> None:
    header, row = csv_text(ROWS[:1]).encode().splitlines(keepends=True)
    (raw / "scores.csv.gz").write_bytes(gzip.compress(header) + gzip.compress(row))
    load_directory(con, raw, TABLES)
    assert stored(con) == ROWS[:1]


def test_key_that_is_missing_in_some_json_rows_is_null_there(con: duckdb.DuckDBPyConnection, raw: Path) -> None:
    write_json_lines(raw / "scores.jsonl", ROWS[:1])
    with (raw / "scores.jsonl").open("a") as file:
        file.write('\n{"player": "b", "new": 1}\n')
    (loaded,) = load_directory(con, raw, TABLES)
    assert loaded.ignored_columns == ("new",)
    assert stored(con) == [ROWS[0], cell("player", "b")]


# Which files are read


def test_longest_table_name_wins_and_other_files_are_left_alone(con: duckdb.DuckDBPyConnection, raw: Path) -> None:
    write_csv(raw / "scores_2021.CSV", ROWS[:1])
    write_csv(raw / "scores_v2_2021.csv", [("b",)], ["player"])
    (raw / "notes.csv").write_text("not,for\nany table")
    (raw / "scores.xlsx").write_text("not a format")
    (raw / "scores_old.csv").mkdir()

    loaded = load_directory(con, raw, TABLES)

    assert [(file.path.name, file.table) for file in loaded] == [
        ("scores_2021.CSV", "scores"),
        ("scores_v2_2021.csv", "scores_v2"),
    ]


@every_format
@pytest.mark.parametrize("folder", ["plain", "it's [a-z] raw/points=99"])
def test_paths_mean_what_they_say(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, name: str, write: Writer, folder: str
) -> None:
    directory = tmp_path / folder
    directory.mkdir(parents=True)
    suffix = name.removeprefix("scores")
    write(directory / f"scores_*{suffix}", ROWS)
    write(directory / f"scores_['1']{suffix}", ROWS[:1])
    loaded = load_directory(con, directory, TABLES)
    assert [file.rows for file in loaded] == [4, 1]
    assert stored(con) == [*ROWS, ROWS[0]]


def test_missing_directory_is_a_wrong_argument(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="nowhere is not a directory"):
        load_directory(con, tmp_path / "nowhere", TABLES)


def test_directory_without_a_matching_file_says_what_is_expected(con: duckdb.DuckDBPyConnection, raw: Path) -> None:
    (raw / "boxscores.csv").write_text("a\n1\n")
    sentence = refusal(con, raw)
    assert "<table>*" in sentence
    assert ".parquet, .csv, .csv.gz, .jsonl, .ndjson, .json" in sentence
    assert sentence.endswith("the tables are scores, scores_v2.")


# Values: the same rules in every format

ACCEPTED = [
    ("points", "12", 12),
    ("points", " -7 ", -7),
    ("points", "+5", 5),
    ("points", "12.0", 12),
    ("points", "9223372036854775807", 2**63 - 1),
    ("pct", "0.455", 0.455),
    ("pct", ".5", 0.5),
    ("pct", "1e-3", 0.001),
    ("pct", "3", 3.0),
    ("is_home", "True", True),
    ("is_home", "false", False),
    ("is_home", "1", True),
    ("is_home", "0", False),
    ("game_date", "2022-01-10", DAY),
    ("game_date", "2022-01-10T00:00:00.000Z", DAY),
    ("game_date", "2022-01-10 00:00", DAY),
    ("processed_at", "2022-01-10", datetime(2022, 1, 10)),  # noqa: DTZ001 raw timestamps carry no zone
    ("processed_at", "2022-01-11T12:30:15.25", NOON),
    ("processed_at", "2022-01-11 12:30:15.250000000", NOON),
    ("processed_at", "2022-01-11 12:30:15.25 UTC", NOON),
    ("processed_at", "2022-01-11T12:30:15.250Z", NOON),
    ("processed_at", "2022-01-11 07:30:15.25-05", NOON),
    ("processed_at", "2022-01-11T18:00:15.25+05:30", NOON),
    ("minutes", "12:47", "12:47"),
    ("minutes", "NaN", "NaN"),
    ("minutes", "1.0", "1.0"),
    ("minutes", "null", "null"),
]
REFUSED = [
    ("points", "abc", "a whole number"),
    ("points", "12.5", "a whole number"),
    ("points", "1e3", "a whole number"),
    ("points", "1_000", "a whole number"),
    ("points", "0x1F", "a whole number"),
    ("points", "9223372036854775808", "a whole number"),
    ("points", "NaN", "a whole number"),
    ("points", "true", "a whole number"),
    ("points", "-", "a whole number"),
    ("pct", "45%", "a number"),
    ("pct", "0,5", "a number"),
    ("pct", "nan", "a number"),
    ("pct", "inf", "a number"),
    ("pct", "1e999", "a number"),
    ("is_home", "yes", "true or false"),
    ("is_home", "2", "true or false"),
    ("game_date", "2022-02-30", "a date such as 2022-01-31"),
    ("game_date", "2022-1-5", "a date such as 2022-01-31"),
    ("game_date", "01/10/2022", "a date such as 2022-01-31"),
    ("game_date", "2022-01-10 19:30:00", "a date such as 2022-01-31"),
    ("game_date", "2022-01-10T00:00:00-05:00", "a date such as 2022-01-31"),
    ("game_date", "infinity", "a date such as 2022-01-31"),
    ("processed_at", "1641772800000", "a timestamp such as 2022-01-31 19:30:00"),
    ("processed_at", "2022-01-10 25:00:00", "a timestamp such as 2022-01-31 19:30:00"),
    ("processed_at", "2022-01-10 05:06:07.1234567", "a timestamp such as 2022-01-31 19:30:00"),
    ("processed_at", "2022-01-10 05:06:07 America/New_York", "a timestamp such as 2022-01-31 19:30:00"),
]


@one_of_each
@pytest.mark.parametrize("time_zone", ["UTC", "America/New_York"])
def test_texts_that_say_a_value_of_the_type_are_accepted(
    con: duckdb.DuckDBPyConnection, raw: Path, name: str, write: Writer, time_zone: str
) -> None:
    con.execute(f"set timezone = '{time_zone}'")
    write(raw / name, [cell(column, text) for column, text, _ in ACCEPTED])
    load_directory(con, raw, TABLES)
    assert stored(con) == [cell(column, value) for column, _, value in ACCEPTED]


@one_of_each
@pytest.mark.parametrize(("column", "text", "expected"), REFUSED)
def test_texts_that_would_change_are_refused(
    con: duckdb.DuckDBPyConnection, raw: Path, name: str, write: Writer, column: str, text: str, expected: str
) -> None:
    write(raw / name, [cell("player", "a"), cell(column, text)])
    shown, line = {
        "scores.csv": (f"'{text}'", " (line 3)"),
        "scores.jsonl": (f'"{text}"', ""),
        "scores.parquet": (f"'{text}'", ""),
    }[name]
    assert refusal(con, raw) == (
        f"{name}, row 2{line}, column {column}: {shown} is not {expected}. "
        "Correct the file and load it again; nothing was loaded."
    )


TYPED_ACCEPTED = [
    ("minutes", pa.array([34, None], pa.int32()), ["34", None]),
    ("minutes", pa.array([34.0, float("nan")]), ["34", None]),
    ("minutes", pa.array([34.5]), ["34.5"]),
    ("minutes", pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
    ("minutes", pa.array(["a"], pa.large_string()), ["a"]),
    ("minutes", pa.array([1200, 1250], pa.decimal128(6, 2)), ["1200", "1250"]),
    ("minutes", pa.nulls(2), [None, None]),
    ("minutes", pa.nulls(2, pa.time64("us")), [None, None]),
    ("points", pa.array([12.0, float("nan"), None, -0.0]), [12, None, None, 0]),
    ("points", pa.array([2**53], pa.uint64()), [2**53]),
    ("points", pa.array([7], pa.decimal128(10, 2)), [7]),
    ("points", pa.array(["7"]), [7]),
    ("pct", pa.array([0.5, float("nan")]), [0.5, None]),
    ("pct", pa.array([0.1], pa.float32()), [0.1]),
    ("pct", pa.array([1, 2]), [1.0, 2.0]),
    ("is_home", pa.array([1, 0, None], pa.int8()), [True, False, None]),
    ("game_date", pa.array([datetime(2022, 1, 10)], pa.timestamp("ns")), [DAY]),  # noqa: DTZ001
    ("game_date", pa.array([datetime(2022, 1, 10)], pa.timestamp("us", "UTC")), [DAY]),  # noqa: DTZ001
    ("game_date", pa.array([DAY], pa.date64()), [DAY]),
    ("processed_at", pa.array([NOON], pa.timestamp("ms")), [NOON]),
    ("processed_at", pa.array([NOON], pa.timestamp("ns")), [NOON]),
    ("processed_at", pa.array([NOON], pa.timestamp("us", "America/New_York")), [NOON]),
    ("processed_at", pa.array([DAY], pa.date32()), [datetime(2022, 1, 10)]),  # noqa: DTZ001
]
TYPED_REFUSED = [
    (
        "minutes",
        pa.array([None, 45_000_000_000], pa.time64("us")),
        "row 2, column minutes: 12:30:00 (TIME) is not text",
    ),
    ("minutes", pa.array([b"34"]), "row 1, column minutes: 34 (BLOB) is not text"),
    ("minutes", pa.array([[34]]), "row 1, column minutes: [34] (BIGINT[]) is not text"),
    ("minutes", pa.array([float("inf")]), "row 1, column minutes: inf (DOUBLE) is not text"),
    ("points", pa.array([12.0, 12.5]), "row 2, column points: 12.5 (DOUBLE) is not a whole number"),
    ("points", pa.array([2**64 - 1], pa.uint64()), "18446744073709551615 (UBIGINT) is not a whole number"),
    ("points", pa.array([True]), "true (BOOLEAN) is not a whole number"),
    ("points", pa.array([DAY]), "2022-01-10 (DATE) is not a whole number"),
    ("pct", pa.array([float("-inf")]), "-inf (DOUBLE) is not a number"),
    ("is_home", pa.array([2]), "2 (BIGINT) is not true or false"),
    ("game_date", pa.array([20220110]), "20220110 (BIGINT) is not a date such as 2022-01-31"),
    ("game_date", pa.array([NOON], pa.timestamp("us")), "2022-01-11 12:30:15.25 (TIMESTAMP) is not a date"),
    ("processed_at", pa.array([1], pa.timestamp("ns")), "(TIMESTAMP_NS) is not a timestamp"),
]


def one_column(column: str, values: pa.Array) -> pa.Table:
    """Return a table of SCORES' columns, all NULL but for one."""
    return pa.table({n: values if n == column else pa.nulls(len(values), ARROW.field(n).type) for n in NAMES})


@pytest.mark.parametrize("time_zone", ["UTC", "America/New_York"])
@pytest.mark.parametrize(("column", "values", "expected"), TYPED_ACCEPTED)
def test_parquet_values_that_keep_their_meaning_are_accepted(
    con: duckdb.DuckDBPyConnection, raw: Path, column: str, values: pa.Array, expected: list[object], time_zone: str
) -> None:
    con.execute(f"set timezone = '{time_zone}'")
    pq.write_table(one_column(column, values), raw / "scores.parquet")
    load_directory(con, raw, TABLES)
    assert stored(con) == [cell(column, value) for value in expected]


@pytest.mark.parametrize(("column", "values", "sentence"), TYPED_REFUSED)
def test_parquet_values_that_would_change_are_refused(
    con: duckdb.DuckDBPyConnection, raw: Path, column: str, values: pa.Array, sentence: str
) -> None:
    pq.write_table(one_column(column, values), raw / "scores.parquet")
    assert sentence in refusal(con, raw)


def test_json_values_of_other_types_follow_the_same_rules(con: duckdb.DuckDBPyConnection, raw: Path) -> None:
    (raw / "scores.jsonl").write_text(
        f"{json.dumps(dict.fromkeys(NAMES))}\n"
        '{"minutes": 34, "points": 12.0, "pct": 1, "is_home": 1}\n'
        '{"minutes": 34.0, "points": NaN, "pct": NaN, "player": "NaN"}\n'
        '{"minutes": NaN, "player": 12345678901234567890123}\n'
    )
    load_directory(con, raw, TABLES)
    assert stored(con)[1:] == [
        (None, "34", 12, 1.0, True, None, None),
        ("NaN", "34", None, None, None, None, None),
        ("12345678901234567890123", None, None, None, None, None, None),
    ]


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("points", "12.5", "column points: 12.5 is not a whole number"),
        ("points", "true", "column points: true is not a whole number"),
        ("pct", "Infinity", "column pct: Infinity is not a number"),
        ("minutes", '{"played": 34}', 'column minutes: {"played":34} is not text'),
        ("minutes", "[]", "column minutes: [] is not text"),
        ("minutes", "false", "column minutes: false is not text"),
        ("minutes", "Infinity", "column minutes: Infinity is not text"),
    ],
)
def test_json_values_that_would_change_are_refused(
    con: duckdb.DuckDBPyConnection, raw: Path, column: str, value: str, sentence: str
) -> None:
    (raw / "scores.jsonl").write_text(f'{json.dumps(dict.fromkeys(NAMES))}\n{{"{column}": {value}}}\n')
    assert f"scores.jsonl, row 2, {sentence}." in refusal(con, raw)


@one_of_each
def test_first_of_many_bad_values_is_named_and_all_are_counted(
    con: duckdb.DuckDBPyConnection, raw: Path, name: str, write: Writer
) -> None:
    write(raw / name, [ROWS[0], cell("pct", "x"), cell("points", "y"), cell("points", "z" * 100)])
    assert ", row 2" in (sentence := refusal(con, raw))
    assert "is not a number (the first of 3 such values). Correct" in sentence


def test_long_values_are_cut(con: duckdb.DuckDBPyConnection, raw: Path) -> None:
    write_csv(raw / "scores.csv", [cell("points", "z" * 1000)])
    assert f"'{'z' * 60}…' is not a whole number" in refusal(con, raw)


def test_row_counts_records_and_line_counts_lines(con: duckdb.DuckDBPyConnection, raw: Path) -> None:
    (raw / "scores.csv").write_text(csv_text([cell("player", "two\nlines")]) + "\n,,abc,,,,\n")
    assert "scores.csv, row 2 (line 5), column points: 'abc'" in refusal(con, raw)


def test_row_and_line_are_right_far_into_a_large_file(con: duckdb.DuckDBPyConnection, raw: Path) -> None:
    rows = [("two\nlines", None, row, None, None, None, None) for row in range(1, 200_001)]
    rows[149_999] = cell("points", "abc")
    write_csv(raw / "scores.csv", rows)
    assert "row 150000 (line 300000), column points: 'abc'" in refusal(con, raw)


# Files that can't be used


@one_of_each
def test_missing_columns_are_named(con: duckdb.DuckDBPyConnection, raw: Path, name: str, write: Writer) -> None:
    write(raw / name, [row[:2] + row[4:] for row in ROWS], NAMES[:2] + NAMES[4:])
    assert refusal(con, raw).startswith(f"{name}: columns of scores are missing: points, pct. Correct the file")


@one_of_each
def test_file_of_something_else_is_called_that(
    con: duckdb.DuckDBPyConnection, raw: Path, name: str, write: Writer
) -> None:
    write(raw / name, [("a;b",)], ["player;minutes"])
    assert refusal(con, raw).startswith(f"{name}: it has none of the columns of scores")


@one_of_each
def test_columns_that_are_there_twice_are_refused(
    con: duckdb.DuckDBPyConnection, raw: Path, name: str, write: Writer
) -> None:
    write(raw / name, [(*row, 1) for row in ROWS], [*NAMES, "POINTS"])
    assert refusal(con, raw).startswith(f"{name}: more than one column is named points")


HEADER = ",".join(NAMES)
GOOD_JSON = json.dumps(dict.fromkeys(NAMES))
COMPRESSED = gzip.compress((HEADER + "\n" + "".join(f"p{i},{i * i},,,,,\n" for i in range(20_000))).encode())


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("scores.csv", b"", "scores.csv: the file is empty."),
        ("scores.csv", b"\n\n", "scores.csv: the file is empty."),
        ("scores.csv", f"\n{HEADER}\n".encode(), "scores.csv, line 1: the line is blank"),
        (
            "scores.csv",
            f"{HEADER}\na,,,,,,\nb,\n".encode(),
            "scores.csv, line 3: the line has 2 fields, but line 1 has 7.",
        ),
        (
            "scores.csv",
            f'{HEADER}\n"a\nb",,,,,,\n\nb,,,,,,,\n'.encode(),
            "scores.csv, line 5: the line has 8 fields, but line 1 has 7.",
        ),
        (
            "scores.csv",
            f'{HEADER}\na,,,,,,\n"b,,,,,,\nc,,,,,,\n'.encode(),
            "scores.csv, line 3: this is not CSV; look at quotes",
        ),
        ("scores.csv", f"{HEADER}\na,,,,,,\nJokić,,,,,,\n".encode("iso8859-2"), "line 3: the line is not UTF-8 text."),
        ("scores.csv", f"{HEADER}\na,,,,,,\n".encode("utf-16"), "line 1: the line is not UTF-8 text."),
        ("scores.csv.gz", b"", "scores.csv.gz: the file is empty."),
        ("scores.csv.gz", HEADER.encode(), "scores.csv.gz: the file can't be read: Not a gzipped file"),
        ("scores.csv.gz", COMPRESSED[:-2000], "scores.csv.gz: the file can't be read: Compressed file ended"),
        ("scores.csv.gz", COMPRESSED[:-8] + b"\0" * 8, "scores.csv.gz: the file can't be read: CRC check failed"),
        ("scores.csv.gz", COMPRESSED[:5000] + b"\xff" * 999 + COMPRESSED[5999:], "the file can't be read: Error -3"),
        ("scores.jsonl", b"", "scores.jsonl: the file is empty."),
        ("scores.jsonl", b"\n \n", "scores.jsonl: the file is empty."),
        (
            "scores.jsonl",
            f'{GOOD_JSON}\n\n{{"player": }}\n{GOOD_JSON}\n'.encode(),
            "line 3: the line is not a complete JSON",
        ),
        ("scores.jsonl", f'{GOOD_JSON}\n{{"player": "a'.encode(), "line 2: the line is not a complete JSON object."),
        (
            "scores.jsonl",
            f'{GOOD_JSON}\n{{"player": "Jokić"}}\n'.encode("iso8859-2"),
            "line 2: the line is not UTF-8 text.",
        ),
        (
            "scores.json",
            f"[\n  {GOOD_JSON}\n]\n".encode(),
            "scores.json, line 1: the line is not a complete JSON object.",
        ),
        (
            "scores.json",
            f"[{GOOD_JSON}]\n".encode(),
            "scores.json, row 1: this is not a JSON object; every line must be one.",
        ),
        ("scores.json", f"{GOOD_JSON}\n42\n".encode(), "scores.json, row 2: this is not a JSON object"),
        (
            "scores.json",
            f'{GOOD_JSON}\n{{"points": 1, "points": 2}}\n'.encode(),
            "row 2: the object has the same key twice.",
        ),
        ("scores.parquet", b"", "scores.parquet: the file can't be read: "),
        ("scores.parquet", b"player,minutes\n", "scores.parquet: the file can't be read: "),
    ],
    # The bytes stay out of the tests' names: gzip writes the time into them, and all workers must name a test alike.
    ids=lambda value: "…" if isinstance(value, bytes) else None,
)
def test_broken_files_are_named(
    con: duckdb.DuckDBPyConnection, raw: Path, name: str, content: bytes, sentence: str
) -> None:
    (raw / name).write_bytes(content)
    refused = refusal(con, raw)
    assert refused.startswith(name)
    assert sentence in refused
    assert refused.endswith("Correct the file and load it again; nothing was loaded.")
    assert "\n" not in refused


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-20], lambda b: b[: len(b) // 2], lambda b: b[:30] + b"\xff" * 99 + b[129:]]
)
def test_damaged_parquet_is_named(con: duckdb.DuckDBPyConnection, raw: Path, damage: Callable[[bytes], bytes]) -> None:
    write_parquet(raw / "scores.parquet", ROWS * 100)
    (raw / "scores.parquet").write_bytes(damage((raw / "scores.parquet").read_bytes()))
    assert refusal(con, raw).startswith("scores.parquet: the file can't be read: ")


# All or nothing


@one_of_each
def test_one_bad_file_keeps_all_others_out(con: duckdb.DuckDBPyConnection, raw: Path, name: str, write: Writer) -> None:
    write(raw / name, ROWS[:2])
    load_directory(con, raw, TABLES)

    write(raw / name, ROWS)
    write_csv(raw / "scores_v2.csv", [("a",)], ["player"])
    write(raw / f"scores_z_{name}", [ROWS[0], cell("points", "abc")])
    assert f"scores_z_{name}, row 2" in refusal(con, raw)
    assert stored(con) == ROWS[:2]

    write(raw / f"scores_z_{name}", ROWS[:1])
    assert [file.replaced for file in load_directory(con, raw, TABLES)] == [2, 0, 0]


@pytest.mark.parametrize(
    ("definition", "lacking"),
    [
        (
            "player varchar, minutes varchar, points bigint, pct double, is_home boolean, game_date date",
            "processed_at TIMESTAMP, loaded_from VARCHAR",
        ),
        (
            f"{', '.join(f'{n} varchar' for n in NAMES)}, loaded_from varchar",
            "points BIGINT, pct DOUBLE, is_home BOOLEAN, game_date DATE, processed_at TIMESTAMP",
        ),
    ],
)
def test_table_of_someone_else_is_left_alone(
    con: duckdb.DuckDBPyConnection, raw: Path, definition: str, lacking: str
) -> None:
    con.execute(f"create schema nba_raw; create table nba_raw.Scores ({definition})")
    con.execute("insert into nba_raw.scores (player) values ('kept')")
    write_csv(raw / "scores.csv", ROWS)

    sentence = refusal(con, raw)

    assert sentence.startswith("Table nba_raw.scores exists, but")
    assert f"it lacks {lacking}. Rename or drop it" in sentence
    assert con.execute("select player from nba_raw.scores").fetchall() == [("kept",)]


def test_rows_that_duckdb_cannot_store_are_an_error_in_a_sentence(con: duckdb.DuckDBPyConnection, raw: Path) -> None:
    write_csv(raw / "scores.csv", ROWS)
    load_directory(con, raw, TABLES)
    con.execute("alter table nba_raw.scores rename to kept; create view nba_raw.scores as from nba_raw.kept")
    with pytest.raises(BackfillError, match=r"^DuckDB can't store the rows: .*\. Nothing was loaded\.$") as failed:
        load_directory(con, raw, TABLES)
    assert failed.value.exit_code == 1
    assert con.execute("select count(*) from nba_raw.scores").fetchall() == [(4,)]


# Rows that another command made


def test_replace_rows_creates_the_table_and_replaces_its_own_rows_alone(con: duckdb.DuckDBPyConnection) -> None:
    rows = pa.Table.from_pylist([dict(zip(NAMES, row, strict=True)) for row in ROWS], schema=ARROW)

    assert replace_rows(con, SCORES, rows, "demo") == 0
    assert replace_rows(con, SCORES, rows.slice(0, 1), "other") == 0
    assert replace_rows(con, SCORES, rows.slice(2), "demo") == 4
    assert stored(con) == [*ROWS[2:], ROWS[0]]


def test_loaded_files_are_the_names_that_rows_came_from(con: duckdb.DuckDBPyConnection, raw: Path) -> None:
    assert loaded_files(con, SCORES) == set()
    con.execute("create schema nba_raw; create table nba_raw.scores_v2 (player varchar)")
    assert loaded_files(con, SCORES_V2) == set()

    write_csv(raw / "scores_1.csv", ROWS)
    write_json_lines(raw / "scores_2.jsonl", ROWS)
    load_directory(con, raw, TABLES)
    assert loaded_files(con, SCORES) == {"scores_1.csv", "scores_2.jsonl"}


def test_replace_rows_refuses_what_a_file_would_be_refused_for(con: duckdb.DuckDBPyConnection) -> None:
    good, bad = one_column("points", pa.array([1])), one_column("points", pa.array([1.5]))
    replace_rows(con, SCORES, good, "demo")
    with pytest.raises(InputError, match=r"^demo, row 1, column points: 1\.5 \(DOUBLE\) is not a whole number\."):
        replace_rows(con, SCORES, bad, "demo")
    with pytest.raises(InputError, match=r"^demo: columns of scores are missing: points\."):
        replace_rows(con, SCORES, good.drop_columns("points"), "demo")
    assert stored(con) == [cell("points", 1)]


@pytest.mark.skipif(not SHARED_RAW.is_dir(), reason=f"the real box scores are not at {SHARED_RAW}")
def test_real_box_scores_load_whole(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    tables = raw_tables(project(tmp_path, "  raw_schema: nba_raw\n  reference_schema: nba_reference\n"))

    loaded = load_directory(con, SHARED_RAW, tables)

    files = {path: pq.read_metadata(path).num_rows for path in sorted(SHARED_RAW.glob("*.parquet"))}
    assert {file.path: file.rows for file in loaded} == files
    for table in tables:
        names = ", ".join(column.name for column in table.columns)
        source = f"select {names} from read_parquet('{SHARED_RAW}/{table.name}_*.parquet')"
        target = f"select {names} from {table.schema}.{table.name}"
        assert con.execute(f"({source} except all {target}) union all ({target} except all {source})").fetchall() == []
    assert con.execute("select count(*) from nba_raw.bdl_player_boxscores where minutes = ''").fetchall() > [(0,)]

"""BigQuery takes every statement that dbt sends, and prunes every partitioned table that one reads. Needs no server.

dbt builds the project on a stand-in for BigQuery's API that keeps tables without rows. GoogleSQL's own analyzer judges
each statement against the tables that the statements before it made, so that DDL, contracts, MERGE and tests are judged
as they are sent, with the types that they meet: once where nothing was built yet, and once where every table stands.
"""

import json
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlglot import exp
from zetasql import types as googlesql  # type: ignore[import-untyped]
from zetasql.core.exceptions import ServerError  # type: ignore[import-untyped]
from zetasql.core.local_service import ZetaSqlLocalService  # type: ignore[import-untyped]
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2  # type: ignore[import-untyped]

from complexity import Size, parsed, size_of
from conftest import WEEK, Outcome, Warehouse
from remembered_results import INVOCATION

PROJECT = "project"
# BigQuery's names of the types that the sources' YAML spells otherwise.
TYPES = {"bigint": "int64", "double": "float64", "boolean": "bool"}
# Who sends a statement, which dbt writes before it.
COMMENT = re.compile(r"\s*(/\*.*?\*/)?\s*", re.DOTALL)
# The name of a table or view that a statement makes.
MADE = re.compile(r"create (?:or replace )?(?:table|view)\s+\S+", re.IGNORECASE)
# BigQuery refuses what is too complex, and names no number where that begins. These are far from what is known to fail.
MOST = Size(references=100, levels=25)
# With these the analyzer would take more than BigQuery does.
NOT_IN_BIGQUERY = (
    "CHAINED_FUNCTION_CALLS",
    "EXPERIMENTAL_MODULES",
    "LATERAL_COLUMN_REFERENCES",
    "RELAXED_WITH_RECURSIVE",
    "ROW_TYPE",
    "V_1_4_AGGREGATE_FILTERING",
    "V_1_4_INSERT_ON_CONFLICT_CLAUSE",
)


@dataclass(frozen=True)
class Column:
    """A column and its type, as the analyzer describes it."""

    name: str
    type: Any

    def field(self) -> dict[str, str]:
        """The column as BigQuery's API describes it."""
        return {"name": self.name, "type": self.type.type_kind.name.removeprefix("TYPE_").replace("DOUBLE", "FLOAT64")}


@dataclass(frozen=True)
class Table:
    """A table or view: what it is for BigQuery's API, and its columns."""

    kind: str
    columns: list[Column]


@dataclass(frozen=True)
class Statement:
    """What is sent for a node of the project, the columns that it finds, and why BigQuery would reject it."""

    node: str
    sql: str
    columns: list[Column]
    rejected: str | None


class GoogleSql:
    """The analyzer, told to read SQL as BigQuery does, and the tables that statements have made."""

    def __init__(self) -> None:
        self.tables: dict[tuple[str, str, str], Table] = {}
        self.judged: dict[object, Statement] = {}
        self.made: dict[object, dict[tuple[str, str, str], Table]] = {}
        self.service = ZetaSqlLocalService()
        self.lock = threading.Lock()
        missing = {googlesql.LanguageFeature[f"FEATURE_{name}"] for name in NOT_IN_BIGQUERY}
        self.language = self.service.get_language_options(maximum_features=True)
        self.language.enabled_language_features = [
            feature for feature in self.language.enabled_language_features if feature not in missing
        ]
        self.language.product_mode = googlesql.ProductMode.PRODUCT_EXTERNAL
        self.language.reserved_keywords = ["QUALIFY"]
        # None listed means all kinds; as it comes, only queries are supported.
        self.language.supported_statement_kinds = []
        self.options = googlesql.AnalyzerOptions(
            language_options=self.language,
            error_message_mode=googlesql.ErrorMessageMode.ERROR_MESSAGE_ONE_LINE,
        )

    def run(self, sql: str) -> list[Column]:
        """Keep the table that a statement makes, or say which columns a query finds. Raises ServerError."""
        with self.lock:
            resolved = self.resolved(sql)
            if isinstance(resolved, googlesql.ResolvedQueryStmt):
                return [Column(output.name, output.column.type) for output in resolved.output_column_list]
            is_view = isinstance(resolved, googlesql.ResolvedCreateViewStmt)
            if is_view or isinstance(resolved, googlesql.ResolvedCreateTableStmtBase):
                columns = [Column(column.name, column.type) for column in resolved.column_definition_list]
                project, dataset, name = resolved.name_path
                self.tables[project, dataset, name] = Table("VIEW" if is_view else "TABLE", columns)
            return []

    def resolved(self, sql: str) -> Any:
        """The statement as the analyzer has resolved it, without the query in it. None of one that makes no table.

        The package takes longer to wrap a query's parts in Python than the analyzer takes to resolve it.
        """
        request = local_service_pb2.AnalyzeRequest(
            sql_statement=sql, options=self.options.to_proto(), simple_catalog=self.catalog().to_proto()
        )
        answer = self.service.wasm_client.call_grpc_func(
            "ZetaSqlLocalService_Analyze", request, local_service_pb2.AnalyzeResponse
        )
        statement = answer.resolved_statement
        while "node" in statement.DESCRIPTOR.oneofs_by_name:
            statement = getattr(statement, statement.WhichOneof("node"))
        if not statement.DESCRIPTOR.name.startswith(("ResolvedQuery", "ResolvedCreate")):
            return None
        part = statement
        while part is not None:
            fields = part.DESCRIPTOR.fields_by_name
            if "query" in fields:
                part.ClearField("query")
            part = part.parent if "parent" in fields else None
        return googlesql.parse_proto(statement)

    def judge(self, node: str, sql: str) -> Statement:
        """What the analyzer says, which is asked once of the same statement on tables of the same columns.

        It is the same, whichever invocation of dbt sends it, and whether the table stands that it makes anew.
        """
        query = INVOCATION.sub("", sql[COMMENT.match(sql).end() :])  # type: ignore[union-attr]
        made = MADE.match(query)
        read = query[made.end() :] if made else query
        named = {key: table.columns for key, table in self.tables.items() if key[2] in read}
        known = (query, repr(sorted(named.items(), key=str)))
        if known not in self.judged:
            before = dict(self.tables)
            try:
                statement = Statement(node, sql, self.run(sql), None)
            except ServerError as error:
                statement = Statement(node, sql, [], error.message)
            self.judged[known] = statement
            self.made[known] = {key: table for key, table in self.tables.items() if before.get(key) is not table}
        self.tables |= self.made[known]
        return replace(self.judged[known], node=node, sql=sql)

    def catalog(self) -> Any:
        builtin = googlesql.ZetaSQLBuiltinFunctionOptions(language_options=self.language)
        catalog = googlesql.SimpleCatalog(name="bigquery", builtin_function_options=builtin)
        nested: dict[tuple[str, ...], Any] = {(): catalog}
        for (project, dataset, name), table in self.tables.items():
            for path in ((project,), (project, dataset)):
                if path not in nested:
                    nested[path] = googlesql.SimpleCatalog(name=path[-1])
                    nested[path[:-1]].catalog.append(nested[path])
            columns = [
                googlesql.SimpleColumn(name=column.name, type=column.type, is_writable_column=True)
                for column in table.columns
            ]
            nested[project, dataset].table.append(googlesql.SimpleTable(name=name, column=columns))
        return catalog


class StandIn(ThreadingHTTPServer):
    """BigQuery's API as far as dbt needs it. What is asked of it and not here is not found."""

    daemon_threads = True

    def __init__(self, sql: GoogleSql) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.sql = sql
        self.statements: list[Statement] = []
        self.results: dict[str, list[Column]] = {}

    def reply(self, method: str, path: list[str], body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and resource for a path below the project's."""
        match method, *path:
            case "POST", "jobs":
                return self.started(body["jobReference"], body["configuration"]["query"]["query"])
            case "GET", "jobs", job:
                return 200, finished({"projectId": PROJECT, "jobId": job})
            case "GET", "queries", job:
                return 200, found(job, self.results[job])
            case "GET", "datasets":
                return 200, {}
            case "GET", "datasets", dataset, "tables":
                return 200, {"tables": [self.table(*key) for key in self.sql.tables if key[1] == dataset]}
            case "GET", "datasets", _, "routines":
                return 200, {}
            case "POST", "datasets":
                return 200, body
            case method, "datasets", dataset, "tables", name if (PROJECT, dataset, name) in self.sql.tables:
                table = self.table(PROJECT, dataset, name)
                if method == "DELETE":
                    del self.sql.tables[PROJECT, dataset, name]
                return 200, table
        return refusal(404, f"{method} {'/'.join(path)}")

    def started(self, reference: dict[str, str], sql: str) -> tuple[int, dict[str, Any]]:
        comment = re.match(r"/\* (\{.*?\}) \*/", sql, re.DOTALL)
        node = json.loads(comment[1]).get("node_name", "no node") if comment else sql
        statement = self.sql.judge(node, sql)
        self.statements.append(statement)
        if statement.rejected:
            return refusal(400, statement.rejected)
        self.results[reference["jobId"]] = statement.columns
        return 200, finished(reference)

    def table(self, project: str, dataset: str, name: str) -> dict[str, Any]:
        table = self.sql.tables[project, dataset, name]
        return {
            "tableReference": {"projectId": project, "datasetId": dataset, "tableId": name},
            "type": table.kind,
            "schema": {"fields": [column.field() for column in table.columns]},
        }


def refusal(status: int, message: str) -> tuple[int, dict[str, Any]]:
    return status, {"error": {"code": status, "message": message, "errors": [{"message": message}]}}


def finished(reference: dict[str, str]) -> dict[str, Any]:
    return {"jobReference": reference, "configuration": {"query": {}}, "status": {"state": "DONE"}}


def found(job: str, columns: list[Column]) -> dict[str, Any]:
    """One row of nothing: a table that isn't empty to who looks for a row, no failure to who counts them.

    With a date, so that a window has one that is held back.
    """
    nothing = {"INT64": "0", "BOOL": "false", "DATE": WEEK[0]}
    fields = [column.field() for column in columns]
    return {
        "jobReference": {"projectId": PROJECT, "jobId": job},
        "jobComplete": True,
        "schema": {"fields": fields},
        "totalRows": "1",
        "rows": [{"f": [{"v": nothing.get(field["type"])} for field in fields]}],
    }


class Request(BaseHTTPRequestHandler):
    """One call of the API, in JSON."""

    protocol_version = "HTTP/1.1"
    server: StandIn

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self.path.partition("?")[0].split("/")[5:]
        status, resource = self.server.reply(self.command, path, json.loads(body or "{}"))
        content = json.dumps(resource).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Nothing to say."""


class BigQuery(Warehouse):
    """A project on the stand-in."""

    def __init__(self, project: Path, api: StandIn) -> None:
        super().__init__(project, Path("unused.duckdb"))
        self.api = api

    def environment(self) -> dict[str, str]:
        return {
            "NBA_TARGET": "bigquery",
            "NBA_BIGQUERY_METHOD": "oauth-secrets",
            "NBA_BIGQUERY_TOKEN": "not-a-real-token",
            "NBA_BIGQUERY_PROJECT": PROJECT,
            "NBA_BIGQUERY_API_ENDPOINT": f"http://127.0.0.1:{self.api.server_port}",
            "NBA_BIGQUERY_RETRIES": "0",
            "no_proxy": "127.0.0.1",
        }

    def compiled(self, selected: str, directory: Path) -> dict[str, Any]:
        """The project's manifest, with the SQL of the selected nodes, as it is when the sources have been read."""
        values = {"start_date": WEEK[0], "end_date": WEEK[1], "rows_built_by": "a run"}
        arguments = ("--select", selected, "--target-path", str(directory), "--vars", json.dumps(values))
        outcome = self.dbt("compile", *arguments)
        assert outcome.code == 0, outcome.output
        manifest: dict[str, Any] = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
        return manifest

    def declare(self, manifest: dict[str, Any]) -> None:
        """Make the raw tables and the seeds, with the columns that the project declares."""
        tables = {
            source["relation_name"]: {name: column["data_type"] for name, column in source["columns"].items()}
            for source in manifest["sources"].values()
        } | {
            seed["relation_name"]: seed["config"]["column_types"]
            for seed in manifest["nodes"].values()
            if seed["resource_type"] == "seed"
        }
        for relation, columns in tables.items():
            typed = ", ".join(f"{name} {TYPES.get(kind, kind)}" for name, kind in columns.items())
            self.api.sql.run(f"create table {relation} ({typed})")

    def build(self, directory: Path) -> tuple[Outcome, list[Statement]]:
        """Build a window. Seeds are loaded, not queried, and unit tests say nothing without rows."""
        self.api.statements.clear()
        kinds = ("--resource-type", "model", "--resource-type", "test")
        outcome = self.dbt("build", *kinds, "--target-path", str(directory), window=WEEK)
        return outcome, list(self.api.statements)

    def freshness(self, directory: Path) -> list[Statement]:
        """Ask how fresh the sources are. Of its row of nothing dbt makes nothing."""
        self.api.statements.clear()
        outcome = self.dbt("source", "freshness", "--target-path", str(directory))
        asked = [statement for statement in self.api.statements if "max_loaded_at" in statement.sql]
        assert len(asked) == 2, outcome.output
        return asked


@dataclass(frozen=True)
class Sent:
    """All statements of a build and of the analyses after it."""

    outcome: Outcome
    statements: list[Statement]

    def rejected(self) -> list[str]:
        return [f"{statement.node}: {statement.rejected}" for statement in self.statements if statement.rejected]


@dataclass(frozen=True)
class Builds:
    """The same project built where none of its tables exist, and again where they all do."""

    manifest: dict[str, Any]
    first: Sent
    window: Sent


@pytest.fixture(scope="module")
def api() -> Iterator[StandIn]:
    server = StandIn(GoogleSql())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def builds(project: Path, api: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Builds:
    """Analyses are compiled before the build, as they look whether tables exist, and judged after it."""
    bigquery = BigQuery(project, api)
    directory = tmp_path_factory.mktemp("target")
    sent = []
    for is_first in (True, False):
        manifest = bigquery.compiled("resource_type:analysis", directory)
        if is_first:
            bigquery.declare(manifest)
        outcome, statements = bigquery.build(directory)
        statements += bigquery.freshness(directory)
        analyses = [node for node in manifest["nodes"].values() if node["resource_type"] == "analysis"]
        statements += [api.sql.judge(node["name"], node["compiled_code"]) for node in analyses]
        sent.append(Sent(outcome, statements))
    return Builds(manifest, *sent)


def test_bigquery_accepts_every_statement(builds: Builds) -> None:
    nodes = {
        node["name"]: node["config"]["materialized"]
        for node in builds.manifest["nodes"].values()
        if node["resource_type"] in ("model", "test", "analysis") and node["config"]["materialized"] != "ephemeral"
    }
    for sent in (builds.first, builds.window):
        assert not sent.rejected(), "\n".join([*sent.rejected(), sent.outcome.output])
        assert sent.outcome.code == 0, sent.outcome.output
        assert nodes.keys() - {statement.node for statement in sent.statements} == set()
    merged = {statement.node for statement in builds.window.statements if "merge into" in statement.sql}
    assert merged == {name for name, materialized in nodes.items() if materialized == "incremental"}
    print(
        f"GoogleSQL analyzer: {len(builds.first.statements)} statements of a first build "
        f"and {len(builds.window.statements)} of a window accepted, 0 rejected"
    )


def date_columns(manifest: dict[str, Any]) -> dict[str, str]:
    """The tables that are partitioned by a date, and the views that pass it on, with that column."""
    raw = {
        source["identifier"]: "game_date" for source in manifest["sources"].values() if "game_date" in source["columns"]
    }
    models = {
        node["alias"]: (node["config"].get("partition_by") or {}).get("field")
        or node["config"]["meta"]["window_column"]
        for node in manifest["nodes"].values()
        if node["config"].get("partition_by") or "window_column" in node["config"].get("meta", {})
    }
    return raw | models


def unfiltered(sql: str, columns: dict[str, str]) -> list[str]:
    """The partitioned tables that a statement reads without a literal filter on their dates, in a select or a merge."""
    statement = parsed(sql)
    assert not isinstance(statement, exp.Command), f"sqlglot does not read this: {sql}"
    reads = [
        (source.this, select.args.get("where"))
        for select in statement.find_all(exp.Select)
        for source in (select.args.get("from_"), *(select.args.get("joins") or []))
        if source
    ] + [
        (merge.this, change.args.get("condition") if change.args.get("source") else merge.args["on"])
        for merge in statement.find_all(exp.Merge)
        for change in merge.args["whens"].expressions
        if change.args.get("source") or change.args["matched"]
    ]
    return [
        table.name
        for table, condition in reads
        # What has no dataset is a CTE.
        if isinstance(table, exp.Table) and table.db and table.name in columns
        if not is_filtered(condition, table.alias_or_name, columns[table.name])
    ]


def is_filtered(condition: exp.Expression | None, table: str, column: str) -> bool:
    bounds = condition.find_all(exp.Between, exp.GTE) if condition else []
    return any(
        bound.this.name == column
        and bound.this.text("table") in ("", table)
        and isinstance(bound.args.get("low") or bound.expression, (exp.Cast, exp.DateStrToDate))
        for bound in bounds
    )


def test_every_statement_reads_partitions_by_literal_dates(builds: Builds) -> None:
    columns = date_columns(builds.manifest)
    statements = [*builds.first.statements, *builds.window.statements]
    for table in columns:
        assert any(f"`{table}`" in statement.sql for statement in statements), table
    found = {f"{statement.node}: {table}" for statement in statements for table in unfiltered(statement.sql, columns)}
    assert not found, "\n".join(sorted(found))


def test_the_check_for_literal_dates_bites() -> None:
    columns = {"player_game_summary": "game_date"}
    summary = "`project`.`nba_analytics`.`player_game_summary`"
    week = "between date '2022-01-01' and date '2022-01-07'"
    read = f"select * from {summary}"
    assert unfiltered(read, columns) == ["player_game_summary"]
    assert unfiltered(f"{read} where game_date >= (select max(game_date) from dates)", columns) == [
        "player_game_summary"
    ]
    assert unfiltered(f"{read} where game_date {week}", columns) == []
    assert unfiltered(f"{read} as s join dates using (game_date) where dates.game_date {week}", columns) == [
        "player_game_summary"
    ]
    merge = f"merge into {summary} as s using rows on"
    assert unfiltered(f"{merge} false when not matched by source then delete", columns) == ["player_game_summary"]
    assert unfiltered(f"{merge} false when not matched by source and game_date {week} then delete", columns) == []
    assert unfiltered(f"{merge} s.game_id = rows.game_id when matched then delete", columns) == ["player_game_summary"]
    assert unfiltered(f"{merge} false when not matched then insert row", columns) == []


def test_no_statement_is_too_complex(builds: Builds) -> None:
    """With every CTE and view expanded where it is named, as BigQuery runs it."""
    statements = {statement.sql: statement.node for statement in (*builds.first.statements, *builds.window.statements)}
    views = {
        statement.find(exp.Table).name: statement.expression
        for statement in map(parsed, statements)
        if isinstance(statement, exp.Create) and statement.kind == "VIEW"
    }
    assert "stg_bdl__player_boxscores" in views
    sizes = {node: size_of(parsed(sql), views) for sql, node in statements.items()}
    most = sorted(sizes, key=lambda node: sizes[node].references, reverse=True)[:5]
    print("references and levels: " + ", ".join(f"{node} {sizes[node]}" for node in most))
    assert {
        node: size for node, size in sizes.items() if size.references > MOST.references or size.levels > MOST.levels
    } == {}


def test_a_query_counts_where_it_is_named() -> None:
    named_twice = (
        "with a as (select * from `p`.`d`.`t`) select * from a join (select * from a join `p`.`d`.`v` using (x))"
    )
    view = parsed("select * from `p`.`d`.`t` union all select * from `p`.`d`.`u`")
    assert size_of(parsed(named_twice), {}) == Size(references=3, levels=3)
    assert size_of(parsed(named_twice), {"v": view}) == Size(references=4, levels=3)


def changed(project: Path, copy: Path, file: str, pattern: str, replacement: str) -> Path:
    """A copy of the project in which one file reads otherwise."""
    shutil.copytree(project, copy, ignore=shutil.ignore_patterns("target", "logs"))
    text = (copy / file).read_text(encoding="utf-8")
    assert re.search(pattern, text), f"{file} has nothing like {pattern}"
    (copy / file).write_text(re.sub(pattern, replacement, text), encoding="utf-8")
    return copy


def test_a_model_that_loses_its_filter_is_found(project: Path, api: StandIn, tmp_path: Path) -> None:
    broken = changed(
        project, tmp_path / "project", "models/intermediate/int_games.sql", r"\{\{ in_\w+\(.*?\) \}\}", "true"
    )
    manifest = BigQuery(broken, api).compiled("int_games", tmp_path / "target")
    compiled = manifest["nodes"]["model.nba_analytics.int_games"]["compiled_code"]
    assert set(unfiltered(compiled, date_columns(manifest))) == {
        "stg_nbac__gamebook_player_stats",
        "stg_bdl__player_boxscores",
    }


@pytest.mark.usefixtures("builds")
@pytest.mark.parametrize(
    ("model", "file", "pattern", "replacement", "complaint"),
    [
        pytest.param(
            "stg_nba_reference__players_registry",
            "models/staging/nba_reference/stg_nba_reference__players_registry.sql",
            r"upper\(",
            "strip_accents(",
            "Function not found: strip_accents",
            id="a function that only DuckDB has",
        ),
        pytest.param(
            "player_game_summary",
            "models/marts/player_game_summary.yml",
            "data_type: int64",
            "data_type: string",
            "enforced contract that failed",
            id="a type that the contract doesn't name",
        ),
    ],
)
def test_a_model_that_bigquery_rejects_fails(
    project: Path,
    api: StandIn,
    tmp_path: Path,
    model: str,
    file: str,
    pattern: str,
    replacement: str,
    complaint: str,
) -> None:
    broken = changed(project, tmp_path / "project", file, pattern, replacement)
    outcome = BigQuery(broken, api).dbt("run", "--select", f"+{model}", window=WEEK)
    assert outcome.code == 1, outcome.output
    assert complaint in outcome.output


@pytest.mark.parametrize(
    "expression", ["'1' = 1", "1::int64", "list_aggregate([1], 'sum')", "sum(1) filter (where true)"]
)
def test_the_analyzer_rejects_what_bigquery_rejects(api: StandIn, expression: str) -> None:
    assert api.sql.judge("", f"select {expression}").rejected

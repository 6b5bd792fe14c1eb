"""The dbt project as dbt sees it: it parses without a warning, reads no window too early, and explains itself."""

import json
import os
import re
import shlex
from pathlib import Path
from typing import Any

import click
import duckdb
import pyarrow as pa
import pytest
import yaml
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from conftest import REPOSITORY, WEEK, Warehouse
from demo_league.tables import SCHEMAS
from nba_backfill.commands.main import main
from nba_backfill.loading.load import replace_rows
from nba_backfill.loading.tables import raw_tables
from nba_backfill.warehouse.project import read_profile

MARTS = ("player_game_summary", "excluded_box_score_rows", "games")


def manifest(warehouse: Warehouse, command: str, window: tuple[str, str], directory: Path) -> dict[str, Any]:
    outcome = warehouse.dbt(command, "--target-path", str(directory), window=window)
    assert outcome.code == 0, outcome.output
    parsed: dict[str, Any] = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    return parsed


def test_it_parses_without_complaint(demo: Warehouse, tmp_path: Path) -> None:
    outcome = demo.dbt("parse", "--no-partial-parse", "--show-all-deprecations", "--target-path", str(tmp_path))
    assert outcome.code == 0
    assert not re.search(r"warn|deprecat", outcome.output, re.IGNORECASE), outcome.output


def test_nothing_that_is_rendered_at_parse_time_depends_on_the_window(demo: Warehouse, tmp_path: Path) -> None:
    """The parsed project is used for many windows, and what was rendered into it would stay as it was."""
    one = manifest(demo, "parse", WEEK, tmp_path / "one")
    two = manifest(demo, "parse", ("2022-03-01", "2022-03-02"), tmp_path / "two")
    rendered = ("config", "alias", "schema", "description", "columns", "meta")
    assert one["nodes"].keys() == two["nodes"].keys()
    for name, node in one["nodes"].items():
        assert {part: node.get(part) for part in rendered} == {
            part: two["nodes"][name].get(part) for part in rendered
        }, name
        assert "window" not in str(node["config"].get("where") or ""), name


class Production(Warehouse):
    """The target bigquery, which needs no server as long as dbt only parses."""

    def __init__(self, project: Path, **variables: str) -> None:
        super().__init__(project, Path("unused.duckdb"))
        self.variables = variables

    def environment(self) -> dict[str, str]:
        return {"NBA_TARGET": "bigquery", "NBA_BIGQUERY_PROJECT": "league", **self.variables}


def places(parsed: dict[str, Any]) -> dict[str, set[str]]:
    """Where sources are read and everything else is built, as database.schema."""
    kinds: dict[str, set[str]] = {"source": set(), "built": set()}
    for node in parsed["sources"].values():
        kinds["source"].add(f"{node['database']}.{node['schema']}")
    for node in parsed["nodes"].values():
        if node["resource_type"] in ("model", "seed"):
            kinds["built"].add(f"{node['database']}.{node['schema']}")
    return kinds


def test_production_has_its_names_and_a_developer_a_prefix(project: Path, tmp_path: Path) -> None:
    raw = {"league.nba_raw", "league.nba_reference"}
    production = places(manifest(Production(project), "parse", WEEK, tmp_path / "production"))
    assert production == {"source": raw, "built": {"league.nba_analytics"}}
    developer = Production(project, NBA_BIGQUERY_DATASET="alice")
    assert places(manifest(developer, "parse", WEEK, tmp_path / "alice")) == {
        "source": raw,
        "built": {"league.alice_nba_analytics"},
    }
    variables = (
        "{raw_database: lake, raw_schema: box_scores, reference_database: masters, reference_schema: players, "
        "analytics_database: marts, analytics_schema: nba}"
    )
    elsewhere = Production(project, NBA_BIGQUERY_DATASET="nba")
    outcome = elsewhere.dbt("parse", "--vars", variables, "--target-path", str(tmp_path / "elsewhere"))
    assert outcome.code == 0, outcome.output
    assert places(json.loads((tmp_path / "elsewhere" / "manifest.json").read_text(encoding="utf-8"))) == {
        "source": {"lake.box_scores", "masters.players"},
        "built": {"marts.nba"},
    }


def test_a_test_on_a_window_scans_that_window_only(demo: Warehouse, tmp_path: Path) -> None:
    nodes = list(manifest(demo, "compile", WEEK, tmp_path)["nodes"].values())
    window = f"between date '{WEEK[0]}' and date '{WEEK[1]}'"
    marts = {node["unique_id"] for node in nodes if node["resource_type"] == "model" and node["name"] in MARTS}
    tests = [node for node in nodes if node["resource_type"] == "test" and marts & set(node["depends_on"]["nodes"])]
    assert len(tests) > 10
    for test in tests:
        reads = sum(test["compiled_code"].count(f'"{mart}"') for mart in MARTS)
        assert test["compiled_code"].count(window) >= reads > 0, test["name"]


# Two halves, for two processes.
@pytest.mark.quick
@pytest.mark.parametrize(
    "chosen",
    [
        pytest.param(("--select", "gate_findings,test_type:unit"), id="of the gate"),
        pytest.param(("--select", "test_type:unit", "--exclude", "gate_findings"), id="of all else"),
    ],
)
def test_unit_tests_pass(empty: Warehouse, chosen: tuple[str, ...]) -> None:
    """They bring their rows, and ask the tables for nothing but their columns."""
    with duckdb.connect(str(empty.database)) as con:
        for table in raw_tables(empty.project):
            replace_rows(con, table, pa.Table.from_pylist([{}], schema=SCHEMAS[table.name]), "nothing")
    outcome = empty.dbt("build", "--resource-type", "seed", "--resource-type", "model", window=WEEK)
    assert outcome.code == 0, outcome.output

    outcome = empty.dbt("test", *chosen, window=WEEK)
    assert outcome.code == 0, outcome.output
    assert re.search(r"PASS=\d{2,} WARN=0 ERROR=0 SKIP=0", outcome.output), outcome.output


def test_every_model_seed_and_column_is_described(demo: Warehouse, tmp_path: Path) -> None:
    project = manifest(demo, "parse", WEEK, tmp_path)
    described = [node for node in project["nodes"].values() if node["resource_type"] in ("model", "seed")]
    described += project["sources"].values()
    for node in described:
        assert node["description"], node["name"]
        assert node["columns"], node["name"]
        for column in node["columns"].values():
            assert column["description"], f"{node['name']}.{column['name']}"
    for node in project["nodes"].values():
        if node["resource_type"] == "model" and node["config"]["materialized"] != "ephemeral":
            columns = demo.query(
                f"select column_name from duckdb_columns() where table_name = '{node['name']}' order by column_index"
            )
            if node["name"] in MARTS or node["config"]["materialized"] == "view":
                assert {name for (name,) in columns} == set(node["columns"]), node["name"]


def test_without_dates_the_last_seven_days_are_built(demo: Warehouse) -> None:
    before = demo.summary()
    outcome = demo.dbt("build", "--exclude", "resource_type:unit_test")
    assert outcome.code == 0, outcome.output
    assert demo.summary() == before


@pytest.fixture
def raw_directory(demo_file: Path, tmp_path: Path) -> Path:
    """The demo season as files: Parquet, CSV and JSON lines."""
    directory = tmp_path / "raw"
    directory.mkdir()
    with duckdb.connect(str(demo_file), read_only=True) as con:
        for table, file in (
            ("nba_raw.bdl_player_boxscores", "bdl_player_boxscores_2022.parquet"),
            ("nba_raw.nbac_gamebook_player_stats", "nbac_gamebook_player_stats_2022.csv"),
            ("nba_reference.nba_players_registry", "nba_players_registry_2022.jsonl"),
        ):
            con.execute(f"copy (select * exclude (loaded_from) from {table}) to '{directory / file}'")
    return directory


def test_every_command_of_the_readme_does_what_it_says(empty: Warehouse, raw_directory: Path) -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    lines = [line[2:].split("#")[0] for line in readme.splitlines() if line.startswith("$ .venv/bin/")]
    commands = [shlex.split(part) for line in lines for part in line.split("&&")]
    assert len(commands) >= 7
    for program, *arguments in commands:
        if arguments[:2] == ["docs", "serve"]:
            continue
        arguments = [str(raw_directory) if argument == "DIRECTORY" else argument for argument in arguments]
        if arguments[0] == "test":
            # The build before it has run the unit tests.
            arguments += ["--exclude-resource-type", "unit_test"]
        run = empty.dbt if program.endswith("dbt") else empty.cli
        outcome = run(*arguments)
        assert outcome.code == 0, outcome.output
    assert len(empty.summary()) > 1000


PAGES = ("README.md", "CONTRIBUTING.md", "docs/runbook.md", "docs/bigquery.md", "docs/benchmarks.md")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("page", "at_least"), list(zip(PAGES, (10, 0, 11, 3, 0), strict=True)))
def test_every_command_of_the_pages_is_one_that_the_command_line_takes(page: str, at_least: int) -> None:
    """Also where cron, Airflow or a workflow calls it: to the end of its text, or to what comes next."""
    blocks = BLOCK.findall((REPOSITORY / page).read_text(encoding="utf-8"))
    code = "\n".join(text for language, text in blocks if language != "mermaid")
    targets = re.findall(r"^([\w-]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(re.findall(r"\bmake ([a-z][\w-]*)", code)) <= set(targets)
    # The name of a file is no command, and neither is the variable that completes it.
    commands = [shlex.split(found) for found in re.findall(r"(?<![\w-])nba-backfill ([a-z][^\n#&\"]*)", code)]
    assert len(commands) >= at_least
    for arguments in commands:
        with click.Context(main) as context:
            name, command, rest = main.resolve_command(context, arguments)
            while isinstance(command, click.Group):
                name, command, rest = command.resolve_command(context, rest)
            # Options that aren't there or lack what they need raise.
            command.make_context(name, rest, parent=context)


def test_what_the_readme_gives_to_schedulers_is_what_they_read() -> None:
    blocks = dict(BLOCK.findall((REPOSITORY / "README.md").read_text(encoding="utf-8")))
    (job,) = [line for line in blocks["cron"].splitlines() if not re.match(r"\w+=", line)]
    assert re.match(r"[\d*]+( [\d*]+){4}  \S", job)
    compile(blocks["python"], "a DAG", "exec")
    (workflow,) = yaml.safe_load(blocks["yaml"])["jobs"].values()
    assert [set(step) & {"uses", "run"} for step in workflow["steps"]] == [{"uses"}, {"uses"}, {"run"}]
    assert set(workflow["env"]) <= set(re.findall(r"NBA_\w+", (REPOSITORY / "profiles.example.yml").read_text()))


def test_every_picture_and_page_that_the_pages_link_is_there() -> None:
    for page in (REPOSITORY / name for name in PAGES):
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_every_analysis_is_in_the_runbook_and_no_other() -> None:
    table = (REPOSITORY / "docs" / "runbook.md").read_text(encoding="utf-8").partition("| step | analysis |")[2]
    # One is for the estimate of bytes alone.
    assert set(re.findall(r"`(\w+)`", table)) | {"replaced_rows"} == {
        file.stem for file in (REPOSITORY / "analyses").glob("*.sql")
    }


def test_every_name_in_the_readme_stands_for_something() -> None:
    for file in (REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "docs/runbook.md")):
        for path in re.findall(r"`((?:macros|models|seeds|docs|tests)/[\w./-]+)`", file.read_text(encoding="utf-8")):
            assert (REPOSITORY / path).exists(), f"{file.name}: {path}"


def test_row_hash_covers_every_column_but_those_that_tell_when_a_row_was_written() -> None:
    """A column that it leaves out would never be seen to have changed. The contract holds the model to the YAML."""
    contract = yaml.safe_load((REPOSITORY / "models/marts/player_game_summary.yml").read_text(encoding="utf-8"))
    columns = {column["name"] for column in contract["models"][0]["columns"]}
    macro, _, _ = (REPOSITORY / "macros/summary.sql").read_text(encoding="utf-8").partition("{% endmacro %}")
    hashed = re.findall(r"'(\w+)'", macro)
    assert len(hashed) == len(set(hashed))
    assert columns - set(hashed) == {"source_processed_at", "row_hash", "processed_at", "dbt_invocation_id"}
    assert set(hashed) <= columns


def test_a_way_into_bigquery_is_a_variable_and_an_empty_one_is_not_there(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them is what dbt's profile has of that name."""
    for name in [*os.environ]:
        if name.startswith(("NBA_BIGQUERY_", "GOOGLE_CLOUD_PROJECT")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NBA_BIGQUERY_PROJECT", "tables")
    ways = {
        "NBA_BIGQUERY_METHOD": ("method", "service-account-json", "oauth"),
        "NBA_BIGQUERY_KEYFILE": ("keyfile", "key.json", None),
        "NBA_BIGQUERY_KEYFILE_JSON": ("keyfile_json", {"type": "service_account"}, None),
        "NBA_BIGQUERY_IMPERSONATE_SERVICE_ACCOUNT": ("impersonate_service_account", "run@tables", None),
        "NBA_BIGQUERY_EXECUTION_PROJECT": ("execution_project", "purse", "tables"),
        "NBA_BIGQUERY_WORKLOAD_POOL_PROVIDER": ("workload_pool_provider_path", "//iam/pool", None),
        "NBA_BIGQUERY_TOKEN_ENDPOINT": ("token_endpoint", {"type": "entra"}, None),
        "NBA_BIGQUERY_IMPERSONATION_URL": ("service_account_impersonation_url", "https://iam", None),
        "NBA_BIGQUERY_TOKEN": ("token", "a token", None),
    }
    documented = (REPOSITORY / "docs" / "bigquery.md").read_text(encoding="utf-8")
    for is_set in (True, False):
        for name, (_, value, _) in ways.items():
            assert f"| `{name}` |" in documented
            text = value if isinstance(value, str) else json.dumps(value)
            monkeypatch.setenv(name, text if is_set else "")
        found = read_profile(project, "bigquery").credentials
        expected = {field: value if is_set else empty for field, value, empty in ways.values()}
        assert {field: getattr(found, field) for field in expected} == expected


def test_snapshots_keep_what_the_registry_and_the_aliases_have_said(demo: Warehouse) -> None:
    first = demo.dbt("snapshot")
    assert first.code == 0, first.output
    ((renamed, gone),) = demo.query(
        "select min(universal_player_id), max(universal_player_id) from nba_reference.nba_players_registry"
    )
    demo.execute(
        "update nba_reference.nba_players_registry set games_played = games_played + 1",
        f"update nba_reference.nba_players_registry set player_name = 'Another' "
        f"where universal_player_id = '{renamed}'",
        f"delete from nba_reference.nba_players_registry where universal_player_id = '{gone}'",
        "update nba_analytics.team_aliases set team_abbr = 'BOS' where team_alias = 'BRK'",
    )
    second = demo.dbt("snapshot")
    assert second.code == 0, second.output
    ended = demo.query(
        "select distinct universal_player_id from nba_analytics.players_registry_snapshot "
        "where dbt_valid_to is not null"
    )
    assert set(ended) == {(renamed,), (gone,)}
    assert demo.query(
        "select distinct player_full_name from nba_analytics.players_registry_snapshot "
        f"where universal_player_id = '{renamed}' and dbt_valid_to is null"
    ) == [("Another",)]
    assert demo.query(
        "select team_abbr from nba_analytics.team_aliases_snapshot where team_alias = 'BRK' order by dbt_valid_from"
    ) == [("BKN",), ("BOS",)]


def test_the_version_of_dbt_that_is_asked_for_is_the_one_that_is_tested() -> None:
    asked = yaml.safe_load((REPOSITORY / "dbt_project.yml").read_text(encoding="utf-8"))["require-dbt-version"]
    locked = re.findall(r"^dbt-core==(\S+)", (REPOSITORY / "requirements.lock").read_text(encoding="utf-8"), re.M)
    assert len(locked) == 1
    assert Version(locked[0]) in SpecifierSet(",".join(asked))
    # The next minor version and dbt v2 are not.
    assert not list(SpecifierSet(",".join(asked)).filter(["1.13.0", "2.0.0"]))

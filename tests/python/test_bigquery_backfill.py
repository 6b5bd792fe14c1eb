"""`nba-backfill` on BigQuery: workers, resume, lock, rollback, estimate and errors, by the real adapter over HTTP.

The server is the one at NBA_BIGQUERY_API_ENDPOINT, or the local one beside the checkout. Before it stands a proxy, for
what the local server lacks: transactions, bytes and a streaming buffer.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import duckdb
import pytest

from backfill_rig import TABLES
from bigquery_rig import ALL_PARTITIONS, RAW_TABLES, REAL_PROJECT, BigQuery, compare
from conftest import Warehouse
from faulty_proxy import Fault, Proxy, Request, proxy_before

# The end of a season and the start of the next, with a game a day.
GAMES = {
    "2022-06-16": "20220616_BOS_DEN",
    "2022-06-19": "20220619_DEN_BOS",
    "2022-10-18": "20221018_SAS_CHI",
    "2022-10-19": "20221019_ORL_BOS",
}
DATES = list(GAMES)
SEASONS = [(DATES[0], DATES[1]), (DATES[2], DATES[3])]
RANGE = ("--start-date", DATES[0], "--end-date", DATES[-1])
MINIMUM_BYTES = 10_485_760
LOCK = "nba_analytics.backfill_lock"
# What the local server does not do, a test makes up in the proxy. Google's does it.
local_server_only = pytest.mark.skipif(
    bool(REAL_PROJECT), reason="made up for the local server, by answers that it lacks"
)


@dataclass(frozen=True)
class Both:
    """The same raw rows on both engines."""

    embedded: Warehouse
    server: BigQuery
    proxy: Proxy

    def run(self, *arguments: str, code: int = 0) -> str:
        return self._cli("run", *arguments, code=code)

    def plan(self, *arguments: str) -> dict[str, Any]:
        planned: dict[str, Any] = json.loads(self._cli("plan", *arguments, "--json"))
        return planned

    def to_do(self) -> dict[str, str]:
        return {day["game_date"]: day["status"] for day in self.plan(*RANGE, "--no-estimate")["dates"] if day["to_do"]}

    def rollback(self, *arguments: str) -> str:
        return self._cli("rollback", *arguments)

    def runs(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = json.loads(self._cli("runs", "--json"))
        return listed

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of the tables that a run replaces, every column, in an order of its own."""
        everything = "select * from nba_analytics.{} where " + ALL_PARTITIONS
        return {table: sorted(self.server.run(everything.format(table)), key=str) for table in TABLES}

    def _cli(self, *arguments: str, code: int = 0) -> str:
        outcome = self.server.cli(*arguments)
        assert outcome.code == code, outcome.output
        assert "Traceback" not in outcome.output
        return outcome.output


def missing_as_google_says(answer: dict[str, Any]) -> dict[str, Any]:
    """The error of a table that is not there, by the status that Google's server gives it."""
    if "Table not found" in answer.get("error", {}).get("message", ""):
        answer["error"] |= {"code": 404, "status": "notFound"}
    return answer


def is_dry_run(request: Request) -> bool:
    return bool(request.job.get("configuration", {}).get("dryRun"))


def as_google(request: Request) -> Fault | None:
    return Fault(edit_answer=missing_as_google_says) if is_dry_run(request) else None


def a_game_a_day(source: Path, database: Path) -> None:
    """The games, and the players of these games."""
    with duckdb.connect(str(database)) as con:
        con.execute(f"attach '{source}' as source (read_only)")
        con.execute("create schema nba_raw; create schema nba_reference; create schema nba_analytics")
        gamebook, balldontlie, registry = RAW_TABLES
        for table in (gamebook, balldontlie):
            con.execute(
                f"create table {table} as select * from source.{table} "
                f"where (cast(game_date as text), game_id) in ({', '.join(map(str, GAMES.items()))})"
            )
        con.execute(
            f"""
            create table {registry} as select * from source.{registry}
            where player_lookup in (select player_lookup from {gamebook} union select player_lookup from {balldontlie})
            """
        )


@pytest.fixture(scope="module")
def both(project: Path, endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    directory = tmp_path_factory.mktemp("backfill")
    own = directory / "project"
    own.mkdir()
    for file in project.iterdir():
        if file.name not in ("logs", "target"):
            (own / file.name).symlink_to(file)
    league = Warehouse(own, directory / "league.duckdb")
    assert league.cli("demo-data", "--seasons", "2021-2022").code == 0
    embedded = Warehouse(own, directory / "nba.duckdb")
    a_game_a_day(league.database, embedded.database)
    server = BigQuery(own, endpoint)
    server.load(embedded.database, directory)
    with proxy_before(endpoint) as proxy:
        server.endpoint = proxy.url
        proxy.reset(as_google)
        yield Both(embedded, server, proxy)


@pytest.fixture(scope="module")
def first_run(both: Both) -> str:
    """What a run of two workers prints that fills the summary."""
    return both.run(*RANGE, "--batch-days", "1", "--workers", "2")


@pytest.fixture
def filled(both: Both, first_run: str) -> Iterator[Both]:
    """Both engines, the summary of the one on BigQuery filled."""
    assert first_run
    yield both
    both.proxy.reset(as_google)


def windows(output: str) -> list[str]:
    """The windows in the order in which they ended."""
    return re.findall(r"^batch \d+/\d+  (\S+)  [\d,]+ rows", output, re.MULTILINE)


def seasons_tested(output: str) -> list[str]:
    return re.findall(r"^tested (\S+): \d+ tests passed, \d+ warned, none failed", output, re.MULTILINE)


def test_workers_do_every_window_once_and_leave_nothing_behind(filled: Both, first_run: str) -> None:
    """Windows end in any order, and the table is what one worker makes of the same rows on DuckDB."""
    assert sorted(windows(first_run)) == [f"{day}..{day}" for day in DATES]
    assert len(seasons_tested(first_run)) == len(SEASONS)
    outcome = filled.embedded.cli("run", *RANGE, "--batch-days", "1")
    assert outcome.code == 0, outcome.output
    assert sorted(windows(first_run)) == windows(outcome.output)
    assert compare(filled.embedded, filled.server) > 100
    tables = [table.table_id for table in filled.server.client.list_tables("nba_analytics")]
    assert "player_game_summary" in tables
    assert not [table for table in tables if "_window" in table]
    for number in (1, 2):
        assert (filled.server.project / "logs" / f"worker-{number}").is_dir()
        assert (filled.server.project / "target" / f"worker-{number}").is_dir()


def test_the_next_run_has_nothing_to_do_and_a_deleted_row_makes_its_date_stale(filled: Both) -> None:
    """And what a run makes of it can be put back.

    The local server knows no transactions, so the proxy takes the two statements of the transaction out of the script
    of the rollback. That the script is one transaction is seen in what the client sends.
    """
    before = filled.contents()
    assert "nothing to do" in filled.run(*RANGE)
    assert filled.contents() == before

    gamebook, balldontlie, _ = RAW_TABLES
    ((player,),) = filled.server.run(
        f"""
        select min(player_lookup) from {gamebook}
        where game_date = date '{DATES[1]}' and player_status <> 'active'
        and player_lookup not in (select player_lookup from {balldontlie} where game_date = date '{DATES[1]}')
        """
    )
    filled.server.execute(
        f"delete from {gamebook} where game_date = date '{DATES[1]}' and player_lookup = '{player}'",
    )
    assert filled.to_do() == {DATES[1]: "stale"}
    assert windows(filled.run(*RANGE)) == [f"{DATES[1]}..{DATES[1]}"]
    changed = filled.contents()
    assert all(changed[table] != before[table] for table in ("player_game_summary", "backfill_ledger"))
    last = filled.runs()[0]
    assert (last["status"], last["rows_removed"]) == ("done", 1)

    scripts = []

    def without_transaction(request: Request) -> Fault | None:
        if not request.sql.startswith("begin transaction;"):
            return as_google(request)
        scripts.append(request.sql)
        return Fault(edit_request=do_one_by_one)

    def do_one_by_one(job: dict[str, Any]) -> dict[str, Any]:
        query = job["configuration"]["query"]
        query["query"] = re.sub(r"(begin|commit) transaction;", "", query["query"])
        return job

    filled.proxy.reset(as_google if REAL_PROJECT else without_transaction)
    output = filled.rollback()
    assert f"rolled back run {last['run_id']}" in output
    assert "1 that it had removed are back" in output
    assert filled.contents() == before
    if scripts:
        (script,) = scripts
        assert script.endswith("commit transaction;")
        assert script.count("merge into") == len(TABLES)
    assert filled.runs()[0]["status"] == "rolled back"
    assert filled.to_do() == {DATES[1]: "stale"}


def test_each_worker_does_whole_seasons_and_each_season_is_tested(filled: Both) -> None:
    output = filled.run(*RANGE, "--no-resume", "--workers", "2", "--by-season")
    assert sorted(windows(output)) == [f"{first}..{last}" for first, last in SEASONS]
    assert [window.split("..")[0] for window in seasons_tested(output)] == [DATES[0], "2022-10-12"]


def test_a_run_beside_another_is_told_who_is_at_work_and_since_when(filled: Both) -> None:
    before = filled.contents()
    filled.server.execute(
        f"""
        update {LOCK} set run_id = 'another', holder = 'somebody', host_name = 'elsewhere', process_id = 4711,
        held_since = timestamp '2022-06-20 01:02:03+00', alive_at = current_timestamp()
        where true
        """
    )
    output = filled.run("--dates", DATES[0], code=4)
    assert "held by run another of somebody, process 4711 on elsewhere, since 2022-06-20 01:02:03 UTC" in output
    assert filled.contents() == before
    assert filled.server.run(f"select run_id from {LOCK}") == [("another",)]
    filled.server.execute(
        f"""
        update {LOCK} set run_id = null, holder = null, host_name = null, process_id = null, held_since = null,
        alive_at = null
        where true
        """
    )


@local_server_only
def test_an_estimate_adds_up_what_dry_runs_say_and_a_ceiling_refuses_it(filled: Both) -> None:
    """The local server reads no bytes, so the proxy says how many: 50 MiB of two tables, or a few of one or three."""
    billed = []

    def say_bytes(request: Request) -> Fault | None:
        if not is_dry_run(request) or request.sql == "select 1":
            return None
        read, tables = (
            (50 * 1024**2, 2) if "stg_bdl" in request.sql else (1_000, 3) if "join" in request.sql else (0, 1)
        )

        def answer_with_bytes(answer: dict[str, Any]) -> dict[str, Any]:
            if "error" in answer:
                # A table that the run will make counts as a small one.
                billed.append(MINIMUM_BYTES)
                return missing_as_google_says(answer)
            billed.append(max(read, tables * MINIMUM_BYTES))
            table = {"projectId": "p", "datasetId": "d"}
            answer["statistics"]["totalBytesProcessed"] = str(read)
            answer["statistics"]["query"] |= {
                "totalBytesProcessed": str(read),
                "referencedTables": [{**table, "tableId": f"t{n}"} for n in range(tables)],
            }
            return answer

        return Fault(edit_answer=answer_with_bytes)

    chosen = ("--dates", f"{DATES[0]},{DATES[2]}")
    filled.proxy.reset(say_bytes)
    planned = filled.plan(*chosen, "--estimate", "--price-per-tib", "1000")

    total = sum(billed)
    print(f"{len(billed)} dry runs, {total:,} bytes")
    assert {50 * 1024**2, 3 * MINIMUM_BYTES, MINIMUM_BYTES} == set(billed)
    assert [window["bytes_billed"] for window in planned["windows"]] == [total // 2] * 2
    assert planned["bytes_billed"] == total
    assert planned["price"] == round(total * 1000 / 2**40, 4)

    before = filled.contents(), filled.server.run("select count(*) from nba_analytics.backfill_events")
    output = filled.run(*chosen, "--max-bytes", str(total - 1), code=1)
    assert f"BigQuery would bill {total:,} bytes, over --max-bytes {total - 1:,}. Nothing was written." in output
    assert (filled.contents(), filled.server.run("select count(*) from nba_analytics.backfill_events")) == before


@local_server_only
def test_rows_in_a_streaming_buffer_are_named_with_their_table_and_age(filled: Both) -> None:
    """Somebody else has streamed into the summary. The local server has no such buffer, so the proxy says there is."""
    table = f"{filled.server.project_id}.nba_analytics.player_game_summary"
    message = (
        f"UPDATE or DELETE statement over table {table} would affect rows in the streaming buffer, "
        "which is not supported"
    )
    oldest = datetime(2022, 6, 20, 1, 2, tzinfo=timezone.utc)

    def with_buffer(answer: dict[str, Any]) -> dict[str, Any]:
        return answer | {
            "streamingBuffer": {"estimatedRows": "123", "oldestEntryTime": str(int(oldest.timestamp()) * 1000)}
        }

    def streamed(request: Request) -> Fault | None:
        if request.stage == "POST /projects/{}/jobs merge" and "player_game_summary`" in request.sql.split("using")[0]:
            errors = [{"reason": "invalidQuery", "message": message}]
            return Fault(answer=(400, {"error": {"code": 400, "message": message, "errors": errors}}))
        if request.method == "GET" and request.target.partition("?")[0].endswith("/tables/player_game_summary"):
            return Fault(edit_answer=with_buffer)
        return as_google(request)

    before = filled.contents()
    filled.proxy.reset(streamed)
    output = filled.run("--dates", DATES[0], code=1)
    assert f"{table} has about 123 rows there, the oldest since 2022-06-20 01:02 UTC." in output
    assert "Let their writer use load jobs, and run the same command again when that time is over." in output
    assert filled.contents() == before


class LoggedOut(Warehouse):
    """A user of BigQuery who has no credentials, and a gcloud that would start a browser."""

    def __init__(self, project: Path, home: Path, credentials: dict[str, str]) -> None:
        super().__init__(project, home / "unused.duckdb")
        self.home, self.credentials = home, credentials
        gcloud = home / "gcloud"
        gcloud.write_text(f'#!/bin/sh\n: > "{home}/browser"\n', encoding="utf-8")
        gcloud.chmod(0o755)

    def environment(self) -> dict[str, str]:
        return {
            "NBA_TARGET": "bigquery",
            "NBA_BIGQUERY_PROJECT": "somebodys-project",
            "HOME": str(self.home),
            "PATH": str(self.home),
            "CLOUDSDK_CONFIG": str(self.home / "no-gcloud"),
            # Whether this is one of Google's machines is a question to the network.
            "NO_GCE_CHECK": "true",
            **self.credentials,
        }


@pytest.mark.parametrize(
    "credentials",
    [
        pytest.param({"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere/key.json"}, id="missing file"),
        pytest.param({"GOOGLE_APPLICATION_CREDENTIALS": ""}, id="none"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "run"])
def test_who_is_not_logged_in_is_told_how(
    project: Path, tmp_path: Path, command: str, credentials: dict[str, str]
) -> None:
    """The adapter would start gcloud, and gcloud a browser."""
    user = LoggedOut(project, tmp_path, credentials)
    outcome = user.cli(command, *RANGE)
    assert outcome.code == 4, outcome.output
    assert "Log in with `gcloud auth application-default login`" in outcome.output
    assert "Traceback" not in outcome.output
    assert not (tmp_path / "browser").exists()

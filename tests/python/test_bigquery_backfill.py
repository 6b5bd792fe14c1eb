"""`nba-backfill` on BigQuery: workers, resume, lock, rollback, estimate and errors, by the real adapter over HTTP.

The server is the one at NBA_BIGQUERY_API_ENDPOINT, or the local one beside the checkout. Before it stands a proxy, for
what the local server lacks: transactions, bytes and a streaming buffer.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from backfill_rig import TABLES
from bigquery_rig import ALL_PARTITIONS, RAW_TABLES, REAL_PROJECT, BigQuery, compare, raw_rows_of
from conftest import REPOSITORY, Warehouse
from faulty_proxy import Fault, Proxy, Request, proxy_before, refusal
from remembered_results import Remembered, by_node_of_columns

# The end of a season and the start of the next, with a game a day.
GAMES = {
    "2022-06-16": "20220616_BOS_DEN",
    "2022-06-19": "20220619_DEN_BOS",
    "2022-10-18": "20221018_IND_MEM",
    "2022-10-19": "20221019_BOS_CLE",
}
# Of games of the next season those from a year before, as the demo league has one season.
NEXT_SEASON = {"20221018_IND_MEM": "20211019_IND_MEM", "20221019_BOS_CLE": "20211020_BOS_CLE"}
DATES = list(GAMES)
SEASONS = [(DATES[0], DATES[1]), (DATES[2], DATES[3])]
RANGE = ("--start-date", DATES[0], "--end-date", DATES[-1])
MINIMUM_BYTES = 10_485_760
MOST_STATEMENTS_OF_THREE_SEASONS = 150
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
    """Somebody touches every table between any two requests, and the user may make no dataset."""
    if request.if_match:
        return refusal(412, "conditionNotMet", "Precondition check failed.")
    if request.stage == "POST /projects/{}/jobs create schema":
        return refusal(403, "accessDenied", "Access Denied: Project test: User does not have bigquery.datasets.create")
    return Fault(edit_answer=missing_as_google_says) if is_dry_run(request) else None


def a_game_a_day(source: Path, database: Path) -> None:
    """The games, of which those of the next season were played a year earlier in the source."""
    raw_rows_of(source, [NEXT_SEASON.get(game, game) for game in GAMES.values()], database)
    with duckdb.connect(str(database)) as con:
        *box_scores, registry = RAW_TABLES
        for later, game in NEXT_SEASON.items():
            for table, of_table in zip(box_scores, (f"game_code = '{later}', ", ""), strict=True):
                con.execute(
                    f"update {table} set game_id = '{later}', game_date = game_date + 364, {of_table}"
                    f"season_year = season_year + 1 where game_id = '{game}'"
                )
        con.execute(f"insert into {registry} select * replace ('2022-23' as season) from {registry}")


@pytest.fixture(scope="module")
def both(project: Path, endpoint: str, demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    directory = tmp_path_factory.mktemp("backfill")
    own = directory / "project"
    own.mkdir()
    for file in project.iterdir():
        if file.name not in ("logs", "target"):
            (own / file.name).symlink_to(file)
    embedded = Warehouse(own, directory / "nba.duckdb")
    a_game_a_day(demo_file, embedded.database)
    server = BigQuery(own, endpoint)
    server.load(embedded.database, directory)
    with proxy_before(endpoint) as proxy:
        server.endpoint = proxy.url
        proxy.memory = None if REAL_PROJECT else Remembered(server, by_node_of_columns)
        proxy.reset(as_google)
        yield Both(embedded, server, proxy)


class FirstRun(NamedTuple):
    """A run of two workers that fills the summary: what it printed, and what it asked of the server."""

    output: str
    requests: list[Request]


@pytest.fixture(scope="module")
def first_run(both: Both) -> FirstRun:
    def before_the_first_run(request: Request) -> Fault | None:
        return None if "nba_analytics_kept" in request.sql.partition(";")[0] else as_google(request)

    both.proxy.reset(before_the_first_run)
    output = both.run(*RANGE, "--batch-days", "1", "--workers", "2")
    return FirstRun(output, both.proxy.requests)


@pytest.fixture
def filled(both: Both, first_run: FirstRun) -> Iterator[Both]:
    """Both engines, the summary of the one on BigQuery filled."""
    assert first_run.output
    yield both
    both.proxy.reset(as_google)


def jobs_by_invocation(requests: list[Request]) -> dict[str, list[Request]]:
    """The statements that were sent, by the invocation of dbt that has sent them."""
    jobs: dict[str, list[Request]] = {}
    for request in requests:
        if request.job.get("configuration", {}).get("query") and not is_dry_run(request):
            jobs.setdefault(request.job["configuration"]["labels"]["dbt_invocation_id"], []).append(request)
    return jobs


def tables_of(request: Request) -> set[str]:
    """The tables that a statement names, but for the one that it makes or drops."""
    rest = re.sub(r"^(create or replace|drop) (table|view)( if exists)? \S+", "", request.sql, flags=re.IGNORECASE)
    return set(re.findall(r"(?:`[^`]+`\.){2}`[^`]+`", rest))


def count_tables(jobs: Iterable[Request]) -> int:
    """How many tables statements name, counted for each, as BigQuery's minimum is."""
    return sum(len(tables_of(job)) for job in jobs)


def gib(tables: int) -> str:
    """What BigQuery bills for so many tables at least."""
    return f"{tables * MINIMUM_BYTES / 2**30:.1f} GiB"


def node_of(job: Request) -> str | None:
    """The node of dbt that has sent the statement, None of a macro."""
    node: str | None = job.job["configuration"]["labels"].get("node_name")
    return node


def windows(output: str) -> list[str]:
    """The windows in the order in which they ended."""
    return re.findall(r"^batch \d+/\d+  (\S+)  [\d,]+ rows", output, re.MULTILINE)


def ranges_tested(output: str) -> list[str]:
    return re.findall(r"^tested (\S+): \d+ tests passed, \d+ warned, none failed", output, re.MULTILINE)


def test_the_requests_of_a_run_are_labelled_and_capped(first_run: FirstRun) -> None:
    """Each of them: of preflight, plan, lock, kept copies, windows, tests and report."""
    assert not [request for request in first_run.requests if "insertAll" in request.target]
    run_ids = set()
    for request in first_run.requests:
        query = request.job.get("configuration", {})
        if query and not query.get("dryRun"):
            assert query["labels"]["dbt_invocation_id"], request.sql
            assert int(query["query"]["maximumBytesBilled"]) > 0, request.sql
            run_ids.add(query["labels"]["run_id"])
    assert len(run_ids) == 1


def test_three_seasons_take_few_statements_and_the_documents_say_how_many(first_run: FirstRun) -> None:
    """A window of a season has the statements of any window. The first one makes the tables, the others merge."""
    invocations = jobs_by_invocation(first_run.requests).values()
    is_window = [any(node_of(job) == "player_game_summary" for job in jobs) for jobs in invocations]
    windows = [jobs for jobs, is_one in zip(invocations, is_window, strict=True) if is_one]
    assert len(windows) == len(DATES)
    statements, tables = max(map(len, windows)), max(map(count_tables, windows))
    # But for what a slow run says to keep its lock, and for the window tables of workers.
    around = [
        job
        for jobs, is_one in zip(invocations, is_window, strict=True)
        for job in jobs
        if not (is_one or "set alive_at" in jobs[0].sql or job.sql.startswith("drop table"))
    ]
    print(f"a window: {statements} statements, {tables} tables; the rest: {len(around)}, {count_tables(around)}")
    assert 3 * statements <= MOST_STATEMENTS_OF_THREE_SEASONS
    documented = (REPOSITORY / "docs" / "bigquery.md").read_text(encoding="utf-8")
    assert f"A window sends {statements} statements, which name {tables} tables" in documented
    assert f"| `run`, a window a season | {3 * statements} | {gib(3 * tables)} |" in documented
    # As many windows as dates here, where three seasons have three: what is around them differs by a few.
    rest = re.search(r"^\| of either: [^|]* \| about (\d+) \| ([\d.]+) GiB \|", documented, re.MULTILINE)
    assert rest
    assert len(around) == pytest.approx(int(rest[1]), rel=0.1)
    assert count_tables(around) * MINIMUM_BYTES / 2**30 == pytest.approx(float(rest[2]), rel=0.1)


def test_a_run_asks_for_no_right_that_it_does_not_need(first_run: FirstRun) -> None:
    """It makes one dataset, which is not there, and no description is written to a version of a table."""
    made = [request.sql for request in first_run.requests if request.stage == "POST /projects/{}/jobs create schema"]
    assert len(made) == 1
    assert "nba_analytics_kept" in made[0]
    assert not [request.stage for request in first_run.requests if request.if_match]


def test_one_window_of_a_run_replaces_the_rows_without_a_date(first_run: FirstRun) -> None:
    """All of them would be in each other's way on that partition."""
    undated = {
        request.job["configuration"]["labels"]["dbt_invocation_id"]
        for request in first_run.requests
        if re.search(r"is_a_row and \(game_date is null|(?<![.(])game_date is null", request.sql)
        and node_of(request) == "excluded_box_score_rows"
    }
    assert len(undated) == 1


def test_workers_do_every_window_once_and_leave_nothing_behind(filled: Both, first_run: FirstRun) -> None:
    """Windows end in any order, and the table is what one worker makes of the same rows on DuckDB."""
    assert sorted(windows(first_run.output)) == [f"{day}..{day}" for day in DATES]
    assert ranges_tested(first_run.output) == [f"{DATES[0]}..{DATES[-1]}"]
    outcome = filled.embedded.cli("run", *RANGE, "--batch-days", "1")
    assert outcome.code == 0, outcome.output
    assert sorted(windows(first_run.output)) == windows(outcome.output)
    assert compare(filled.embedded, filled.server) > 100
    tables = [table.table_id for table in filled.server.client.list_tables("nba_analytics")]
    assert "player_game_summary" in tables
    of_run = sorted(table for table in tables if "_window" in table)
    assert of_run == ["int_games_window", "int_player_links_window", "int_player_rows_window"], "what it has read"
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
    unheard: list[str] = []

    def done_but_told_otherwise(request: Request) -> Fault | None:
        """Of what is appended before and after the windows: the whole of either operation is done again."""
        appended = re.search(r"'(range kept|run finished)'", request.sql)
        if not appended or appended[1] in unheard or not request.sql.startswith("insert into"):
            return as_google(request)
        unheard.append(appended[1])
        message = "Could not serialize access to table p:d.t due to concurrent update"
        return replace(refusal(400, "invalidQuery", message), reaches_server=True)

    filled.proxy.reset(done_but_told_otherwise)
    assert windows(filled.run(*RANGE)) == [f"{DATES[1]}..{DATES[1]}"]
    assert unheard == ["range kept", "run finished"]
    filled.proxy.reset(as_google)
    of_last = "from nba_analytics.{} where run_id = (select max(run_id) from nba_analytics.backfill_events)"
    events = filled.server.run(f"select event_name {of_last.format('backfill_events')} order by 1")
    assert events == [("range kept",), ("run finished",), ("run started",)]
    ((kept, dates),) = filled.server.run(
        f"select count(*), count(distinct game_date) {of_last.format('backfill_baselines')}"
    )
    assert kept == dates > 0
    changed = filled.contents()
    assert all(changed[table] != before[table] for table in ("player_game_summary", "backfill_ledger"))
    ((last, status),) = filled.server.run(
        "select run_id, status from nba_analytics.backfill_runs order by started_at desc limit 1"
    )
    assert status == "done"

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
    assert f"rolled back run {last}" in output
    assert "1 that were removed come back" in output
    assert filled.contents() == before
    if scripts:
        (script,) = scripts
        assert script.endswith("commit transaction;")
        assert script.count("merge into") == len(TABLES)
    listed = filled.runs()[0]
    assert (listed["run_id"], listed["status"], listed["rows_removed"]) == (last, "rolled back", 1)
    assert filled.to_do() == {DATES[1]: "stale"}


def test_a_window_is_a_season_and_each_worker_does_one(filled: Both) -> None:
    output = filled.run(*RANGE, "--no-resume", "--workers", "2")
    assert sorted(windows(output)) == [f"{first}..{last}" for first, last in SEASONS]


@pytest.fixture
def at_work(filled: Both) -> Iterator[str]:
    """The id of a run that is at work on another machine."""
    filled.server.execute(
        f"""
        update {LOCK} set run_id = 'another', holder = 'somebody', host_name = 'elsewhere', process_id = 4711,
        held_since = timestamp '2022-06-20 01:02:03+00', alive_at = current_timestamp()
        where true
        """
    )
    yield "another"
    filled.server.execute(
        f"""
        update {LOCK} set run_id = null, holder = null, host_name = null, process_id = null, held_since = null,
        alive_at = null
        where true
        """
    )


def test_a_run_beside_another_is_told_who_is_at_work_and_since_when(filled: Both, at_work: str) -> None:
    before = filled.contents()
    output = filled.run("--dates", DATES[0], code=4)
    assert f"held by run {at_work} of somebody, process 4711 on elsewhere, since 2022-06-20 01:02:03 UTC" in output
    assert filled.contents() == before
    assert filled.server.run(f"select run_id from {LOCK}") == [(at_work,)]


OWN_TABLE = re.compile(r"int_\w+_window__[0-9a-f]{12}\b")


@pytest.mark.usefixtures("at_work")
def test_who_looks_beside_a_run_at_work_makes_nothing_that_it_reads(filled: Both) -> None:
    """But for a view, which is replaced by itself in one step. A report asks all that preflight and validate ask."""
    filled.proxy.reset(as_google)
    filled.plan("--dates", DATES[0], "--no-estimate")
    filled.runs()
    for command in ("status", "report"):
        assert "Traceback" not in filled.server.cli(command).output
    requests = filled.proxy.requests
    jobs = [request for request in requests if request.job and not is_dry_run(request)]
    of_its_own = [job for job in jobs if job.sql.startswith("create or replace table")]
    assert of_its_own
    assert all(OWN_TABLE.search(job.sql.partition(" as (")[0]) for job in of_its_own)
    made = {request.stage.rpartition("/jobs ")[2] for request in jobs if request not in of_its_own} - {"select"}
    assert made == {"create view"}
    assert not [request.target for request in requests if "/upload/" in request.target]
    assert all(OWN_TABLE.search(request.target) for request in requests if request.method == "DELETE")
    left = [table.table_id for table in filled.server.client.list_tables("nba_analytics")]
    assert not list(filter(OWN_TABLE.search, left))


def test_who_looks_makes_nothing_that_is_there_as_the_project_has_it(filled: Both) -> None:
    """A seed that somebody has changed is loaded in one step, under the lock, and never dropped."""
    filled.proxy.reset(as_google)
    filled.plan("--dates", DATES[0], "--no-estimate")
    assert not [request.stage for request in filled.proxy.requests if "/upload/" in request.target]
    assert not [
        request.sql for request in filled.proxy.requests if "backfill_lock" in request.sql and "update" in request.sql
    ]

    of_season = "select * from nba_analytics.seasons where season_year = 2022 order by first_date"
    before = filled.server.run(of_season)
    filled.server.execute("delete from nba_analytics.seasons where season_year = 2022")
    filled.proxy.reset(as_google)
    filled.plan("--dates", DATES[0], "--no-estimate")
    stages = [
        "load" if "/upload/" in request.target else "lock" if "set run_id" in request.sql else ""
        for request in filled.proxy.requests
    ]
    stages = [stage for stage in stages if stage]
    assert stages[0] == stages[-1] == "lock"
    assert "load" in stages
    assert not [request.sql for request in filled.proxy.requests if request.sql.startswith("drop table")]
    assert filled.server.run(of_season) == before != []


@local_server_only
def test_a_dataset_that_forgets_is_refused(filled: Both) -> None:
    """A partition of 2021 would be gone on arrival. The local server keeps everything, so the proxy says otherwise."""
    days = str(60 * 24 * 3600 * 1000)

    def of_dataset(request: Request) -> Fault | None:
        is_dataset = request.method == "GET" and request.target.partition("?")[0].endswith("/datasets/nba_analytics")
        return Fault(edit_answer=lambda answer: answer | {"defaultPartitionExpirationMs": days}) if is_dataset else None

    def of_table(request: Request) -> Fault | None:
        is_table = request.method == "GET" and request.target.partition("?")[0].endswith("/tables/player_game_summary")
        partitioning = {"type": "DAY", "field": "game_date", "expirationMs": days}
        return Fault(edit_answer=lambda answer: answer | {"timePartitioning": partitioning}) if is_table else None

    for forgets, sentence in (
        (of_dataset, "is gone after 60 days, and rows of earlier seasons at once. `bq update --default_partition_exp"),
        (of_table, "does not keep its rows. `bq update --expiration 0 --time_partitioning_expiration 0"),
    ):
        filled.proxy.reset(forgets)
        output = filled.run("--dates", DATES[0], code=4)
        assert sentence in output
        assert not [request.sql for request in filled.proxy.requests if "backfill_lock" in request.sql]


@local_server_only
def test_an_estimate_adds_up_what_dry_runs_say_and_a_ceiling_refuses_it(filled: Both) -> None:
    """The local server reads no bytes, so the proxy says how many: 50 MiB of two tables, or a few of three."""
    billed = []
    # Made by an earlier run on this server, or not.
    for table in ("int_player_rows_window", "int_player_game_summary_window"):
        filled.server.client.delete_table(f"nba_analytics.{table}", not_found_ok=True)

    def say_bytes(request: Request) -> Fault | None:
        if not is_dry_run(request) or request.sql == "select 1":
            return None
        read, tables = (50 * 1024**2, 2) if "stg_bdl" in request.sql else (1_000, 3)

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
    (first, second) = [window["bytes_billed"] for window in planned["windows"]]
    assert first == second > 0
    # To read the sources once, which is of more than one table.
    assert first + second + planned["bytes_billed_for_sources"] == total
    assert planned["bytes_billed_for_sources"] > MINIMUM_BYTES
    assert planned["bytes_billed"] == total
    assert planned["price"] == round(total * 1000 / 2**40, 4)

    before = filled.contents(), filled.server.run("select count(*) from nba_analytics.backfill_events")
    output = filled.run(*chosen, "--max-bytes", str(total - 1), code=1)
    assert f"BigQuery would bill {total:,} bytes, over --max-bytes {total - 1:,}. Nothing was written." in output
    assert (filled.contents(), filled.server.run("select count(*) from nba_analytics.backfill_events")) == before


@local_server_only
@pytest.mark.parametrize("is_age_known", [True, False])
def test_rows_in_a_streaming_buffer_are_named_with_their_table_and_age(filled: Both, is_age_known: bool) -> None:
    """Somebody else has streamed into the summary. The local server has no such buffer, so the proxy says there is."""
    table = f"{filled.server.project_id}.nba_analytics.player_game_summary"
    message = (
        f"UPDATE or DELETE statement over table {table} would affect rows in the streaming buffer, "
        "which is not supported"
    )
    oldest = datetime(2022, 6, 20, 1, 2, tzinfo=timezone.utc)

    buffer = {"estimatedRows": "123"} | (
        {"oldestEntryTime": str(int(oldest.timestamp()) * 1000)} if is_age_known else {}
    )
    age = ", the oldest since 2022-06-20 01:02 UTC." if is_age_known else "."

    def with_buffer(answer: dict[str, Any]) -> dict[str, Any]:
        return answer | {"streamingBuffer": buffer}

    def streamed(request: Request) -> Fault | None:
        if request.stage == "POST /projects/{}/jobs merge" and "player_game_summary`" in request.sql.split("using")[0]:
            errors = [{"reason": "invalidQuery", "message": message}]
            return Fault(answer=(400, {"error": {"code": 400, "message": message, "errors": errors}}))
        if request.method == "GET" and request.target.partition("?")[0].endswith("/tables/player_game_summary"):
            return Fault(edit_answer=with_buffer)
        return as_google(request)

    before = filled.contents()
    filled.proxy.reset(streamed)
    output = filled.run("--dates", DATES[1], code=1)
    assert f"{table} has about 123 rows there{age} Rows that are still" in output
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
    ("command", "credentials"),
    [
        pytest.param("plan", {"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere/key.json"}, id="missing file"),
        pytest.param("run", {"GOOGLE_APPLICATION_CREDENTIALS": ""}, id="none"),
    ],
)
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

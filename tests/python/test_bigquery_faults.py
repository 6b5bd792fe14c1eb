"""Nothing that happens to a request tears, loses or doubles a window, and what time can't mend is said at once.

Everything is by the real adapter and client over HTTP, through a proxy that breaks requests. A stage is a kind of
request, such as the POST of a MERGE, or the GET of its result; those of a window are taken from a run of it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bigquery_rig import RAW_TABLES, REAL_PROJECT, BigQuery
from conftest import Warehouse
from faulty_proxy import Fault, FaultFor, Proxy, Request, no_fault, proxy_before, refusal
from nba_backfill.windows import Window
from remembered_results import KeyOf, Remembered, by_query
from window_runs import Ended, Runs, Step, build, prepare, runs_of

NEIGHBOUR = ("2022-01-03", "2022-01-09")
WINDOW = ("2022-01-10", "2022-01-16")
CHANGED_DATE, EMPTIED_DATE = "2022-01-11", "2022-01-13"
# All rows, also those outside of the window, by what tells them apart and what they say.
CONTENT = {
    "player_game_summary": "game_date, player_lookup, team_abbr, row_hash",
    "excluded_box_score_rows": "game_date, source_player_lookup, source_name, source_file_path, exclusion_reason",
    "backfill_ledger": "game_date, rows_expected, rows_written, source_fingerprint, rows_fingerprint",
}
ALL_DATES = "(game_date >= date '1946-11-01' or game_date is null)"
DROPPED = Fault()
DONE_BUT_NOT_HEARD = Fault(reaches_server=True)

Content = Counter[tuple[Any, ...]]
State = dict[str, Content]


RATE_LIMIT = refusal(403, "rateLimitExceeded", "Exceeded rate limits: too many api requests per user per method.")
QUOTA = refusal(403, "quotaExceeded", "Quota exceeded: Your project exceeded quota for concurrent queries.")
CONFLICT = refusal(400, "invalidQuery", "Could not serialize access to table p:d.t due to concurrent update")
TOO_MANY_DML = refusal(
    400,
    "resourcesExceeded",
    "Resources exceeded: Too many DML statements outstanding against table p:d.t, limit is 20.",
)
QUEUED = refusal(400, "resourcesExceeded", "The DML statement has been queued for too long.")
NO_JOB = refusal(404, "notFound", "Not found: Job test:US.4711")
PRECONDITION = refusal(412, "conditionNotMet", "Precondition check failed.")
INTERNAL = refusal(500, "backendError", "An internal error occurred and the request could not be completed.")
UNAVAILABLE = refusal(503, "backendError", "Error encountered during execution. Retrying may solve the problem.")
UNAUTHORIZED = refusal(401, "authError", "Request had invalid authentication credentials.")
FORBIDDEN = refusal(
    403,
    "accessDenied",
    "Access Denied: Project test: User does not have bigquery.jobs.create permission in project test.",
)
NOT_FOUND = refusal(404, "notFound", "Not found: Dataset test:nba_raw was not found in location US")
SYNTAX = refusal(400, "invalidQuery", "Syntax error: Unexpected keyword MERGE at [1:1]")
BYTES_BILLED = refusal(
    400,
    "bytesBilledLimitExceeded",
    "Query exceeded limit for bytes billed: 10485760. 20971520 or higher required.",
)
# What the user must hear of each. The first two may befall any request, the others jobs and their results.
FATAL = {
    "gcloud auth application-default login": UNAUTHORIZED,
    "roles/bigquery.jobUser": FORBIDDEN,
    "Not found: Dataset test:nba_raw": NOT_FOUND,
    "Syntax error: Unexpected keyword MERGE": SYNTAX,
    "NBA_BIGQUERY_MAXIMUM_BYTES_BILLED": BYTES_BILLED,
}


def is_job(stage: str) -> bool:
    return stage.startswith("POST /projects/{}/jobs") or "/queries/{}" in stage


def is_any(stage: str) -> bool:
    return bool(stage)


def is_write(stage: str) -> bool:
    return stage.endswith("merge")


def is_result(stage: str) -> bool:
    return stage.startswith("GET") and "/queries/{}" in stage


def is_limited(stage: str) -> bool:
    """BigQuery limits jobs and changes of a table, not questions, and a dry run is one."""
    return not stage.startswith("GET") and "dry run" not in stage


def is_kept(stage: str) -> bool:
    """The local server forgets an upload when it is done. Google's keeps it, and answers when it is asked again."""
    return not stage.startswith("PUT /upload")


def is_listing(stage: str) -> bool:
    """dbt asks once what there is. Where the answer is a refusal, the adapter takes it that there is nothing."""
    return stage.startswith("GET") and stage.endswith(("/tables", "/routines"))


class Scenario:
    """A window whose raw rows have changed since it was built: what its tables held then, and what they will hold."""

    def __init__(self, server: BigQuery, proxy: Proxy, runs: Runs) -> None:
        self.server, self.proxy, self.runs = server, proxy, runs
        self.before: State = {}
        self.after: State = {}
        self.recorded: dict[Step, list[Request]] = {}
        self._read: dict[str, tuple[object, Content]] = {}

    def run(
        self,
        steps: Sequence[Step],
        fault_for: FaultFor = no_fault,
        window: tuple[str, str] = WINDOW,
    ) -> Ended | None:
        self.proxy.reset(fault_for)
        return self.runs.run(Window(*map(date.fromisoformat, window)), steps)

    def run_well(self, *steps: Step, window: tuple[str, str] = WINDOW) -> list[Request]:
        ended = self.run(steps, window=window)
        assert ended == Ended(), ended
        return self.proxy.requests

    def state(self) -> State:
        return {table: self.content(table) for table in CONTENT}

    def content(self, table: str) -> Content:
        """The table's rows, read anew where it has changed since the last time."""
        version = self.version(table)
        if table not in self._read or self._read[table][0] != version:
            rows = self.server.run(f"select {CONTENT[table]} from nba_analytics.{table} where {ALL_DATES}")
            self._read[table] = version, Counter(rows)
        return self._read[table][1]

    def version(self, table: str) -> object:
        return self.server.client.get_table(f"nba_analytics.{table}").modified

    def save(self) -> None:
        for table in CONTENT:
            self.server.run(f"create or replace table nba_analytics.{table}_saved copy nba_analytics.{table}")

    def restore(self) -> None:
        for table in CONTENT:
            if self.content(table) != self.before[table]:
                self.server.run(f"create or replace table nba_analytics.{table} copy nba_analytics.{table}_saved")

    def key_of_query(self) -> KeyOf:
        """What a statement's result depends on. The gate asks what the summary holds before it is replaced."""

        def summary() -> int:
            return hash(frozenset(self.content("player_game_summary").items()))

        changing = CONTENT.keys() - {"player_game_summary"}
        return by_query({*changing, "gate_findings"}, {"player_game_summary": summary})

    def stages(self, step: Step) -> list[str]:
        """The stages of what was recorded, in order."""
        return list(dict.fromkeys(request.stage for request in self.recorded[step]))

    def torn(self) -> list[str]:
        """The tables that hold neither what they held before nor what they will hold. Each is written by itself."""
        return [table for table, rows in self.state().items() if rows not in (self.before[table], self.after[table])]


def three_games(source: Path, database: Path) -> None:
    """One game in the neighbouring week and two in the window, and the players of these games."""
    with duckdb.connect(str(database)) as con:
        con.execute(f"attach '{source}' as source (read_only)")
        con.execute("create schema nba_raw; create schema nba_reference; create schema nba_analytics")
        gamebook, balldontlie, registry = RAW_TABLES
        con.execute(
            f"""
            create temp table games as
            select game_date, min(game_id) as game_id from source.{gamebook} as gamebook
            where game_date in ('{NEIGHBOUR[0]}'::date + 1, '{CHANGED_DATE}', '{EMPTIED_DATE}')
            and exists (
                select 1 from source.{balldontlie} as listed
                where listed.game_id = gamebook.game_id and listed.game_date = gamebook.game_date
            )
            group by 1
            """
        )
        for table in (gamebook, balldontlie):
            con.execute(
                f"create table {table} as select * from source.{table} where (game_date, game_id) in (from games)"
            )
        con.execute(
            f"""
            create table {registry} as select * from source.{registry}
            where player_lookup in (select player_lookup from {gamebook} union select player_lookup from {balldontlie})
            """
        )


def change(warehouse: Warehouse, absent: str, scorer: str, listed_twice: str) -> None:
    """A player leaves the box score, another gets an assist more, a third stands there twice, a date loses its game."""
    gamebook, balldontlie, _ = RAW_TABLES
    warehouse.execute(
        f"delete from {gamebook} where game_date = date '{CHANGED_DATE}' and player_lookup = '{absent}'",
        f"""
        update {gamebook}
        set assists = assists + 1
        where game_date = date '{CHANGED_DATE}' and player_lookup = '{scorer}'
        """,
        f"""
        insert into {gamebook}
        select * from {gamebook} where game_date = date '{CHANGED_DATE}' and player_lookup = '{listed_twice}'
        """,
        f"delete from {gamebook} where game_date = date '{EMPTIED_DATE}'",
        f"delete from {balldontlie} where game_date = date '{EMPTIED_DATE}'",
    )


@pytest.fixture(scope="module")
def scenario(
    project: Path, endpoint: str, demo_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scenario]:
    directory = tmp_path_factory.mktemp("faults")
    embedded = Warehouse(project, directory / "nba.duckdb")
    three_games(demo_file, embedded.database)
    server = BigQuery(project, endpoint)
    server.load(embedded.database, directory)
    gamebook = RAW_TABLES[0]
    ((absent,),) = embedded.query(
        f"""
        select min(player_lookup) from {gamebook}
        where game_date = '{CHANGED_DATE}' and player_status <> 'active'
        and player_lookup not in (select player_lookup from bdl_player_boxscores)
        """
    )
    ((scorer, listed_twice),) = embedded.query(
        f"""
        select min(player_lookup), max(player_lookup) from {gamebook}
        where game_date = '{CHANGED_DATE}' and player_status = 'active'
        """
    )
    with proxy_before(endpoint) as proxy:
        environment = {**server.environment(), "NBA_BIGQUERY_API_ENDPOINT": proxy.url}
        with runs_of(project, environment) as runs:
            made = Scenario(server, proxy, runs)
            made.run_well(prepare, build, window=(NEIGHBOUR[0], WINDOW[1]))
            made.before = made.state()
            made.save()
            for warehouse in (server, embedded):
                change(warehouse, absent, scorer, listed_twice)
            # From here on the raw rows stay as they are.
            proxy.memory = None if REAL_PROJECT else Remembered(server, made.key_of_query())
            for step in (prepare, build):
                made.recorded[step] = made.run_well(step)
            made.after = made.state()
            kinds = ("--resource-type", "seed", "--resource-type", "model")
            window = (NEIGHBOUR[0], WINDOW[1])
            built = embedded.dbt("build", *kinds, "--select", "+player_game_summary", window=window)
            assert built.code == 0, built.output
            assert set(made.after["player_game_summary"]) == embedded.summary()
            assert all(made.before[table] != made.after[table] for table in CONTENT)
            yield made


@pytest.fixture
def changed(scenario: Scenario) -> Scenario:
    """The scenario before the window is built again."""
    scenario.restore()
    return scenario


def test_each_table_is_replaced_by_one_merge(scenario: Scenario) -> None:
    requests = [request for step in scenario.recorded.values() for request in step]
    merged = {
        table: [
            request.sql
            for request in requests
            if request.stage == "POST /projects/{}/jobs merge" and f"`{table}`" in request.sql.partition("using")[0]
        ]
        for table in CONTENT
    }
    assert [len(merges) for merges in merged.values()] == [1] * len(CONTENT)
    (summary,) = merged["player_game_summary"]
    assert "on false" in summary
    assert f"game_date between date '{WINDOW[0]}' and date '{WINDOW[1]}'" in summary


def test_the_tables_hold_the_old_or_the_new_window_at_every_request(changed: Scenario) -> None:
    """What the server holds while a request is held up is what it keeps when the client dies there."""
    seen: dict[str, dict[object, Content]] = {table: {} for table in CONTENT}
    moments = 0

    def look() -> None:
        nonlocal moments
        moments += 1
        for table, states in seen.items():
            version = changed.version(table)
            if version not in states:
                states[version] = changed.content(table)

    changed.proxy.look_between = look
    try:
        assert changed.run([build]) == Ended()
    finally:
        changed.proxy.look_between = None
    assert moments == 2 * len(changed.proxy.requests) > 100
    for table, states in seen.items():
        found = [rows for n, rows in enumerate(states.values()) if rows not in list(states.values())[:n]]
        assert found == [changed.before[table], changed.after[table]], table
    print(f"looked at {moments} moments of {len(changed.proxy.requests)} requests")


def test_a_kill_at_any_stage_leaves_the_old_or_the_new_window(changed: Scenario) -> None:
    """Killed right before the server hears of the request, and right after it has done it."""
    seen: dict[str, list[Content]] = {table: [] for table in CONTENT}
    kills = 0
    stages = changed.stages(build)
    for stage in stages:
        changes_something = not stage.startswith("GET")
        for is_done in (False, True) if changes_something else (True,):
            changed.restore()

            killed: list[Request] = []

            def kill_at(
                request: Request, stage: str = stage, is_done: bool = is_done, killed: list[Request] = killed
            ) -> Fault | None:
                if killed:
                    return DROPPED
                # The first MERGE is that of what the gate has found, and none of the tables that are looked at.
                if request.stage != stage or (is_write(stage) and "gate_findings" in request.sql):
                    return None
                killed.append(request)
                return Fault(reaches_server=is_done, instead=changed.runs.kill)

            assert changed.run([build], kill_at) is None, stage
            changed.proxy.settle()
            kills += 1
            for table, rows in changed.state().items():
                after = changed.after[table]
                assert rows in (changed.before[table], after), f"{table}, {stage}: {rows - after}, not {after - rows}"
                seen[table].append(rows)
    # The next MERGE is that of the excluded rows, so kills there see them done.
    assert all(changed.before[table] in states for table, states in seen.items())
    assert any(changed.after[table] in states for table, states in seen.items())
    assert changed.run([build]) == Ended()
    assert changed.state() == changed.after
    print(f"killed {kills} times at {len(stages)} stages")


# Those of a sweep that are several take turns.
PASSING: dict[str, list[tuple[Fault, Callable[[str], bool]]]] = {
    "503": [(UNAVAILABLE, is_any)],
    "done but not heard": [(DONE_BUT_NOT_HEARD, is_kept)],
    "the others": [
        (RATE_LIMIT, is_any),
        (QUOTA, is_limited),
        (CONFLICT, is_write),
        (TOO_MANY_DML, is_write),
        (QUEUED, is_write),
        (NO_JOB, is_result),
        (PRECONDITION, is_any),
        (INTERNAL, is_any),
        (DROPPED, is_any),
    ],
}


@pytest.mark.parametrize("sweep", PASSING)
def test_what_time_mends_is_tried_again(changed: Scenario, sweep: str) -> None:
    """Each stage is hit in one run, that of a MERGE by each fault, and the window is there once."""
    for step in (prepare, build):
        to_come: dict[str, list[Fault]] = {}
        for turn, stage in enumerate(changed.stages(step)):
            faults = [fault for fault, befalls in PASSING[sweep] if befalls(stage)]
            to_come[stage] = faults if is_write(stage) else faults[turn % len(faults) :][:1] if faults else []

        def next_to_come(request: Request, to_come: dict[str, list[Fault]] = to_come) -> Fault | None:
            return to_come[request.stage].pop(0) if to_come.get(request.stage) else None

        assert changed.run([step], next_to_come) == Ended(), to_come
        assert not any(to_come.values())
    assert changed.state() == changed.after


@pytest.mark.parametrize("step", [prepare, build])
def test_what_time_does_not_mend_is_said_at_once(changed: Scenario, step: Step) -> None:
    """The faults take turns, but each befalls those of a MERGE. What each text means: test_fault_messages."""
    wrong: list[str] = []
    for turn, stage in enumerate(changed.stages(step)):
        # That a table is not there is an ordinary answer to who asks for it.
        faults = list(FATAL.items())[: 1 if is_listing(stage) else 5 if is_job(stage) else 2]
        for sentence, fault in faults if is_write(stage) else [faults[turn % len(faults)]]:
            changed.restore()
            hit: list[Request] = []

            def once(
                request: Request, stage: str = stage, fault: Fault = fault, hit: list[Request] = hit
            ) -> Fault | None:
                if request.stage != stage or hit:
                    return None
                hit.append(request)
                return fault

            ended = changed.run([step], once)
            where = f"{stage}, {sentence}"
            again = sum(request.same_as(hit[0]) for request in changed.proxy.requests) - 1
            if ended is None or not ended.error or not ended.is_for_the_user or sentence not in ended.error:
                wrong.append(f"{where}: {ended}")
            if again and is_job(stage):
                wrong.append(f"{where}: tried {again} times again")
            wrong += [f"{where}: {table} is torn" for table in changed.torn()]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        pytest.param(FORBIDDEN, "roles/bigquery.dataEditor", id="accessDenied"),
        pytest.param(QUOTA, None, id="quotaExceeded"),
        pytest.param(NOT_FOUND, "Not found: Dataset test:nba_raw", id="notFound"),
    ],
)
def test_a_table_that_is_not_listed_is_not_made_anew(changed: Scenario, fault: Fault, sentence: str | None) -> None:
    """Made anew from the window, the summary would lose all other dates."""
    for listing in filter(is_listing, changed.stages(build)):
        changed.restore()
        hit: list[Request] = []

        def refuse(request: Request, listing: str = listing, hit: list[Request] = hit) -> Fault | None:
            """Refused to dbt, and to who asks why, once the sources are read: what makes no table needs no list."""
            is_read = any(
                "create or replace table" in earlier.sql and "int_player_rows_window" in earlier.sql
                for earlier in changed.proxy.requests
            )
            if request.stage != listing or not is_read or len(hit) == 2:
                return None
            hit.append(request)
            return fault

        ended = changed.run([build], refuse)
        assert ended is not None
        assert sentence in ended.error if sentence and ended.error else ended.error is sentence, ended
        assert not changed.torn(), listing

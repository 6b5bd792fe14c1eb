"""BigQuery, by the real adapter and client over HTTP, gives the same tables as DuckDB, row by row and column by column.

The server is the one at NBA_BIGQUERY_API_ENDPOINT, or the local one beside the checkout. Without either nothing runs.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from bigquery_rig import RAW_TABLES, REAL_PROJECT, BigQuery, compare, raw_rows_of, rows
from conftest import Warehouse
from faulty_proxy import Proxy, Request, proxy_before
from nba_backfill.windows import Window
from remembered_results import Remembered, by_node_of_columns
from test_gate import BREAKS
from window_runs import Dbt, Ended, Runs, Shown, Step, build, models_of_unit_tests, prepare, runs_of

# Games of a month of the demo league in which, with FAULTS, all is to be seen that one of a season can show: each
# status, reason, source and difference, each way to be left out, each kind of name and of a team's, and a game that
# balldontlie has under the date that it was first to be played on.
DEMO_GAMES = (
    "20220102_GSW_CHI",
    "20220106_NYK_TOR",
    "20211210_NOP_LAC",
    "20220113_NOP_LAC",
    "20220116_MEM_BKN",
    "20220116_MEM_BRK",
    "20220116_PHX_CHI",
    "20220118_CHI_CLE",
    "20220122_BKN_CHA",
    "20220124_HOU_NOP",
    "20220125_LAC_MIL",
    "20220126_NYK_HOU",
    "20220126_SAC_IND",
    "20220128_OKC_LAC",
    "20220129_MIA_CHI",
    "20220131_ORL_TOR",
)
GAMEBOOK, BDL, _ = RAW_TABLES
FAULTS = (
    f"delete from {GAMEBOOK} where game_id = '20220106_NYK_TOR'",
    f"update {BDL} set game_date = date '2022-01-04', game_id = '20220104_MIA_CHI' where game_id = '20220129_MIA_CHI'",
    *(
        f"update {BDL} set {column} = 'BRK', game_id = '20220122_BRK_CHA' where game_date = date '2022-01-22' "
        f"and {column} = 'BKN'"
        for column in ("team_abbr", "home_team_abbr", "away_team_abbr")
    ),
    *(
        f"insert into {table} by name select * replace ({other}) from {table} where game_id = '{game}' "
        f"and coalesce(minutes, '') {played} '' order by player_lookup limit 1"
        for table, game, played, other in (
            (GAMEBOOK, "20220128_OKC_LAC", "!=", "points as points"),
            (BDL, "20220128_OKC_LAC", "!=", "points as points"),
            (GAMEBOOK, "20220131_ORL_TOR", "!=", "steals + 1 as steals, processed_at - interval 1 day as processed_at"),
            (GAMEBOOK, "20220126_SAC_IND", "=", "null as player_name, null as player_lookup"),
        )
    ),
    f"update {BDL} set turnovers = turnovers + 1, blocks = blocks + 1, points = points + 1, "
    "free_throws_made = free_throws_made + 1, free_throws_attempted = free_throws_attempted + 1, "
    "free_throw_pct = null "
    "where game_id = '20220113_NOP_LAC' "
    f"and player_lookup = (select min(player_lookup) from {BDL} where game_id = '20220113_NOP_LAC' and points > 9)",
)
# The same of a season of real games.
REAL_GAMES = (
    "20211108_MIA_DEN",
    "20211216_PHI_BKN",
    "20211219_CLE_ATL",
    "20220101_CHI_WAS",
    "20220104_PHX_NOP",
    "20220109_ATL_LAC",
    "20220211_DEN_BOS",
    "20220302_CHA_CLE",
    "20220314_MIN_SAS",
    "20220331_CLE_ATL",
    "20220413_SAS_NOP",
    "20220419_ATL_MIA",
    "20220420_PHI_TOR",
    "20220507_MEM_GSW",
)
REAL_SEASON = ("2021-10-19", "2022-06-16")
MONTH = ("2022-01-01", "2022-01-31")
FIRST_DAYS = ("2022-01-16", "2022-01-18")
SECOND_DAYS = ("2022-01-24", "2022-01-26")
ANALYSES = ("preflight", "validation", "sample_days", "null_rates_by_month")
# Without unit tests, which have a test of their own.
BUILD = ("build", "--exclude-resource-type", "unit_test")


@dataclass(frozen=True)
class Both:
    """The same raw rows on both engines, and the same done to them."""

    duckdb: Warehouse
    bigquery: BigQuery
    runs: tuple[Runs, Runs]
    proxy: Proxy

    def load(self, source: Path, games: Sequence[str], *changes: str) -> None:
        """Have nothing on either but the raw rows of these games, changed so."""
        if self.duckdb.database.exists():
            self.duckdb.database.unlink()
            self.bigquery.drop()
        raw_rows_of(source, games, self.duckdb.database)
        self.duckdb.execute(*changes)
        self.bigquery.load(self.duckdb.database, self.duckdb.database.parent)

    def run(self, *steps: Step, window: tuple[str, str]) -> list[Ended]:
        """Run the steps on DuckDB and on BigQuery."""
        return [runs.run(_window(window), steps) or Ended("killed") for runs in self.runs]

    def run_well(self, *steps: Step, window: tuple[str, str]) -> list[Any]:
        """Run the steps on both. Returns what the last one returned on each."""
        ended = self.run(*steps, window=window)
        assert ended == [Ended(), Ended()], ended
        return [run.returned for run in ended]

    def execute(self, statement: str) -> None:
        for warehouse in (self.duckdb, self.bigquery):
            warehouse.execute(statement)

    def compare(self) -> int:
        return compare(self.duckdb, self.bigquery)


def _window(dates: tuple[str, str]) -> Window:
    return Window(*map(date.fromisoformat, dates))


@pytest.fixture(scope="module")
def engines(project: Path, endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Both without any tables, each with a process that has parsed the project for it."""
    embedded = Warehouse(project, tmp_path_factory.mktemp("both") / "nba.duckdb")
    server = BigQuery(project, endpoint)
    with proxy_before(endpoint) as proxy, ExitStack() as parsed:
        server.endpoint = proxy.url
        # dbt asks for a model's columns before each window of it.
        proxy.memory = None if REAL_PROJECT else Remembered(server, by_node_of_columns)
        here, there = (parsed.enter_context(runs_of(project, on.environment())) for on in (embedded, server))
        yield Both(embedded, server, (here, there), proxy)


@pytest.fixture(scope="module")
def both(engines: Both, demo_file: Path) -> Both:
    """A month of demo games, and a whole `dbt build` of it: seeds, models, and data tests."""
    engines.load(demo_file, DEMO_GAMES, *FAULTS)
    engines.run_well(Dbt(BUILD), window=MONTH)
    return engines


def test_a_month_is_the_same_on_both(both: Both) -> None:
    assert both.compare() > 450


def test_the_games_show_all_that_a_month_does(both: Both) -> None:
    """So that what is alike on both engines is alike for each of these."""

    def found(expression: str, table: str = "player_game_summary") -> set[object]:
        return {value for (value,) in both.duckdb.query(f"select distinct {expression} from {table}")}

    assert found("dnp_reason_category") == {
        None,
        "did_not_dress",
        "did_not_play",
        "inactive",
        "not_stated",
        "not_with_team",
        "suspension",
    }
    assert found("player_status") == {"active", "dnp", "inactive"}
    assert found("(has_nbac_gamebook, has_bdl_boxscores)") == {(True, True), (True, False), (False, True)}
    assert found("unnest(string_split(sources_disagree, ', '))") > {"points", "turnovers", "blocks", "ft_attempts"}
    assert found("(source_name, exclusion_reason)", "excluded_box_score_rows") == {
        ("bdl_boxscores", "exact_duplicate"),
        ("nbac_gamebook", "exact_duplicate"),
        ("nbac_gamebook", "no_player_name"),
        ("nbac_gamebook", "superseded"),
    }
    assert found("team_abbr", "bdl_player_boxscores") - found("team_abbr") == {"BRK"}
    rows_of_window = "int_player_rows_window where is_a_row"
    assert found("source_game_date != game_date", rows_of_window) == {False, True}
    assert found("(source_player_lookup != player_lookup, universal_player_id is null)", rows_of_window) == {
        (False, False),
        (False, True),
        (True, False),
        # Of the nameless one.
        (None, True),
    }
    minutes = "regexp_replace(minutes, '[0-9]+', '9', 'g')"
    assert found(minutes, "nbac_gamebook_player_stats") == {None, "9:9"}
    assert found(minutes, "bdl_player_boxscores") == {"", "9", "9:9"}


def test_the_analyses_say_the_same_on_both(both: Both) -> None:
    ours, theirs = both.run_well(Shown(ANALYSES), window=MONTH)
    for analysis in ANALYSES:
        assert ours[analysis], analysis
        verdicts = {row.get("verdict") for row in ours[analysis]}
        assert verdicts <= {None, "excellent", "fine", "careful", "stop", "not measured"}
        assert same_types(ours[analysis]) == same_types(theirs[analysis]), analysis


def same_types(shown: list[dict[str, Any]]) -> list[dict[str, object]]:
    """Without when each was built. It was by an invocation of its own."""
    return [{name: same_type(value) for name, value in row.items() if name != "processed_at"} for row in shown]


def same_type(value: object) -> object:
    """Whole numbers come as such or with decimals, and dates with or without a time, by the engine."""
    if isinstance(value, datetime):
        value = value.replace(tzinfo=None)
    try:
        return float(str(value))
    except ValueError:
        return str(value).removesuffix(" 00:00:00")


def test_the_unit_tests_pass(both: Both) -> None:
    """For each, dbt makes a table without rows, to see which types its model's columns have: here once for a model."""
    there = both.runs[1]
    models = there.run(_window(MONTH), [models_of_unit_tests])
    assert models

    def model(request: Request) -> str:
        table = re.search(r"create or replace table \S+`(\w+?)__dbt_tmp\d+`", request.sql)
        name = models.returned.get(table[1], "") if table else ""
        # Such a model has the columns that its input has, and of that a test gives those that it needs.
        return "" if name.endswith("_window") else name

    memory = both.proxy.memory
    both.proxy.memory = None if REAL_PROJECT else Remembered(both.bigquery, model)
    try:
        ended = there.run(_window(MONTH), [Dbt(("test", "--resource-type", "unit_test"))])
    finally:
        both.proxy.memory = memory
    assert ended == Ended(), ended
    # What a run starts with has a status as well.
    assert {ended.returned.get(test) for test in models.returned} == {"pass"}
    print(f"{len(models.returned)} unit tests passed on BigQuery")


def test_the_summary_is_partitioned_clustered_labelled_and_described(both: Both) -> None:
    table = both.bigquery.client.get_table("nba_analytics.player_game_summary")
    assert (table.time_partitioning.type_, table.time_partitioning.field) == ("DAY", "game_date")
    assert table.require_partition_filter
    assert table.clustering_fields == ["player_lookup", "team_abbr"]
    assert table.labels["app"] == "nba_analytics"
    assert table.description
    assert not [column.name for column in table.schema if not column.description]


def test_the_documentation_is_generated(both: Both) -> None:
    ended = both.runs[1].run(_window(MONTH), [Dbt(("docs", "generate"))])
    assert ended == Ended(), ended


def test_a_developer_builds_behind_a_prefix(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the same raw tables as production, and next to what is built there."""

    def last_changes() -> dict[str, object]:
        tables = both.bigquery.client.list_tables("nba_analytics")
        return {table.table_id: both.bigquery.client.get_table(table.reference).modified for table in tables}

    before = last_changes()
    monkeypatch.setattr(both.bigquery, "dataset", "alice")
    kinds = ("--resource-type", "seed", "--resource-type", "model")
    outcome = both.bigquery.dbt(
        "build", *kinds, "--select", "player_aliases", "stg_bdl__player_boxscores", window=FIRST_DAYS
    )
    assert outcome.code == 0, outcome.output
    tables = {table.table_id for table in both.bigquery.client.list_tables("alice_nba_analytics")}
    assert tables == {"player_aliases", "stg_bdl__player_boxscores"}
    view = both.bigquery.client.get_table("alice_nba_analytics.stg_bdl__player_boxscores")
    assert "`nba_raw`.`bdl_player_boxscores`" in view.view_query
    assert last_changes() == before


def test_the_same_is_done_to_the_same_games(both: Both) -> None:
    """Windows out of order, a removed player, an emptied date and a moved game, as nba-backfill does."""
    gamebook, balldontlie, _ = RAW_TABLES
    emptied = "2022-01-25"
    ((player, day), *_) = both.duckdb.query(
        f"""
        select player_lookup, game_date from player_game_summary
        where game_date between '{FIRST_DAYS[0]}' and '{FIRST_DAYS[1]}' and not has_bdl_boxscores order by 2, 1
        """
    )
    both.execute(f"delete from {gamebook} where game_date = date '{day}' and player_lookup = '{player}'")
    for table in (gamebook, balldontlie):
        both.execute(f"delete from {table} where game_date = date '{emptied}'")
    moved, played_on = "20220124_HOU_NOP", "2022-01-24"
    both.execute(
        f"update {balldontlie} set game_date = date '{emptied}', game_id = '20220125_HOU_NOP' "
        f"where game_date = date '{played_on}' and game_id = '{moved}'"
    )
    both.run_well(build, window=SECOND_DAYS)
    both.run_well(build, window=FIRST_DAYS)
    assert both.compare() > 400
    after = rows(both.duckdb, "player_game_summary")
    assert [row for row in after if row[1] == moved]
    assert not [row for row in after if str(row[0]) == emptied]
    assert not [row for row in after if str(row[0]) == str(day) and player in row]


def test_each_rule_is_broken_alike_on_both(both: Both) -> None:
    """A bad row for each rule, on two dates, which keep what they hold, while the third is published."""
    gamebook, _, _ = RAW_TABLES
    before = rows(both.duckdb, "player_game_summary")
    good = "2022-01-18"
    candidates = both.duckdb.query(
        """
        select cast(game_date as text), player_lookup, team_abbr from nbac_gamebook_player_stats
        where game_date in ('2022-01-16', '2022-01-24') and player_status = 'active' and minutes > '10:00'
        and field_goals_made > 2 and player_lookup is not null
        order by row_number() over (partition by game_date order by player_lookup), 1
        """
    )
    for (day, player, team), change in zip(candidates, BREAKS.values(), strict=False):
        both.execute(
            f"update {gamebook} set {change} where game_date = date '{day}' and player_lookup = '{player}' "
            f"and team_abbr = '{team}'"
        )
    for built in both.run_well(build, window=(FIRST_DAYS[0], SECOND_DAYS[1])):
        assert {str(day) for day in built.held_back} == {"2022-01-16", "2022-01-24"}
    both.compare()
    errors = both.duckdb.query("select distinct rule from gate_findings where severity = 'error'")
    assert {rule for (rule,) in errors} >= set(BREAKS), errors
    assert rows(both.bigquery, "player_game_summary") == before
    written = {str(row[0]): row for row in both.duckdb.query("select game_date, processed_at from backfill_ledger")}
    assert written[good][1] > written["2022-01-16"][1]


def test_real_games_are_the_same_on_both(engines: Both, real_data: Path, tmp_path: Path) -> None:
    """The last of all, as they take the place of the demo games."""
    both = engines
    real = Warehouse(both.duckdb.project, tmp_path / "real.duckdb")
    assert real.cli("load-raw", str(real_data / "raw")).code == 0
    both.load(real.database, REAL_GAMES)
    both.run_well(prepare, build, Dbt(("run", "--select", "games", "unresolved_player_names")), window=REAL_SEASON)
    assert both.compare() > 450
    excluded = both.duckdb.query("select distinct exclusion_reason from excluded_box_score_rows")
    assert set(excluded) == {("no_player_name",), ("surplus_player",)}
    assert both.duckdb.query(
        "select distinct source_game_id, game_id from int_player_rows_window where source_game_date != game_date"
    ) == [("20211219_CLE_ATL", "20220331_CLE_ATL")]

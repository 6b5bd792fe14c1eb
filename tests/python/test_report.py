"""The report: every figure is what the warehouse says, the three formats say the same, and a browser shows it."""

import copy
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import pytest
from playwright.sync_api import Browser, Page, Request

from conftest import WEEK, Warehouse
from nba_backfill.display import charts
from nba_backfill.display.report import _rollback, _spot_check, make_report
from nba_backfill.display.report_files import Report
from nba_backfill.errors import ProjectError
from nba_backfill.loop.lock import prepare
from nba_backfill.records.verdict import Validation
from nba_backfill.warehouse.checks import ask_preflight, check_of_tests, summary_checks
from nba_backfill.warehouse.engine import Engine
from nba_backfill.windows import Window

RUN_ID = "20220101_000000_abc"
WINDOW = Window(date.fromisoformat(WEEK[0]), date.fromisoformat(WEEK[1]))
# The sources have games on them, and nobody has written them.
UNWRITTEN = Window(date(2022, 1, 3), date(2022, 1, 9))
IN_WEEK = f"game_date between '{WEEK[0]}' and '{WEEK[1]}'"
BROKEN = ("window failed", "A test failed:\n  game_id 20211220_A_B"), ("window retried", "503, try again | later")
HOSTILE = "<script>alert(1)</script></svg></pre> | `x` [a](javascript:b) {{ 1 }} & \"'\n# no heading"


@dataclass(frozen=True)
class Week:
    """A week with a run and the report on it, a game that somebody asks for, and the report on a week without a row."""

    database: Path
    before: list[tuple[Any, ...]]
    report: Report
    page: Path
    last_game: dict[str, Any] | None
    of_nothing: Report

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.database), read_only=True) as con:
            con.execute("set search_path = 'nba_analytics,nba_raw,nba_reference'")
            return con.execute(sql).fetchall()


@pytest.fixture(scope="module")
def week(project: Path, demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    """The week as it was before the bug was mended, and a run that mends it, with a window that fails at first."""
    directory = tmp_path_factory.mktemp("report")
    warehouse = Warehouse(project, Path(shutil.copy(demo_file, directory / "nba.duckdb")))
    warehouse.execute(
        "update player_game_summary set minutes_played = null, row_hash = md5(row_hash) "
        f"where {IN_WEEK} and hash(row_hash) % 20 > 0",
        f"delete from player_game_summary where game_date = '{WEEK[1]}'",
    )
    before = warehouse.query(
        f"select count(*), count(*) - count(minutes_played) from player_game_summary where {IN_WEEK}"
    )
    ((*last_game,),) = warehouse.query(
        f"select game_date, team_abbr, opponent_team_abbr from player_game_summary where {IN_WEEK} and is_home "
        "order by game_id desc limit 1"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        patch.setenv("NBA_DUCKDB_PATH", str(warehouse.database))
        engine = Engine(project, None, RUN_ID)
        prepare(engine)
        _run(engine)
        (run,) = (row for row in engine.rows("backfill_runs") if row["run_id"] == RUN_ID)
        checks = (*summary_checks(engine, WINDOW), check_of_tests(12))
        validation = Validation(WINDOW, engine.warehouse, checks, RUN_ID)
        report = make_report(engine, run, validation, ask_preflight(engine, WINDOW), None)
        made = Week(
            warehouse.database,
            before,
            report,
            report.write(directory / "out" / "week.of.Christmas"),
            _spot_check(engine, WINDOW, (last_game[0], last_game[1], last_game[2])),
            make_report(
                engine,
                None,
                Validation(UNWRITTEN, engine.warehouse, ()),
                ask_preflight(engine, UNWRITTEN),
                None,
            ),
        )
        # It has the file to itself.
        engine.close()
        yield made


def _run(engine: Engine) -> None:
    def log(event: str, window: Window = WINDOW, **values: object) -> None:
        dates = {"start_date": str(window.start), "end_date": str(window.end)}
        engine.operate("log_event", None, run_id=RUN_ID, event_name=event, **dates, **values)

    log("run started", host_name="a-machine", process_id=1)
    engine.operate("keep_range", WINDOW, run_id=RUN_ID, days=30)
    engine.read_sources(WINDOW)
    first, second = WINDOW.split(4)
    for event, details in BROKEN:
        log(event, first, details=details)
    engine.build_window(first)
    engine.build_window(second)
    engine.forget_sources()
    (changes,) = engine.rows("run_changes", WINDOW, kept_run=RUN_ID)
    log("run finished", windows_done=2, **{name: int(count) for name, count in changes.items()})


def one(week: Week, sql: str) -> Any:
    ((value,),) = week.query(sql)
    return value


def texts(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """As JSON has them: dates as text, decimals as numbers."""
    return [
        tuple(
            str(value) if isinstance(value, date) else float(value) if hasattr(value, "as_tuple") else value
            for value in row
        )
        for row in rows
    ]


def values(records: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(record[name] for name in names) for record in records]


COUNTS = "count(*), count(*) - count(minutes_played), round(100.0 * (count(*) - count(minutes_played)) / count(*), 2)"


def test_the_verdict_and_the_totals_are_those_of_the_range(week: Week) -> None:
    data = week.report.data
    ((rows, nulls),) = week.before

    assert (data["start_date"], data["end_date"], data["run_id"]) == (*WEEK, RUN_ID)
    assert data["warehouse"] == str(week.database.resolve())
    ((dates, games, *counts),) = texts(
        week.query(
            f"select count(distinct game_date), count(distinct game_id), {COUNTS} "
            f"from player_game_summary where {IN_WEEK}"
        )
    )
    assert data["totals"] == {
        "dates": dates,
        "games": games,
        **dict(zip(("rows", "null_minutes", "null_pct"), counts, strict=True)),
        "rows_before": rows,
        "null_minutes_before": nulls,
        "null_pct_before": round(100 * nulls / rows, 2),
    }
    assert nulls > 0.9 * rows, "the week was to be broken at first"
    assert rows < data["totals"]["rows"]
    passed = [check for check in data["checks"]["summary"] if check["passed"]]
    assert data["verdict"] == "ready"
    assert data["reason"].startswith(f"All {len(passed)} checks passed")


# Each check of the summary, in SQL that has nothing to do with the checks' own.
ROWS = f"from player_game_summary where {IN_WEEK}"
CHECKS = {
    "held_back_dates": f"select count(distinct game_date) from gate_findings where severity = 'error' and {IN_WEEK}",
    "empty_range": f"select count(*) = 0 {ROWS}",
    "lost_minutes": f"select count(*) {ROWS} and is_active and minutes_played is null",
    "null_minutes_share": f"select round(100.0 * avg(if(minutes_played is null, 1, 0)), 2) {ROWS}",
    "duplicate_keys": f"select count(*) - count(distinct (game_date, player_lookup, team_abbr)) {ROWS}",
    "dates_without_rows": f"select count(*) from backfill_ledger where {IN_WEEK} and rows_expected > 0 "
    f"and game_date not in (select game_date {ROWS})",
    "source_key_differences": f"select abs(sum(rows_expected) - (select count(*) {ROWS})) from backfill_ledger "
    f"where {IN_WEEK}",
    "row_count_deviation": "select round(100.0 * abs(count(*) / (select sum(row_count) from backfill_baselines) - 1), "
    f"2) {ROWS} and game_date in (select game_date from backfill_baselines)",
    "long_minutes": f"select count(*) {ROWS} and minutes_played > 69",
    "implausible_team_points": f"select count(*) from (select sum(points) as team_points {ROWS} "
    "group by game_id, team_abbr) where team_points not between 50 and 200",
    "games_in_one_source": "select round(100.0 * avg(if(nbac and bdl, 0, 1)), 2) from (select "
    f"bool_or(has_nbac_gamebook) as nbac, bool_or(has_bdl_boxscores) as bdl {ROWS} group by game_id)",
    "unregistered_players": f"select round(100.0 * avg(if(universal_player_id is null, 1, 0)), 2) {ROWS}",
    "seasons_without_schedule": f"select count(distinct season_year) {ROWS} "
    "and season_year not in (select season_year from seasons)",
    # Neither a part of a season lies in a week, nor a hundred games.
    "missing_scheduled_games": "select null",
    "missing_season_games": "select 0",
    "unregistered_teams": "select count(*) from (select avg(if(universal_player_id is null, 1, 0)) as share "
    f"{ROWS} group by team_abbr) where share > 0.5",
    "unregistered_regulars": f"select count(*) from (select 1 {ROWS} and universal_player_id is null and is_active "
    "group by team_abbr, player_lookup having count(*) >= 10)",
    "ambiguous_players": "select count(*) from (select count(distinct player_lookup) as names "
    f"{ROWS} and universal_player_id is not null group by universal_player_id) where names > 1",
    "capped_statistics": f"select count(*) {ROWS} and game_id is null",
    "season_change": "select 0",
    # A week is too short for a player to have other dates that say what he does, for a team to be unlike the others,
    # for more than a few players to be missing, and for a team to be at home in half of its games; and no number of a
    # statistic is misread.
    "inconsistent_statistics": "select 0",
    "exchanged_players": "select 0",
    "exchanged_statistics": "select 0",
    "uneven_statistics": "select 0",
    "uneven_home_games": "select 0",
    "misread_values": "select 0",
    "unlikely_months": "select 0",
    "repeated_statistics": "select 0",
    "excess_noughts": "select 0",
    "lost_plus_minus": "select 0",
    "null_plus_minus_share": f"select round(100.0 * avg(if(plus_minus is null, 1, 0)), 2) {ROWS} and is_active",
    "repeated_box_scores": "select 0",
    "source_disagreements": "select count(*) from (select 1 from (select game_date, unnest(string_split("
    f"sources_disagree, ', ')) as statistic {ROWS}) group by game_date, statistic having count(*) > 10)",
    "broken_rosters": "select 0",
    # Whose games all lie in the week has as many as the registry says.
    "registry_differences": "select coalesce(sum(abs(games - games_played)), 0) from nba_players_registry inner join ("
    f"select player_lookup, team_abbr, count(*) as games {ROWS} and is_active group by all) "
    "using (player_lookup, team_abbr) "
    f"where first_game_date >= '{WEEK[0]}' and last_game_date <= '{WEEK[1]}'",
    "broken_rules": "select 0",
    "unfinished_dates": "select 0",
    "failed_tests": "select 0",
}


def test_each_check_of_the_summary_has_the_figure_that_a_query_of_its_own_finds(week: Week) -> None:
    found = week.report.data["checks"]["summary"]

    assert {check["name"] for check in found} == set(CHECKS)
    for check in found:
        figure = one(week, CHECKS[check["name"]])
        assert check["figure"] == (None if figure is None else float(figure)), check
    for name, *limits in texts(
        week.query("select metric, excellent_below, warn_above, error_above from quality_thresholds")
    ):
        for check in found:
            if check["name"] == name:
                assert [check["excellent_below"], check["warn_above"], check["error_above"]] == limits


def test_the_worst_day_is_the_one_with_the_largest_share(week: Week) -> None:
    (day,) = week.report.data["checks"]["days"]
    ((worst, rows, nulls, share),) = texts(
        week.query(
            f"select game_date, {COUNTS} from player_game_summary where {IN_WEEK} group by 1 order by 4 desc limit 1"
        )
    )

    assert (day["scope"], day["figure"], day["warn_above"]) == (worst, share, 50.0)
    assert day["example"].startswith(f"{nulls} of {rows}, the worst of ")


def test_the_sources_have_what_the_summary_and_the_excluded_rows_have_of_them(week: Week) -> None:
    excluded = f"select * from excluded_box_score_rows where {IN_WEEK}"
    for source, column in (("nbac_gamebook", "has_nbac_gamebook"), ("bdl_boxscores", "has_bdl_boxscores")):
        (figures,) = (row for row in week.report.data["sources"] if row["source_name"] == source)
        of_source = f"""
            select game_date, game_id from player_game_summary where {IN_WEEK} and {column}
            union all select game_date, game_id from ({excluded}) where source_name = '{source}'
        """
        names = ("row_count", "game_count", "date_count", "first_date", "last_date")
        assert values([figures], *names) == texts(
            week.query(
                "select count(*), count(distinct game_id), count(distinct game_date), min(game_date), max(game_date) "
                f"from ({of_source})"
            )
        )
        assert figures["unusable_rows"] == one(
            week,
            f"select count(*) from ({excluded}) where source_name = '{source}' "
            "and exclusion_reason in ('no_player_name', 'team_not_in_game')",
        )
        assert figures["duplicate_rows"] == one(
            week,
            f"select count(*) from ({excluded}) where source_name = '{source}' "
            "and exclusion_reason in ('exact_duplicate', 'superseded', 'conflicting_duplicate')",
        )
        assert figures["unreadable_minutes"] == 0
        # Preflight's shares are of these figures.
        preflight = {
            check["name"]: check["figure"]
            for check in week.report.data["checks"]["preflight"]
            if check["scope"] == f"{source} 2021"
        }
        shares = {
            "unregistered_players": "unregistered_rows",
            "unusable_source_rows": "unusable_rows",
            "duplicate_source_rows": "duplicate_rows",
        }
        for name, figure in shares.items():
            assert preflight[name] == round(100 * figures[figure] / figures["row_count"], 2)
        assert preflight["source_lag"] == figures["source_lag"]
        assert preflight["dates_without_source_rows"] == figures["unexplained_dates"]


# Each check of preflight, in SQL of its own on the raw tables and on what became of them. The week is too short to say
# that rows are missing, and it has all its dates. {column} and {other} say whether the source and the other one have a
# row of the summary, {raw} is the source's table.
OF_SOURCE = f"(select * from player_game_summary where {IN_WEEK} and {{column}})"
EXCLUDED = f"(select * from excluded_box_score_rows where {IN_WEEK} and source_name = '{{source}}')"
SOURCE_ROWS = f"(select count(*) from {OF_SOURCE}) + (select count(*) from {EXCLUDED})"
PREFLIGHT = {
    "missing_source_rows": "select null",
    "source_lag": f"select count(distinct game_date) from player_game_summary where {IN_WEEK} "
    f"and game_date > (select max(game_date) from {OF_SOURCE})",
    "missing_games": "select round(100.0 * avg(if(here, 0, 1)), 2) from (select bool_or({column}) as here "
    f"from player_game_summary where {IN_WEEK} group by game_id)",
    "dates_without_source_rows": f"select count(distinct game_date) from player_game_summary where {IN_WEEK} "
    f"and game_date not in (select game_date from {OF_SOURCE})",
    "unreadable_source_minutes": "select round(100.0 * avg(if(coalesce(trim(minutes), 'none') "
    r"similar to '([0-9]{{1,3}}:[0-5][0-9]|[0-9]{{1,3}}([.][0-9]+)?)?', 0, 1)), 2) "
    f"from {{raw}} where {IN_WEEK} and {{judged}}",
    "duplicate_source_rows": f"select round(100.0 * (select count(*) from {EXCLUDED} where exclusion_reason in "
    f"('exact_duplicate', 'superseded', 'conflicting_duplicate')) / ({SOURCE_ROWS}), 2)",
    # A game that the source has on another date has no other fault.
    "turned_round_games": "select round(100.0 * count(distinct game_id) filter (split_part(game_id, '_', 2) in "
    "(select team_alias from team_aliases as aliases where aliases.team_abbr = "
    "(select max(known.team_abbr) from team_aliases as known where known.team_alias = home_team_abbr))) "
    f"/ (select count(distinct game_id) from {OF_SOURCE}), 2) from {{raw}} where {IN_WEEK}",
    "unusable_source_rows": f"select round(100.0 * (select count(*) from {EXCLUDED} where exclusion_reason in "
    f"('no_player_name', 'team_not_in_game')) / ({SOURCE_ROWS}), 2)",
    "unregistered_players": "select round(100.0 * ("
    f"(select count(*) from {OF_SOURCE} where universal_player_id is null) "
    f"+ (select count(*) from {EXCLUDED} where player_lookup is null)) / ({SOURCE_ROWS}), 2)",
}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (
            "nbac_gamebook",
            {"column": "has_nbac_gamebook", "raw": "nbac_gamebook_player_stats", "judged": "player_status = 'active'"},
        ),
        ("bdl_boxscores", {"column": "has_bdl_boxscores", "raw": "bdl_player_boxscores", "judged": "true"}),
    ],
)
def test_each_check_of_preflight_has_the_figure_that_a_query_of_its_own_finds(
    week: Week, source: str, names: dict[str, str]
) -> None:
    found = {
        check["name"]: check["figure"]
        for check in week.report.data["checks"]["preflight"]
        if check["scope"] == f"{source} 2021"
    }
    expected = {name: one(week, sql.format(source=source, **names)) for name, sql in PREFLIGHT.items()}
    assert found == {name: None if figure is None else float(figure) for name, figure in expected.items()}


def test_months_and_seasons_are_counted_from_the_summary_and_from_what_the_run_found(week: Week) -> None:
    names = ("date_count", "row_count", "null_minutes", "null_pct")
    dates = "count(distinct game_date)"
    months = week.report.data["months"]
    assert values(months, "month", *names) == texts(
        week.query(f"select strftime(game_date, '%Y-%m'), {dates}, {COUNTS} {ROWS} group by 1")
    )
    assert values(months, "row_count_before", "null_minutes_before") == week.before
    written = one(week, f"select max(processed_at) from player_game_summary where {IN_WEEK}")
    assert months[0]["processed_at"] == written.replace(tzinfo=timezone.utc).isoformat(timespec="milliseconds")
    assert values(week.report.data["seasons"], "season_year", "first_date", "last_date", "game_count", *names) == texts(
        week.query(
            f"select season_year, min(game_date), max(game_date), count(distinct game_id), {dates}, {COUNTS} "
            f"from player_game_summary where {IN_WEEK} group by 1"
        )
    )


def test_the_run_is_told_with_its_windows_its_retries_and_its_failures(week: Week) -> None:
    data = week.report.data
    names = ("status", "windows_done", "windows_failed", "rows_added", "rows_removed", "rows_changed", "host_name")
    assert values([data["run"]], *names) == week.query(
        f"select {', '.join(names)} from backfill_runs where run_id = '{RUN_ID}'"
    )
    assert data["run"]["rows_added"] > 0
    assert data["run"]["rows_changed"] > 0
    names = ("start_date", "end_date", "date_count", "row_count", "null_minutes")
    done = [window for window in data["windows"] if window["outcome"] == "done"]
    assert values(done, *names) == texts(
        week.query(
            f"select min(game_date), max(game_date), count(*), sum(rows_written)::bigint, sum(null_minutes)::bigint "
            f"from backfill_ledger where run_id = '{RUN_ID}' group by dbt_invocation_id order by 1"
        )
    )
    assert data["windows"][-1]["dates_done"] == data["totals"]["dates"]
    troubles = [window for window in data["windows"] if window["outcome"] != "done"]
    assert values(troubles, "outcome", "details") == [(event.split()[1], details) for event, details in BROKEN]
    assert values(troubles, "start_date", "end_date", "dates_done") == [(WEEK[0], "2021-12-23", 0)] * 2
    assert data["rollback"]["command"] == f"nba-backfill rollback {RUN_ID}"
    until = one(week, "select max(kept_until) from backfill_events")
    assert datetime.fromisoformat(data["rollback"]["until"]).replace(tzinfo=None) - until < timedelta(seconds=1)


def test_disagreements_are_counted_by_kind(week: Week) -> None:
    found = {row["kind"]: row["row_count"] for row in week.report.data["disagreements"]}

    assert found
    assert found == dict(
        week.query(
            "select kind, count(*) from (select unnest(string_split(sources_disagree, ', ')) as kind "
            f"from player_game_summary where {IN_WEEK}) group by 1"
        )
    )
    for row in week.report.data["disagreements"]:
        game_id, _, name = row["example"].partition(" ")
        assert one(
            week,
            f"select count(*) from player_game_summary where game_id = '{game_id}' and player_full_name = $${name}$$ "
            f"and contains(sources_disagree, '{row['kind']}')",
        )


def test_unresolved_names_come_with_the_row_that_resolves_them(week: Week) -> None:
    names = {name["player_lookup"]: name for name in week.report.data["unresolved"]}
    rows = week.query(
        "select player_lookup, count(*), list_sort(list(distinct team_abbr)) from player_game_summary "
        f"where {IN_WEEK} and universal_player_id is null group by 1"
    )
    assert {(name, found["row_count"], tuple(found["teams"])) for name, found in names.items()} == {
        (name, count, tuple(teams)) for name, count, teams in rows
    }
    for name, found in names.items():
        source_rows = texts(
            week.query(
                "select source_name, occurrences, first_seen, last_seen from unresolved_player_names "
                f"where player_lookup = '{name}'"
            )
        )
        assert found["sources"] == {source: count for source, count, *_ in source_rows}
        assert found["first_seen"] == min(first for *_, first, _ in source_rows)
        assert found["last_seen"] == max(last for *_, last in source_rows)
        for suggestion in found["suggestions"]:
            canonical = suggestion["player_lookup"]
            assert suggestion["evidence"]
            assert suggestion["seed_row"] == f"{name},{canonical},"
            assert suggestion["command"] == f"nba-backfill players alias {name} {canonical}"
            assert one(
                week,
                "select count(*) from stg_nba_reference__players_registry "
                f"where player_lookup = '{canonical}' and team_abbr in ({', '.join(map(repr, found['teams']))})",
            )
        if not found["suggestions"]:
            assert found["seed_row"] == f"{name},…,"
    assert "mattgarosby" not in names, "whom balldontlie calls by a nickname the box scores tell"


@pytest.mark.parametrize("which", ["first", "last"])
def test_the_spot_check_is_the_box_score_of_the_first_game_or_of_one_that_is_asked_for(week: Week, which: str) -> None:
    game = week.report.data["spot_check"] if which == "first" else week.last_game
    last = "and game_date < (select max(game_date) from player_game_summary)"
    ids = f"from player_game_summary where {IN_WEEK}"
    expected = one(week, f"select min(game_id) {ids}" if which == "first" else f"select max(game_id) {ids} {last}")

    assert game
    assert game["game_id"] == expected
    assert game["public_page"].startswith("https://www.basketball-reference.com/boxscores/")
    names = ("team_abbr", "is_home", "points", "minutes_played", "players", "row_count")
    assert values(game["teams"], *names) == texts(
        week.query(
            "select team_abbr, is_home, sum(points)::bigint, sum(minutes_played), count(*) filter (is_active), "
            f"count(*) from player_game_summary where game_id = '{expected}' group by 1, 2 order by 2"
        )
    )
    columns = ("player_full_name", "minutes_played", "points", "total_rebounds", "assists", "fg_makes", "fg_attempts")
    columns += ("three_pt_makes", "three_pt_attempts", "ft_makes", "ft_attempts", "dnp_reason", "sources_disagree")
    for team in game["teams"]:
        assert sorted(values(team["box_score"], *columns), key=str) == sorted(
            texts(
                week.query(
                    f"select {', '.join(columns)} from player_game_summary "
                    f"where game_id = '{expected}' and team_abbr = '{team['team_abbr']}'"
                )
            ),
            key=str,
        )


class Tables(HTMLParser):
    """The rows of every table of every section of a page, as texts, and all of its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: dict[str, list[list[str]]] = {}
        self.ids: list[str] = []
        self.references: list[str] = []
        self.tags: set[str] = set()
        self._section = ""
        self._cell: list[str] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        given = {name: value or "" for name, value in attrs}
        self.ids += [given["id"]] if "id" in given else []
        self.references += [value for name, value in given.items() if name in ("href", "src") and value]
        self.references += re.findall(r"url\(([^)]*)\)", " ".join(given.values()))
        if tag == "section":
            self._section = given["id"]
        elif tag == "tr":
            self.rows.setdefault(self._section, []).append([])
        elif tag in ("td", "th"):
            self._cell = []
        elif tag in ("br", "small") and self._cell is not None:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._cell is not None:
            self.rows[self._section][-1].append(" ".join("".join(self._cell).split()))
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)


def markdown_rows(text: str) -> list[list[str]]:
    """The rows of all its tables, as a reader sees them. Every row has as many cells as its table's head."""
    rows: list[list[str]] = []
    width = None
    for line in text.splitlines():
        if not line.startswith("|"):
            width = None
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        width = width or len(cells)
        assert len(cells) == width, line
        rows.append([re.sub(r"\\(.)", r"\1", cell).replace("&lt;", "<").replace("&gt;", ">") for cell in cells])
    return rows


def expected_rows(data: dict[str, Any]) -> dict[str, list[list[str]]]:
    """What each section has to show, written here as people write figures."""

    def whole(count: int | None) -> str:
        return "–" if count is None else f"{count:,}"  # noqa: RUF001

    def share(percent: float | None) -> str:
        return "–" if percent is None else f"{percent:.2f} %"  # noqa: RUF001

    def counts(record: dict[str, Any], *names: str) -> list[str]:
        return [whole(record[name]) for name in names]

    return {
        "checklist": [
            [check["value"], check["threshold"]]
            for group in ("summary", "days", "preflight")
            for check in data["checks"][group]
        ],
        "months": [
            [
                *counts(month, "date_count", "row_count", "null_minutes"),
                share(month["null_pct"]),
                whole(month["row_count_before"]),
                share(month["null_pct_before"]),
            ]
            for month in data["months"]
        ],
        "seasons": [
            [*counts(row, "date_count", "game_count", "row_count", "null_minutes"), share(row["null_pct"])]
            for row in data["seasons"]
        ],
        "run": [
            [
                f"{window['start_date']} to {window['end_date']}",
                *counts(window, "date_count", "row_count", "null_minutes"),
            ]
            for window in data["windows"]
            if window["outcome"] == "done"
        ],
        "sources": [
            *(
                counts(row, "row_count", "game_count", "missing_games", "date_count")
                + counts(row, "unreadable_minutes", "duplicate_rows", "unusable_rows", "unregistered_rows")
                for row in data["sources"]
            ),
            *([row["kind"].replace("_", " "), whole(row["row_count"])] for row in data["disagreements"]),
        ],
        "players": [[whole(name["row_count"]), ", ".join(name["teams"])] for name in data["unresolved"]],
        "spot-check": [
            [
                f"{player['minutes_played']:.2f}",
                *counts(player, "points", "total_rebounds", "assists"),
                *(f"{player[f'{shot}_makes']}-{player[f'{shot}_attempts']}" for shot in ("fg", "three_pt", "ft")),
            ]
            for team in data["spot_check"]["teams"]
            for player in team["box_score"]
            if player["minutes_played"] is not None
        ],
    }


def is_shown(figures: list[str], row: list[str]) -> bool:
    """Whether the row has the figures, in their order."""
    cells = iter(row)
    return all(any(figure == cell.strip("`") for cell in cells) for figure in figures)


def test_html_and_markdown_show_every_figure_of_the_json(week: Week) -> None:
    report = week.report
    html = Tables(week.page.read_text(encoding="utf-8"))
    markdown = markdown_rows(week.page.with_name("week.of.Christmas.md").read_text(encoding="utf-8"))
    assert json.loads(week.page.with_name("week.of.Christmas.json").read_text(encoding="utf-8")) == report.data

    for section, records in expected_rows(report.data).items():
        assert records, section
        for figures in records:
            assert any(is_shown(figures, row) for row in html.rows[section]), (section, figures)
            assert any(is_shown(figures, row) for row in markdown), (section, figures)


@pytest.mark.parametrize("text", ["to_html", "to_markdown"])
def test_the_verdict_comes_first_and_with_it_the_figures_that_matter(week: Week, text: str) -> None:
    shown = getattr(week.report, text)()
    shown = shown[shown.index("</style>") if "</style>" in shown else 0 :]
    totals = week.report.data["totals"]

    assert shown.index("READY") < shown.index(f"{totals['rows']:,}") < shown.index("Checklist")
    assert shown.index(f"{totals['null_pct']:.2f} %") < shown.index("Checklist")
    assert shown.index(f"{totals['null_pct_before']:.2f} %") < shown.index("Checklist")
    assert f"nba-backfill rollback {RUN_ID}" in shown
    for _, details in BROKEN:
        assert details.splitlines()[0].replace("|", "\\|" if text == "to_markdown" else "|") in shown


def test_a_blocked_range_says_so_and_what_to_do_worst_first(week: Week) -> None:
    data = copy.deepcopy(week.report.data)
    careful, stop = data["checks"]["summary"][2], data["checks"]["summary"][5]
    careful |= {"verdict": "careful", "mark": "careful", "passed": False, "advice": "Look at it."}
    stop |= {"verdict": "stop", "mark": "stop", "passed": False, "advice": "Two\nlines."}
    data |= {"verdict": "blocked", "reason": f"run {RUN_ID} failed: a test\n    game_id 1\nMend it."}
    for shown in (Report(data).to_html(), Report(data).to_markdown()):
        shown = shown[shown.index("</style>") if "</style>" in shown else 0 :]
        assert shown.index("BLOCKED") < shown.index("Don’t train on these dates.") < shown.index("What to do")  # noqa: RUF001
        assert "game_id 1" in shown[: shown.index("What to do")]
        to_do = shown[shown.index("What to do</h2>") if "</h2>" in shown else shown.index("## What to do") :]
        assert to_do.index("stop") < to_do.index("careful") < to_do.index("Look at it.") < to_do.index("Checklist")


def test_the_same_figures_give_the_same_bytes(week: Week) -> None:
    again = Report(json.loads(week.report.to_json()))

    assert again.to_html() == week.page.read_text(encoding="utf-8")
    assert again.to_markdown() == week.page.with_name("week.of.Christmas.md").read_text(encoding="utf-8")


def test_the_page_needs_no_other_file_and_its_ids_are_its_own(week: Week) -> None:
    html = Tables(week.report.to_html())

    assert len(html.ids) == len(set(html.ids))
    assert html.tags.isdisjoint({"script", "iframe", "object", "embed", "img", "form"})
    links = [ref for ref in html.references if not ref.startswith("#")]
    assert links == ["data:,", week.report.data["spot_check"]["public_page"]]
    assert {ref.removeprefix("#") for ref in html.references} - set(links) <= set(html.ids)


def test_a_range_without_a_row_or_a_run_has_a_report(week: Week) -> None:
    data = week.of_nothing.data

    assert data["verdict"] == "blocked"
    assert (data["months"], data["seasons"], data["windows"], data["unresolved"]) == ([], [], [], [])
    assert (data["run"], data["spot_check"], data["rollback"]["command"]) == (None, None, None)
    assert data["totals"]["rows"] == 0
    assert [row["row_count"] > 0 for row in data["sources"]] == [True, True]
    for shown in (week.of_nothing.to_html(), week.of_nothing.to_markdown()):
        assert "BLOCKED" in shown
        assert "The summary has no row in this range." in shown
        assert "about no run" in shown


@pytest.mark.parametrize(
    ("row", "why_not"),
    [
        (None, "about no run"),
        ({"run_id": "a", "status": "rolled back", "kept_at": 1}, "has been rolled back already"),
        ({"run_id": "a", "status": "done", "kept_at": None}, "no longer kept"),
    ],
)
def test_what_can_not_be_rolled_back_says_why(row: dict[str, Any] | None, why_not: str) -> None:
    found = _rollback(row)

    assert found["command"] is None
    assert why_not in found["why_not"]


def test_names_and_messages_mean_nothing_but_themselves(week: Week) -> None:
    data = hostile(week.report.data)
    html, markdown = Report(data).to_html(), Report(data).to_markdown()

    assert "<script" not in html
    assert Tables(html).tags == Tables(week.report.to_html()).tags
    # As many tables with as many rows, and no heading, link or tag of its own.
    assert len(markdown_rows(markdown)) == len(markdown_rows(week.report.to_markdown()))
    assert [line for line in markdown.splitlines() if line.startswith("#")] == [
        line for line in week.report.to_markdown().splitlines() if line.startswith("#")
    ]
    assert not re.search(r"<script|(?<!\\)\[a\]", re.sub(r"(?<!\\)`[^`]*`", "", markdown))
    assert "&lt;script&gt;" in markdown


def hostile(data: dict[str, Any]) -> dict[str, Any]:
    """The same report with every name and message replaced by text that would be markup."""
    free = ("player_full_name", "dnp_reason", "details", "example", "advice", "reason", "warehouse", "host_name")

    def replaced(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: replaced(one, key) for key, one in value.items()}
        if isinstance(value, list):
            return [replaced(one, name) for one in value]
        return HOSTILE if name in free and value else value

    changed: dict[str, Any] = replaced(data)
    return changed


def test_a_folder_that_can_not_be_written_is_a_sentence(week: Week, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ProjectError, match="report .* can't be written"):
        week.report.write(tmp_path / "file" / "report")


def months(count: int, before: float | None, now: float | None = 37.0) -> list[charts.MonthShare]:
    every = [date(2021 + index // 12, index % 12 + 1, 1) for index in range(9, 90)]
    return [charts.MonthShare(month, now, before) for month in every if month.month not in (7, 8, 9)][:count]


def steps(seconds: float, count: int) -> list[charts.Step]:
    start = datetime(2022, 1, 1, 23, 59, tzinfo=timezone.utc)
    return [charts.Step(start + timedelta(seconds=seconds * n), 7 * n, n % 3 != 1) for n in range(count)]


@pytest.mark.parametrize("shape", [charts.WIDE, charts.NARROW], ids=lambda shape: shape.name)
@pytest.mark.parametrize(
    "draw",
    [
        lambda shape: charts.null_shares(months(1, None), 45.0, shape),
        lambda shape: charts.null_shares(months(36, 99.0), None, shape),
        lambda shape: charts.null_shares(months(5, 100.0, None), 45.0, shape),
        lambda shape: charts.null_shares([months(1, 0.0)[0], months(9, 0.0, 0.0)[-1]], 45.0, shape),
        lambda shape: charts.progress(steps(0, 1), shape),
        lambda shape: charts.progress(steps(0.1, 3), shape),
        lambda shape: charts.progress(steps(3600, 100), shape),
        lambda shape: charts.counts_by_kind([("<minutes>", 1)], shape),
        lambda shape: charts.counts_by_kind([(f"kind {n}", 10**n) for n in range(16)], shape),
    ],
)
def test_whatever_the_figures_a_chart_is_an_svg_in_the_colours_of_the_page(draw: Any, shape: charts.Shape) -> None:
    svg = draw(shape)

    root = ElementTree.fromstring(svg)
    assert root.tag == "svg"
    assert root.get("role") == "img"
    assert root.get("aria-label")
    assert float(root.attrib["viewBox"].split()[2]) <= shape.width
    colours = set(re.findall(r"(?:fill|stroke): ([^;\"]+)", svg))
    assert all(colour.startswith("var(--") or colour == "none" for colour in colours), colours
    assert "font-family" not in svg
    assert draw(shape) == svg


@dataclass(frozen=True)
class Opened:
    """A page, and what it has asked for and complained of."""

    page: Page
    requests: list[Request]
    complaints: list[str]


@pytest.fixture
def look(browser: Browser) -> Iterator[Any]:
    """Opens a page at a width, in a scheme, with no network to reach."""
    contexts = []

    def open_page(path: Path, width: int = 1120, scheme: Any = "light") -> Opened:
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True)
        contexts.append(context)
        page = context.new_page()
        opened = Opened(page, [], [])
        page.on("request", lambda request: opened.requests.append(request))
        page.on("console", lambda message: opened.complaints.append(message.text))
        page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (opened.complaints.append(dialog.message), dialog.dismiss()))
        page.goto(path.as_uri())
        return opened

    yield open_page
    for context in contexts:
        context.close()


# Of every text that can be seen, how much its colour stands out from what is behind it, by the rule of WCAG 2.
CONTRASTS = """
() => {
    const rgba = text => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
    const light = ([r, g, b]) => [r, g, b].map(value => value / 255)
        .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
        .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
    const behind = element => {
        for (let at = element; at; at = at.parentElement) {
            const colour = rgba(getComputedStyle(at).backgroundColor);
            if (colour.length < 4 || colour[3] > 0) return colour;
        }
        return [255, 255, 255];
    };
    return [...document.querySelectorAll('body *')].filter(element => element.checkVisibility()
        && [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())
    ).map(element => {
        const style = getComputedStyle(element);
        const front = element instanceof SVGElement ? style.fill : style.color;
        const [one, other] = [light(rgba(front)), light(behind(element))];
        return [(Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05), element.outerHTML.slice(0, 80)];
    });
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1120, 390, 320])
def test_a_browser_shows_the_page_alone_and_without_a_complaint(week: Week, look: Any, width: int, scheme: str) -> None:
    opened = look(week.page, width, scheme)
    page = opened.page

    assert opened.complaints == []
    assert [request.url for request in opened.requests] == [week.page.as_uri()]
    assert "READY" in page.inner_text("h1")
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "it can be pushed to the side"
    wide, narrow = (page.locator(f"svg[class$='-{name}'] >> visible=true").count() for name in ("wide", "narrow"))
    assert (wide, narrow) == ((3, 0) if width > 640 else (0, 3)), "each chart once, in the shape for the page"
    scales = page.evaluate(
        "[...document.querySelectorAll('svg')].filter(svg => svg.checkVisibility())"
        ".map(svg => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width)"
    )
    assert 12 * min(scales) >= 9, "the charts' text can't be read"
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(map(int, re.findall(r"\d+", background)[:3]))
    assert brightness < 3 * 60 if scheme == "dark" else brightness > 3 * 200
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 100
    assert min(contrasts)[0] >= 4.5, min(contrasts)


def test_the_page_prints_with_all_that_is_folded_up(week: Week, look: Any) -> None:
    page = look(week.page).page
    folded = page.locator("#months details table")
    assert not folded.is_visible()

    printed = page.pdf(format="A4", print_background=True)
    page.emulate_media(media="print")

    assert printed.startswith(b"%PDF")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 12
    assert folded.evaluate("table => table.getBoundingClientRect().height") > 20
    assert not page.locator("nav").is_visible()


def test_a_browser_runs_and_fetches_nothing_of_what_names_say(week: Week, look: Any, tmp_path: Path) -> None:
    path = Report(hostile(week.report.data)).write(tmp_path / "hostile")
    # Should something ever slip through, the page's own policy still stops it.
    path.write_text(
        path.read_text(encoding="utf-8").replace(
            "</main>", "<script>alert(2)</script><img src='http://127.0.0.1:9/x.png'></main>"
        ),
        encoding="utf-8",
    )

    opened = look(path)

    assert [request.url for request in opened.requests if request.failure != "csp"] == [path.as_uri()]
    assert len(opened.complaints) == 2, opened.complaints
    assert all("Content Security Policy" in complaint for complaint in opened.complaints)
    assert HOSTILE.splitlines()[0] in opened.page.inner_text("#players")
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 1120


def test_what_keeps_a_range_from_being_judged_blocks_it_whatever_the_checks_say() -> None:
    passed = check_of_tests(12)
    assert Validation(WINDOW, "w", (passed,)).verdict == "ready"
    assert Validation(WINDOW, "w", ()).verdict == "blocked"
    stopped = Validation(WINDOW, "w", (passed,), obstacle="The run was stopped.")
    assert (stopped.verdict, stopped.reason) == ("blocked", "The run was stopped.")

"""The corruption bench: what is wrong is held back or blocked, and what is right is ready.

A corruption counts as caught when its date is held back, when `validate` of the date blocks, or when what is published
is what the uncorrupted date has. Printed with -s are the two numbers that the project is judged by.
"""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

import corruptions
from conftest import Warehouse
from corruptions import Corruption

# Of the dates every so many-th is validated by itself: that takes half a second each.
TESTED_DATES = 12
WHOLE = {"demo": ("2021-10-01", "2022-06-30"), "real": ("2021-10-01", "2023-06-30")}
# What a model is trained on. Who is right where the sources differ is another question.
TRAINED_ON = """
    game_date, game_id, player_lookup, universal_player_id, team_abbr, opponent_team_abbr, is_home, minutes_played,
    points, assists, total_rebounds, offensive_rebounds, defensive_rebounds, steals, blocks, turnovers, personal_fouls,
    plus_minus, fg_makes, fg_attempts, three_pt_makes, three_pt_attempts, ft_makes, ft_attempts, player_status
"""


@dataclass(frozen=True)
class League:
    """A league whose summary is right, and the days on which it may be corrupted, those with most games first."""

    warehouse: Warehouse
    window: tuple[str, str]
    days: list[str]

    def copy(self, directory: Path) -> Warehouse:
        # The views of a DuckDB file name it, so a copy has its name too.
        copied = shutil.copy(self.warehouse.database, directory / self.warehouse.database.name)
        return Warehouse(self.warehouse.project, Path(copied))


@pytest.fixture(scope="module", params=["demo", "real"])
def league(
    request: pytest.FixtureRequest, project: Path, demo_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> League:
    """The demo league, and the real seasons where they are."""
    database = tmp_path_factory.mktemp(request.param) / "nba.duckdb"
    warehouse = Warehouse(project, database)
    if request.param == "demo":
        shutil.copy(demo_file, database)
    else:
        loaded = warehouse.cli("load-raw", str(request.getfixturevalue("real_data") / "raw"))
        assert loaded.code == 0, loaded.output
    window = WHOLE[request.param]
    kinds = ("--resource-type", "seed", "--resource-type", "model")
    prepared = warehouse.dbt("build", "--select", "path:seeds", "path:models/staging", *kinds)
    assert prepared.code == 0, prepared.output
    built = warehouse.dbt("run", window=window)
    assert built.code == 0, built.output
    warehouse.execute(f"create table nba_raw.truth as select {TRAINED_ON} from player_game_summary")
    days = warehouse.query(
        "select game_date from player_game_summary where has_nbac_gamebook and has_bdl_boxscores "
        "group by 1 having count(distinct game_id) > 2 order by count(distinct game_id) desc, 1"
    )
    return League(warehouse, window, [str(day) for (day,) in days])


def assigned(days: list[str], wanted: list[Corruption]) -> dict[str, Corruption]:
    """A day for each corruption, and for one that moves its games the day after as well."""
    free = dict.fromkeys(days)
    found = {}
    for corruption in wanted:
        moves = "moved" in corruption.name
        day = next((day for day in free if not moves or after(day) in free), None)
        if day is None:
            break
        found[day] = corruption
        free.pop(day)
        if moves:
            free.pop(after(day))
    return found


def after(day: str) -> str:
    return str(date.fromisoformat(day) + timedelta(days=1))


def wanted() -> list[Corruption]:
    """Of every kind and statistic, those first that concern a whole date, which want the most games."""
    structural, statistical = (
        [each for each in kind() if each.is_knowable] for kind in (corruptions.of_structure, corruptions.of_statistics)
    )
    # What balldontlie alone has wrong changes nothing where the gamebook has the player.
    return sorted(
        (*structural, *statistical),
        key=lambda each: (
            each.name.endswith("in balldontlie"),
            each in statistical and "date" not in each.name,
            # Only chance tells: team mates have a margin in common.
            not each.name.startswith("plus_minus of team mates"),
        ),
    )


def judged(work: Warehouse, first: str, last: str = "") -> str | None:
    """Why the date or the range is not ready, None where it is."""
    checks = work.rows("validation", (first, last or first))
    return first_objection((check["check_name"], check["verdict"]) for check in checks)


def first_objection(checks: Iterable[tuple[str, str]]) -> str | None:
    return next((name for name, verdict in checks if verdict in ("careful", "stop")), None)


def build_anew(work: Warehouse, window: tuple[str, str], statements: Iterable[str]) -> None:
    """Corrupt the raw tables, and build the window as if it had never been there: it alone shows its faults."""
    with duckdb.connect(str(work.database)) as con:
        con.execute("set search_path = 'nba_raw,nba_analytics,nba_reference'")
        for statement in statements:
            con.execute(statement)
        for table in ("player_game_summary", "backfill_ledger", "excluded_box_score_rows", "gate_findings"):
            con.execute(f"delete from {table}")
    built = work.dbt("run", "--select", "+player_game_summary+", window=window)
    assert built.code == 0, built.output


def test_what_is_corrupted_is_held_back_or_blocked(league: League, tmp_path: Path) -> None:
    work = league.copy(tmp_path)
    # Only the box scores of many games show these.
    of_columns = list(corruptions.of_columns())
    first, others = league.days[: len(of_columns)], league.days[len(of_columns) :]
    chosen = assigned(first, of_columns) | assigned(others, wanted())
    build_anew(
        work,
        league.window,
        [each.replace("{day}", day) for day, corruption in chosen.items() for each in corruption.statements],
    )

    held_back = {str(day) for (day,) in work.query("select game_date from gate_findings where severity = 'error'")}
    changed = {
        str(day)
        for (day,) in work.query(
            f"""
            select game_date from (
                (select {TRAINED_ON} from player_game_summary except all from nba_raw.truth)
                union all (from nba_raw.truth except all select {TRAINED_ON} from player_game_summary)
            )
            """
        )
    }
    missed = [
        f"{day} {corruption.name}"
        for day, corruption in chosen.items()
        if not {day, after(day)} & held_back and day in changed and not judged(work, day)
    ]
    print(f"{len(chosen) - len(missed)} of {len(chosen)} corruptions caught, missed: {missed or 'none'}")
    assert len(chosen) >= 80
    assert missed == []
    touched = chosen.keys() | {after(day) for day, each in chosen.items() if "moved" in each.name}
    assert held_back - touched == set(), "right dates beside them"


def test_what_only_a_season_shows_blocks_it(league: League, tmp_path: Path) -> None:
    work = league.copy(tmp_path)
    by_check = corruptions.of_seasons()
    if len(work.query("select distinct season_year from player_game_summary")) == 1:
        # What it would be compared with isn't there.
        del by_check["season_change"]

    build_anew(work, league.window, [statement for each in by_check.values() for statement in each])

    checks = work.rows("validation", league.window)
    found = {check["check_name"]: check["example"] for check in checks if check["verdict"] in ("careful", "stop")}
    print(f"a season's corruptions, by what blocks it: {found}")
    assert found.keys() >= by_check.keys()


def test_what_somebody_does_to_the_summary_blocks_its_date(league: League, tmp_path: Path) -> None:
    work = league.copy(tmp_path)
    chosen = assigned(league.days, list(corruptions.of_summary()))
    with duckdb.connect(str(work.database)) as con:
        con.execute("set search_path = 'nba_raw,nba_analytics,nba_reference'")
        for day, corruption in chosen.items():
            for statement in corruption.statements:
                con.execute(statement.replace("{day}", day))
    plan = {str(row["game_date"]): row["status"] for row in work.rows("backfill_plan", league.window)}
    missed = [f"{day} {each.name}" for day, each in chosen.items() if plan[day] == "complete" and not judged(work, day)]
    print(f"{len(chosen) - len(missed)} of {len(chosen)} changes of the summary caught, missed: {missed or 'none'}")
    assert missed == []
    whole = work.rows("validation", league.window)
    assert {check["check_name"] for check in whole if check["verdict"] == "stop"} >= {"unfinished_dates"}


def test_what_is_right_is_ready(league: League) -> None:
    held_back = league.warehouse.query("select game_date, rule, example from gate_findings where severity = 'error'")
    assert held_back == []
    all_days = [
        str(day)
        for (day,) in league.warehouse.query(
            "select game_date from player_game_summary group by 1 order by count(distinct game_id) desc, 1"
        )
    ]
    # The last have the fewest games.
    by_themselves = [*all_days[::TESTED_DATES], *all_days[-4:]]
    ranges = [(day, min(str(date.fromisoformat(day) + timedelta(days=6)), max(all_days))) for day in all_days[-2:]]
    blocked = dict(blocked_dates(league, by_themselves))
    blocked |= {window: why for window in (*ranges, league.window) if (why := judged(league.warehouse, *window))}
    validated = f"{len(by_themselves)} dates by themselves and {len(ranges) + 1} ranges validated"
    print(f"{len(all_days)} dates, none held back; {validated}, {len(blocked)} blocked")
    assert blocked == {}


def test_counts_that_are_kept_as_decimals_and_dates_as_timestamps_are_read(league: League, tmp_path: Path) -> None:
    """As a loader keeps them where some are missing; and a fraction, which no count has, holds its date back."""
    work = league.copy(tmp_path)
    first, last = league.days[0], after(after(league.days[0]))
    counted = work.query(
        "select table_name, column_name from duckdb_columns() where schema_name = 'nba_raw' "
        f"and table_name in {corruptions.SOURCES['both']} and data_type = 'BIGINT' and not contains(column_name, '_id')"
    )
    retyped = [f"alter table {table} alter {column} type double" for table, column in counted]
    retyped += [f"alter table {table} alter game_date type timestamp" for table in corruptions.SOURCES["both"]]
    build_anew(work, (first, last), retyped)

    in_range = f"where game_date between '{first}' and '{last}'"
    (rows,), *_ = work.query(f"select count(*) from nba_raw.truth {in_range}")
    assert rows > 0
    summary = f"select {TRAINED_ON} from player_game_summary {in_range}"
    assert work.query(f"{summary} except all from nba_raw.truth") == []
    assert work.query(f"from nba_raw.truth {in_range} except all {summary}") == []
    assert judged(work, first, last) is None

    build_anew(
        work,
        (first, last),
        [
            f"update {corruptions.BDL} set assists = assists + 0.5 where game_date = '{first}' "
            "and minutes not in ('', '0', '00') and player_full_name is not null"
        ],
    )
    found = work.query(f"select rule, example from gate_findings where severity = 'error' and game_date = '{first}'")
    assert any(rule == "row_contradicts_itself" and "a fraction" in example for rule, example in found), found


def blocked_dates(league: League, days: list[str]) -> Iterator[tuple[tuple[str, str], str]]:
    """Those that `validate` blocks, each by itself. dbt writes the query for the first date of a season."""
    written = league.warehouse.project / "target" / "compiled" / "nba_analytics" / "analyses" / "validation.sql"
    with duckdb.connect(str(league.warehouse.database), read_only=True) as con:
        seasons = con.execute("select distinct game_date::text, season_year from nba_analytics.player_game_summary")
        season_of = dict(seasons.fetchall())
    for season in sorted({season_of[day] for day in days}):
        first, *others = [day for day in days if season_of[day] == season]
        compiled = league.warehouse.dbt("compile", "--select", "validation", window=(first, first))
        assert compiled.code == 0, compiled.output
        query = written.read_text()
        assert first in query
        with duckdb.connect(str(league.warehouse.database), read_only=True) as con:
            for day in (first, *others):
                checks = con.execute(f"select check_name, verdict from ({query.replace(first, day)})").fetchall()
                if why := first_objection(checks):
                    yield (day, day), why

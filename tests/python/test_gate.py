"""A date that breaks a rule is held back, all others are published, and whatever says how things stand says so."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from conftest import WEEK, Outcome, Warehouse

START, END = "2021-11-01", "2022-02-10"
RANGE = ("--start-date", START, "--end-date", END)
VERDICT = "logs/backfill/player_game_summary_verdict.json"
CHECKPOINT = "logs/backfill/player_game_summary_checkpoint.json"
KEPT_TABLES = ("player_game_summary", "excluded_box_score_rows", "backfill_ledger")
# Statistics with which every rule on shots can be broken by itself.
SHOTS = "field_goals_made > 2 and three_pointers_made > 0 and free_throws_made > 0"
UPDATE = "update nbac_gamebook_player_stats set {} where rowid = {}"
# How one row of the gamebook comes to break a rule, by the rule.
BREAKS = {
    "unreadable_minutes": "minutes = '4x:10'",
    "statistics_of_nobody": "player_status = 'dnp'",
    "unknown_status": "player_status = 'questionable'",
    "unknown_team": "team_abbr = 'XXX'",
    "nameless_player": "player_lookup = null, player_name = null",
    "unreadable_name": "player_name = concat('#8 ', player_name)",
    "row_contradicts_itself": "minutes_decimal = 3",
    "number_beyond_reason": "assists = 20000",
    "lost_minutes": "minutes = null",
    "lost_statistics": "steals = null",
    "impossible_personal_fouls": "personal_fouls = 7",
    "impossible_turnovers": "turnovers = -1",
    "plus_minus_beyond_minutes": "plus_minus = 69, minutes = '10:01'",
    "plus_minus_does_not_add_up": "plus_minus = plus_minus + 11",
    "busier_than_his_minutes": "total_rebounds = 55, defensive_rebounds = 45, offensive_rebounds = 10, "
    "minutes = '10:01'",
    "more_assists_than_field_goals": "assists = 35",
    "more_steals_than_turnovers": "steals = 15",
    "possessions_differ": "field_goals_attempted = field_goals_attempted + 40",
    "sources_differ": "assists = assists + 3",
    "impossible_minutes": "minutes = '71:00'",
    "impossible_points": "points = 102, field_goals_made = 0, field_goals_attempted = 0, three_pointers_made = 0, "
    "three_pointers_attempted = 0, free_throws_made = 102, free_throws_attempted = 102",
    "points_do_not_add_up": "points = points + 1",
    "rebounds_do_not_add_up": "total_rebounds = total_rebounds + 1",
    "more_field_goals_than_attempts": "field_goals_attempted = field_goals_made - 1, three_pointers_attempted = 1, "
    "three_pointers_made = 1, points = 2 * field_goals_made + 1 + free_throws_made",
    "more_threes_than_attempts": "three_pointers_attempted = three_pointers_made - 1",
    "more_free_throws_than_attempts": "free_throws_attempted = free_throws_made - 1",
    "more_threes_than_field_goals": "three_pointers_made = field_goals_made + 1, three_pointers_attempted = "
    "field_goals_attempted, points = 3 * field_goals_made + 1 + free_throws_made",
    "more_threes_than_field_goals_attempted": "three_pointers_attempted = field_goals_attempted + 1",
    "team_minutes_do_not_add_up": "minutes = '01:00'",
}


def found(work: Warehouse, severity: str = "error") -> dict[str, set[str]]:
    """The rules that each date breaks."""
    rules: dict[str, set[str]] = {}
    for day, rule in work.query(f"select game_date, rule from gate_findings where severity = '{severity}'"):
        rules.setdefault(str(day), set()).add(rule)
    return rules


def statuses(work: Warehouse) -> dict[str, str]:
    """How each date of the range stands that has games, as `plan` says it."""
    outcome = work.cli("plan", *RANGE, "--json")
    assert outcome.code == 0, outcome.output
    planned: dict[str, Any] = json.loads(outcome.output)
    return {day["game_date"]: day["status"] for day in planned["dates"]}


def of_date(work: Warehouse, day: str) -> dict[str, set[tuple[Any, ...]]]:
    return {table: set(work.query(f"select * from {table} where game_date = '{day}'")) for table in KEPT_TABLES}


def read(work: Warehouse, file: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((work.project / file).read_text(encoding="utf-8"))
    return content


def break_a_date_for_each_rule(work: Warehouse) -> dict[str, tuple[str, str, str]]:
    """One bad row for each rule, each on a date of its own. Returns the date's rule, player and team."""
    work.execute(
        "create table nba_raw.saved_gamebook as select * from nbac_gamebook_player_stats",
        "create table nba_raw.saved_bdl as select * from bdl_player_boxscores",
    )
    candidates = work.query(
        f"""
        select cast(game_date as text), min(rowid) from nbac_gamebook_player_stats as gamebook
        where game_date between '{START}' and '{END}' and player_status = 'active' and minutes > '10:00' and {SHOTS}
        group by 1 having count(distinct game_id) > 1 order by 1
        """
    )
    broken: dict[str, tuple[str, str, str]] = {}
    for (day, row), (rule, change) in zip(candidates, BREAKS.items(), strict=False):
        ((player, team),) = work.query(
            f"select player_lookup, team_abbr from nbac_gamebook_player_stats where rowid = {row}"
        )
        work.execute(UPDATE.format(change, row))
        broken[day] = (rule, player, team)
    left = candidates[len(BREAKS) :]
    (day, row), (share, _), (moved, _) = left[0], left[1], left[2]
    ((player, team),) = work.query(
        f"select player_lookup, team_abbr from nbac_gamebook_player_stats where rowid = {row}"
    )
    work.execute(
        "insert into nbac_gamebook_player_stats select * replace (points + 1 as points, free_throws_made + 1 as "
        f"free_throws_made, free_throws_attempted + 1 as free_throws_attempted) from nbac_gamebook_player_stats "
        f"where rowid = {row}",
        "update nbac_gamebook_player_stats set player_status = 'inactive', minutes = null, points = null "
        f"where game_date = '{share}' and hash(player_lookup) % 10 != 0",
        f"""
        insert into bdl_player_boxscores
        select * replace (
            date '{left[3][0]}' as game_date, '{left[3][0].replace("-", "")}' || substr(game_id, 9) as game_id
        ) from bdl_player_boxscores
        where game_id = (select min(game_id) from bdl_player_boxscores where game_date = '{moved}')
        """,
    )
    broken |= {day: ("conflicting_duplicate", player, team), share: ("null_minutes_share", "", "")}
    return broken | dict.fromkeys((moved, left[3][0]), ("game_on_two_dates", "", ""))


def mend(work: Warehouse) -> None:
    for table, saved in (("nbac_gamebook_player_stats", "saved_gamebook"), ("bdl_player_boxscores", "saved_bdl")):
        work.execute(f"delete from {table}", f"insert into {table} from nba_raw.{saved}")


def test_each_rule_holds_its_date_back_and_all_others_are_published(demo: Warehouse) -> None:
    broken = break_a_date_for_each_rule(demo)

    outcome = demo.cli("run", *RANGE, "--no-resume", "--force")

    assert outcome.code == 1, outcome.output
    assert "batch 1/1" in outcome.output
    errors = found(demo)
    assert errors.keys() == broken.keys()
    for day, (rule, player, team) in broken.items():
        assert rule in errors[day], day
        subjects = demo.query(
            "select coalesce(player_lookup, ''), coalesce(team_abbr, '') from gate_findings "
            f"where game_date = '{day}' and rule = '{rule}'"
        )
        # A rule is about a player, about his team, or about a row that doesn't say whose or which player's it is.
        about = {(player, team), ("", team), ("", ""), (player, "XXX")} if player else set(subjects)
        assert about & set(subjects), (day, rule, subjects)
        # Of several reasons the one that explains the others is given.
        assert f"held back: {day}  " in outcome.output
    after = statuses(demo)
    assert {day for day, status in after.items() if status == "held back"} == broken.keys()
    assert {status for day, status in after.items() if day not in broken} == {"complete"}

    mend(demo)
    outcome = demo.cli("run", *RANGE)
    assert outcome.code == 0, outcome.output
    assert set(statuses(demo).values()) == {"complete"}
    assert found(demo) == {}


def test_dbt_alone_holds_back_what_the_command_does(demo: Warehouse) -> None:
    broken = break_a_date_for_each_rule(demo)
    built = demo.dbt("run", window=(START, END))
    assert built.code == 0, built.output
    for day in broken:
        assert f"held back {day}: " in built.output
    assert found(demo).keys() == broken.keys()
    published = {
        str(day) for (day,) in demo.query(f"select game_date from backfill_ledger where game_date >= '{START}'")
    }
    in_week = {day for day in broken if WEEK[0] <= day <= WEEK[1]}
    assert published & broken.keys() == in_week

    tested = demo.dbt("test", "--select", "assert_no_date_is_held_back", window=(START, END))
    assert tested.code == 1
    assert "FAIL" in tested.output
    for day in broken:
        assert f"held back {day}: " in tested.output

    mend(demo)
    built = demo.dbt("build", "--exclude", "resource_type:unit_test", window=(START, END))
    assert built.code == 0, built.output
    assert found(demo) == {}


@pytest.fixture
def held_back(demo: Warehouse) -> tuple[Warehouse, str, str]:
    """A run with a held-back date that was there before, and one that was not."""
    there, absent = "2021-12-22", "2022-01-12"
    for day in (there, absent):
        ((row,),) = demo.query(
            f"select min(rowid) from nbac_gamebook_player_stats where game_date = '{day}' and player_status = 'active'"
        )
        demo.execute(UPDATE.format("minutes = '4x:10'", row))
    return demo, there, absent


def test_a_held_back_date_keeps_what_it_was_and_everything_says_so(held_back: tuple[Warehouse, str, str]) -> None:
    work, there, absent = held_back
    before = of_date(work, there)
    assert before["player_game_summary"]
    assert before["backfill_ledger"]

    outcome = work.cli("run", "--start-date", WEEK[0], "--end-date", "2022-01-16")

    assert outcome.code == 1
    assert "2 dates held back" in outcome.output
    assert "2 of the dates are held back" in outcome.output
    assert "4x:10" in outcome.output
    assert of_date(work, there) == before
    assert of_date(work, absent) == {table: set() for table in KEPT_TABLES}
    checkpoint = read(work, CHECKPOINT)
    assert [day["game_date"] for day in checkpoint["held_back"]] == [there, absent]
    assert checkpoint["successful"] + 2 == checkpoint["dates"]
    assert read(work, VERDICT)["verdict"] == "blocked"
    report = json.loads(next((work.project / "logs/backfill").glob("*_*_*_*_*.json")).read_text(encoding="utf-8"))
    assert [window["start_date"] for window in report["windows"] if window["outcome"] == "held back"] == [there, absent]

    planned = json.loads(work.cli("plan", *RANGE, "--json").output)
    reasons = {day["game_date"]: day["failed_reason"] for day in planned["dates"] if day["status"] == "held back"}
    assert reasons.keys() == {there, absent}
    assert all("4x:10" in reason for reason in reasons.values())
    said = work.cli("status").output
    assert f"{there}: " in said
    assert "held back" in said
    validated = work.cli("validate", "--start-date", absent, "--end-date", absent)
    assert validated.code == 1
    assert f"{absent}..{absent}: blocked. held back dates: 1 dates" in validated.output
    assert read(work, VERDICT)["verdict"] == "blocked"


def test_fail_fast_stops_at_the_first_window_with_one(held_back: tuple[Warehouse, str, str]) -> None:
    work, there, _ = held_back
    outcome = work.cli(
        "run", "--start-date", WEEK[0], "--end-date", "2022-01-16", "--batch-days", "7", "--no-resume", "--fail-fast"
    )
    assert outcome.code == 1
    assert f"held back: {there}" in outcome.output
    assert "batch 2/4" not in outcome.output


def test_a_rolled_back_run_leaves_no_date_held_back(held_back: tuple[Warehouse, str, str]) -> None:
    work, there, _ = held_back
    before = of_date(work, there)
    assert work.cli("run", "--start-date", WEEK[0], "--end-date", WEEK[1]).code == 1
    assert found(work).keys() == {there}
    assert work.cli("rollback").code == 0
    assert found(work) == {}
    assert of_date(work, there) == before


# The chain from the sources to the ledger.
CHAIN = (
    "int_player_rows_window",
    "int_player_game_summary_window",
    "gate_findings",
    "excluded_box_score_rows",
    "player_game_summary",
    "backfill_ledger",
)
OTHER_WEEK = ("2022-01-10", "2022-01-16")
SELECTIONS = {
    "run": [
        *CHAIN,
        *(f"{depth}+{node}" for node in CHAIN for depth in (1, 2)),
        *(f"{node}+1" for node in CHAIN),
        *(f"+{node}" for node in CHAIN),
        *(f"{node}+" for node in CHAIN),
        "path:models/marts",
        "path:models/intermediate",
        "config.materialized:incremental",
    ],
    "build": [*CHAIN, *(f"+{node}" for node in CHAIN), "1+player_game_summary", "config.materialized:incremental"],
}


@pytest.mark.parametrize("command", SELECTIONS)
def test_a_part_of_the_chain_is_refused_or_right(demo: Warehouse, command: str) -> None:
    """After the window's tables were built for another week, by an invocation that published nothing."""
    expected = demo.summary()
    staged = demo.dbt("run", "--select", "+int_player_game_summary_window", window=OTHER_WEEK)
    assert staged.code == 0, staged.output
    demo.execute(*(f"create table nba_raw.{table} as from {table}" for table in CHAIN[:2]))
    # What a build tests is not the question, and takes most of its time.
    only = ("--exclude", "resource_type:unit_test", "resource_type:test") if command == "build" else ()
    for selection in SELECTIONS[command]:
        outcome = demo.dbt(command, "--select", selection, *only, window=WEEK)
        if outcome.code:
            assert refused(outcome), (selection, outcome.output)
        assert demo.summary() == expected, selection
        assert not demo.query(f"select 1 from backfill_ledger where game_date > '{WEEK[1]}'"), selection
        demo.execute(*(f"create or replace table {table} as from nba_raw.{table}" for table in CHAIN[:2]))


def refused(outcome: Outcome) -> bool:
    """Whether it says what to select. No other error is one that a selection leads to."""
    return "Select them together" in outcome.output or "built by another invocation" in outcome.output


def test_what_the_window_was_built_for_is_held_by_its_rows(demo: Warehouse) -> None:
    """Where the guard at the start sees nothing wrong: the tables were made anew beside it, by another process."""
    expected = demo.summary()
    for change in ("built_by = 'another'", "built_from = built_from - 1", "built_through = built_through - 1"):
        demo.execute(
            "create or replace view saved_guard as select 1 as one",
            f"update int_player_game_summary_window set {change}",
        )
        outcome = demo.dbt("show", "--inline", "{{ window_rows(ref('int_player_game_summary_window')) }}", window=WEEK)
        assert outcome.code != 0
        assert "built by another invocation" in outcome.output
    assert demo.summary() == expected


def test_no_window_without_rows_is_taken_for_one_that_was_read(demo: Warehouse) -> None:
    """The rows of a run are read by their dates, of which another window's may be none: asked all the same."""
    outcome = demo.dbt(
        "show", "--inline", "{{ window_rows(ref('int_player_rows_window')) }}", window=("2022-07-04", "2022-07-10")
    )
    assert outcome.code != 0
    assert "built by another invocation" in outcome.output


def test_rows_far_from_the_baseline_warn(demo: Warehouse) -> None:
    variables = f"{{start_date: '{WEEK[0]}', end_date: '{WEEK[1]}', baseline_rows: %s}}"
    rows = len(demo.summary())
    for baseline, warned in ((rows, False), (round(rows * 1.01), False), (round(rows * 1.05), True)):
        built = demo.dbt("run", "--select", "+player_game_summary+", "--vars", variables % baseline)
        assert built.code == 0, built.output
        rules: Mapping[str, set[str]] = found(demo, "warning")
        assert ("row_count_deviation" in set().union(*rules.values())) is warned
        assert ("warning row_count_deviation" in built.output) is warned


def test_a_threshold_that_is_missing_stops_the_run(demo: Warehouse) -> None:
    before = demo.summary()
    # Of a rule, and of each statistic of one.
    for metric in ("points", "team_average_assists", "minutes_correlation_points", "nought_share_points"):
        demo.execute(
            f"create or replace table removed as from quality_thresholds where metric = '{metric}'",
            f"delete from quality_thresholds where metric = '{metric}'",
        )
        outcome = demo.dbt("run", "--select", "+int_player_rows_window+", window=WEEK)
        assert outcome.code == 1
        assert f"quality_thresholds has no min_value of the metric {metric}" in outcome.output
        assert demo.summary() == before
        demo.execute("insert into quality_thresholds from removed")


def test_only_the_named_dates_of_a_window_are_replaced(demo: Warehouse) -> None:
    ledger = dict(demo.query("select game_date, dbt_invocation_id from backfill_ledger"))
    first, *_, last = sorted(ledger)
    variables = f"{{start_date: '{WEEK[0]}', end_date: '{WEEK[1]}', dates: ['{first}', '{last}']}}"
    built = demo.dbt("run", "--select", "+player_game_summary+", "--vars", variables)
    assert built.code == 0, built.output
    after = dict(demo.query("select game_date, dbt_invocation_id from backfill_ledger"))
    assert {day for day in after if after[day] != ledger[day]} == {first, last}
    assert isinstance(first, date)


# ------ the summary itself


ONE_ROW = f"""
    rowid = (
        select min(rowid) from nbac_gamebook_player_stats
        where game_date between '{WEEK[0]}' and '{WEEK[1]}' and player_status = 'active' and minutes > '10'
    )
"""
FIRST_ACTIVE = "rowid = (select min(rowid) from player_game_summary where is_active)"


@pytest.mark.parametrize(
    ("fails", "statement"),
    [
        ("duplicates", "insert into player_game_summary select * from player_game_summary limit 1"),
        ("null_rates", f"update player_game_summary set minutes_played = null where {FIRST_ACTIVE}"),
        ("domains", f"update player_game_summary set minutes_played = 71 where {FIRST_ACTIVE}"),
        ("box_scores_add_up", f"update player_game_summary set points = points + 1 where {FIRST_ACTIVE}"),
        (
            "row_counts",
            "delete from nbac_gamebook_player_stats where (game_date, player_lookup) in "
            "(select game_date, player_lookup from player_game_summary where not has_bdl_boxscores limit 1)",
        ),
        ("assert_every_raw_row_is_accounted_for", f"delete from nbac_gamebook_player_stats where {ONE_ROW}"),
        (
            "assert_every_raw_row_is_accounted_for",
            "insert into bdl_player_boxscores "
            "select * replace (null::date as game_date) from bdl_player_boxscores limit 1",
        ),
    ],
)
def test_a_summary_that_no_longer_fits_fails_its_test(demo: Warehouse, fails: str, statement: str) -> None:
    demo.execute(statement)

    tested = demo.dbt("test", "--select", f"*{fails}*", window=WEEK)

    assert tested.code == 1
    assert any(fails in line and "FAIL" in line for line in tested.output.splitlines()), tested.output


def test_a_summary_that_fits_passes_its_tests(demo: Warehouse) -> None:
    tested = demo.dbt("test", "--exclude", "resource_type:unit_test", window=WEEK)
    assert tested.code == 0, tested.output


@pytest.mark.parametrize(
    ("model", "statement", "week"),
    [
        (
            "preflight_checks",
            "insert into nbac_gamebook_player_stats select * from nbac_gamebook_player_stats",
            OTHER_WEEK,
        ),
        ("validation_checks", "update player_game_summary set universal_player_id = null", WEEK),
    ],
)
def test_a_check_that_does_not_pass_warns(demo: Warehouse, model: str, statement: str, week: tuple[str, str]) -> None:
    for statements, warned in (((), 0), ((statement,), 1)):
        demo.execute(*statements)
        tested = demo.dbt("test", "--select", f"checks_pass_{model}_", window=week)
        assert tested.code == 0, tested.output
        assert f"WARN={warned} ERROR=0" in tested.output

"""A run replaces exactly its window: everything in it, nothing outside, and always to the same end."""

from datetime import date

import pytest

from backfill_rig import run_accepting_losses
from conftest import WEEK, Warehouse

NEXT_WEEK = ("2021-12-27", "2022-01-02")
BOTH_WEEKS = (WEEK[0], NEXT_WEEK[1])


def in_week(rows: set[tuple[object, ...]], week: tuple[str, str]) -> set[tuple[object, ...]]:
    return {row for row in rows if week[0] <= str(row[0]) <= week[1]}


def run(warehouse: Warehouse, window: tuple[str, str]) -> None:
    outcome = warehouse.dbt("run", window=window)
    assert outcome.code == 0, outcome.output


def test_the_same_window_twice_gives_the_same_rows(demo: Warehouse) -> None:
    before = demo.summary()
    run(demo, WEEK)
    assert demo.summary() == before
    assert len(before) == demo.query("select count(*) from player_game_summary")[0][0] > 1000


def test_any_order_and_any_size_of_windows_gives_the_same_table(demo: Warehouse) -> None:
    run(demo, NEXT_WEEK)
    forwards = demo.summary()
    demo.execute("delete from player_game_summary", "delete from excluded_box_score_rows")
    for window in (("2021-12-31", "2022-01-02"), ("2021-12-24", "2021-12-30"), ("2021-12-20", "2021-12-23")):
        run(demo, window)
    backwards = demo.summary()
    demo.execute("delete from player_game_summary", "delete from excluded_box_score_rows")
    run(demo, BOTH_WEEKS)
    assert forwards == backwards == demo.summary()
    assert in_week(forwards, WEEK)
    assert in_week(forwards, NEXT_WEEK)


def test_windows_in_one_process_give_what_a_process_each_gives(demo: Warehouse) -> None:
    """dbt keeps compiled text in the project that it is given, and with it the window of the first run."""
    run(demo, BOTH_WEEKS)
    expected = demo.summary()
    demo.execute("delete from player_game_summary", "delete from excluded_box_score_rows")
    outcome = demo.cli("run", "--start-date", BOTH_WEEKS[0], "--end-date", BOTH_WEEKS[1], "--batch-days", "2")
    assert outcome.code == 0, outcome.output
    assert demo.summary() == expected


def test_a_removed_player_and_an_emptied_date_leave_no_ghost(demo: Warehouse) -> None:
    run(demo, NEXT_WEEK)
    before = demo.summary()
    ((player, day, team),) = demo.query(
        f"""
        select player_lookup, game_date, team_abbr from player_game_summary
        where game_date between '{WEEK[0]}' and '{WEEK[1]}'
        and not has_bdl_boxscores and universal_player_id is not null
        order by 2, 1 limit 1
        """
    )
    emptied = next(row[0] for row in sorted(before) if row[0] > day and str(row[0]) <= WEEK[1])
    demo.execute(
        f"delete from nbac_gamebook_player_stats where game_date = '{day}' and team_abbr = '{team}' "
        f"and player_lookup = '{player}'",
        f"delete from nbac_gamebook_player_stats where game_date = '{emptied}'",
        f"delete from bdl_player_boxscores where game_date = '{emptied}'",
    )
    run(demo, WEEK)
    assert {row for row in before if row[0] == emptied} <= demo.summary(), "held back: nobody has said that it is meant"
    run_accepting_losses(demo, WEEK)
    after = demo.summary()
    gone = {row[:3] for row in before - after}
    assert (day, player, team) in gone
    assert {row for row in before if row[0] == emptied} <= before - after
    assert not [row for row in after if row[0] == emptied]
    assert in_week(after, NEXT_WEEK) == in_week(before, NEXT_WEEK)


def test_a_moved_game_stands_once_on_the_date_on_which_it_was_played(demo: Warehouse) -> None:
    ((game, home, away, day),) = demo.query(
        f"""
        select game_id, home_team_abbr, away_team_abbr, game_date from nbac_gamebook_player_stats
        where game_date between '{WEEK[0]}' and '{WEEK[1]}'
        and game_id in (select game_id from bdl_player_boxscores) order by 1 limit 1
        """
    )
    before = demo.summary()
    first_date = date(2022, 1, 5)
    demo.execute(
        f"""
        update bdl_player_boxscores set game_date = '{first_date}', game_id = '20220105_{away}_{home}'
        where game_id = '{game}'
        """
    )
    run(demo, (str(first_date), str(first_date)))
    run(demo, WEEK)
    assert in_week(demo.summary(), WEEK) == before
    assert (
        demo.query(
            f"select count(*), count(distinct game_date) from player_game_summary where season_year = 2021 "
            f"and game_id like '%{away}_{home}' and game_date in ('{day}', '{first_date}')"
        )[0]
        == demo.query(f"select count(*), 1 from player_game_summary where game_id = '{game}'")[0]
    )


def test_a_window_that_fails_while_it_is_written_leaves_the_table_as_it_was(demo: Warehouse) -> None:
    """The delete is done and the insert breaks: both are one transaction."""
    before = demo.summary()
    demo.execute(
        "create type name as enum (select distinct player_full_name from player_game_summary)",
        "alter table player_game_summary alter column player_full_name set data type name",
        "insert into nbac_gamebook_player_stats by name select * replace ('Some One' as player_name, 'someone' as "
        "player_lookup) from nbac_gamebook_player_stats "
        f"where game_date = '{WEEK[1]}' and player_status = 'inactive' limit 1",
    )
    outcome = demo.dbt("run", "--select", "+int_player_rows_window+", window=WEEK)
    assert outcome.code == 1
    assert "Conversion Error" in outcome.output, outcome.output
    assert demo.summary() == before


def test_an_empty_run_does_not_empty_the_table(demo: Warehouse) -> None:
    before = demo.summary()
    refused = demo.dbt("run", "--empty", window=WEEK)
    assert refused.code == 2
    assert "--empty would replace the window of nba_analytics." in refused.output
    assert "allow_empty: true" in refused.output
    assert demo.summary() == before


@pytest.mark.parametrize("of_the_command", [False, True], ids=["dbt", "nba-backfill"])
def test_a_table_of_an_earlier_version_gets_the_columns_and_descriptions_of_today(
    demo: Warehouse, of_the_command: bool
) -> None:
    run(demo, NEXT_WEEK)
    described = (
        "select column_name, comment from duckdb_columns() where table_name = 'player_game_summary' "
        "union all select '', comment from duckdb_tables() where table_name = 'player_game_summary' order by all"
    )
    rows, descriptions = demo.summary(), demo.query(described)
    demo.execute(
        "alter table player_game_summary drop column usage_rate",
        "comment on column player_game_summary.points is 'Of yesterday.'",
        "comment on table player_game_summary is 'Of yesterday.'",
    )
    if of_the_command:
        outcome = demo.cli("run", "--start-date", WEEK[0], "--end-date", NEXT_WEEK[1], "--force")
        assert outcome.code == 0, outcome.output
    else:
        run(demo, BOTH_WEEKS)
    assert demo.summary() == rows
    assert demo.query(described) == descriptions
    assert demo.query("select count(usage_rate) > 1000 from player_game_summary") == [(True,)]

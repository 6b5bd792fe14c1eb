"""Each kind of broken data makes the test fail that is there for it, and leaves the summary as it was."""

import pytest

from conftest import WEEK, Warehouse

# One active player of the week whom both sources list, with points and rebounds.
ACTIVE = f"""
    game_date between '{WEEK[0]}' and '{WEEK[1]}' and player_status = 'active' and minutes > '10' and points > 5
    and (game_date, player_lookup) in (
        select game_date, player_lookup from player_game_summary where has_nbac_gamebook and has_bdl_boxscores
        order by 1, 2 limit 100
    )
"""
ONE_ROW = f"rowid = (select min(rowid) from nbac_gamebook_player_stats where {ACTIVE})"


def breaks(fails: str, *statements: str) -> object:
    return pytest.param(fails, statements, id=fails)


@pytest.mark.parametrize(
    ("fails", "statements"),
    [
        breaks("parseable_minutes", f"update nbac_gamebook_player_stats set minutes = '4x:10' where {ONE_ROW}"),
        breaks("active_players_have_minutes", f"update nbac_gamebook_player_stats set minutes = null where {ONE_ROW}"),
        breaks("box_score_adds_up", f"update nbac_gamebook_player_stats set points = points + 1 where {ONE_ROW}"),
        breaks("team_minutes_add_up", f"update nbac_gamebook_player_stats set minutes = '01:00' where {ONE_ROW}"),
        breaks(
            "within_accepted_range",
            f"update nbac_gamebook_player_stats set minutes = '71:00' where {ONE_ROW}",
        ),
        breaks(
            "no_conflicting_duplicates",
            f"""
            insert into nbac_gamebook_player_stats
            select * replace (points + 1 as points, free_throws_made + 1 as free_throws_made,
            free_throws_attempted + 1 as free_throws_attempted)
            from nbac_gamebook_player_stats where {ONE_ROW}
            """,
        ),
        breaks(
            "did_not_play_without_minutes",
            f"update nbac_gamebook_player_stats set player_status = 'dnp' where {ONE_ROW}",
        ),
        breaks(
            "accepted_values",
            f"update nbac_gamebook_player_stats set player_status = 'questionable' where {ONE_ROW}",
        ),
        breaks(
            "assert_no_game_on_two_dates",
            f"""
            create temp table copied as
            select min(game_id) as game_id from nbac_gamebook_player_stats where {ACTIVE}
            """,
            """
            insert into bdl_player_boxscores
            select * replace (game_date + 40 as game_date) from bdl_player_boxscores
            where game_id in (select game_id from copied)
            """,
        ),
        breaks(
            "null_rate",
            f"""
            update nbac_gamebook_player_stats
            set player_status = 'inactive', minutes = null, points = null
            where game_date between '{WEEK[0]}' and '{WEEK[1]}'
            and hash(player_lookup) % 10 != 0
            """,
        ),
    ],
)
def test_broken_raw_data_fails_its_test_and_never_reaches_the_summary(
    demo: Warehouse, fails: str, statements: tuple[str, ...]
) -> None:
    before = demo.summary()
    demo.execute(*statements)

    # All of its dates: a second date of a game, outside of the week, makes none of them stale.
    built = demo.cli("run", "--start-date", WEEK[0], "--end-date", WEEK[1], "--no-resume")

    assert built.code == 1, built.output
    assert f"\n{fails}" in built.output, built.output
    assert "the table holds what it held before" in built.output
    assert demo.summary() == before


def test_a_summary_that_fits_passes_its_tests(demo: Warehouse) -> None:
    tested = demo.dbt("test", "--exclude", "resource_type:unit_test", window=WEEK)
    assert tested.code == 0, tested.output


@pytest.mark.parametrize(
    ("fails", "statements"),
    [
        breaks(
            "unique_key_player_game_summary",
            "insert into player_game_summary select * from player_game_summary limit 1",
        ),
        breaks(
            "active_players_have_minutes_player_game_summary",
            "update player_game_summary set minutes_played = null where rowid = "
            "(select min(rowid) from player_game_summary where is_active)",
        ),
        breaks(
            "box_score_adds_up_player_game_summary",
            "update player_game_summary set points = points + 1 where rowid = "
            "(select min(rowid) from player_game_summary where is_active)",
        ),
        breaks(
            "rows_match_source_keys_player_game_summary",
            "delete from nbac_gamebook_player_stats where (game_date, player_lookup) in "
            "(select game_date, player_lookup from player_game_summary where not has_bdl_boxscores limit 1)",
        ),
        breaks(
            "assert_every_raw_row_is_accounted_for",
            f"delete from nbac_gamebook_player_stats where {ONE_ROW}",
        ),
        breaks(
            "assert_every_raw_row_is_accounted_for",
            "insert into bdl_player_boxscores "
            "select * replace (null::date as game_date) from bdl_player_boxscores limit 1",
        ),
    ],
)
def test_a_summary_that_no_longer_fits_fails_its_test(demo: Warehouse, fails: str, statements: tuple[str, ...]) -> None:
    demo.execute(*statements)

    tested = demo.dbt("test", "--exclude", "resource_type:unit_test", window=WEEK)

    assert tested.code == 1
    assert "FAIL" in tested.output
    assert any(fails in line and "FAIL" in line for line in tested.output.splitlines()), tested.output


def test_rows_far_from_the_baseline_warn(demo: Warehouse) -> None:
    variables = f"{{start_date: '{WEEK[0]}', end_date: '{WEEK[1]}', baseline_rows: %s}}"
    rows = len(demo.summary())
    for baseline, warned in ((rows, False), (round(rows * 1.01), False), (round(rows * 1.05), True)):
        tested = demo.dbt(
            "test", "--select", "row_count_near_baseline_player_game_summary_", "--vars", variables % baseline
        )
        assert tested.code == 0
        assert ("WARN 1" in tested.output) is warned, tested.output


@pytest.mark.parametrize(
    ("model", "statement"),
    [
        ("preflight_checks", "insert into nbac_gamebook_player_stats select * from nbac_gamebook_player_stats"),
        ("validation_checks", "update player_game_summary set universal_player_id = null"),
    ],
)
def test_a_check_that_does_not_pass_warns(demo: Warehouse, model: str, statement: str) -> None:
    for statements, warned in (((), 0), ((statement,), 1)):
        demo.execute(*statements)
        tested = demo.dbt("test", "--select", f"checks_pass_{model}_", window=WEEK)
        assert tested.code == 0, tested.output
        assert f"WARN={warned} ERROR=0" in tested.output

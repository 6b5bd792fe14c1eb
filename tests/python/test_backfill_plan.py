"""Every date says how it stands, whatever window one asks it in, and whatever was done to sources, summary and code."""

import shutil
from pathlib import Path

import pytest

from backfill_rig import done, game_days, incomplete, plan, run, run_accepting_losses
from conftest import WEEK, Warehouse

SEASON = ("2021-10-01", "2022-06-30")


@pytest.fixture
def copied(demo: Warehouse, tmp_path: Path) -> Warehouse:
    """The demo database with a project whose files are the test's own, to be changed."""
    own = Path(shutil.copytree(demo.project, tmp_path / "copied"))
    return Warehouse(own, own / demo.database.name)


def edit(warehouse: Warehouse, path: str, old: str, new: str) -> None:
    file = warehouse.project / path
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{path} has no {old!r}"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_window_that_was_written_is_complete_and_the_rest_is_missing(demo: Warehouse) -> None:
    planned = plan(demo, SEASON)
    in_week = {day for day in planned if WEEK[0] <= day <= WEEK[1]}
    assert len(in_week) > 4
    assert {planned[day] for day in in_week} == {"complete"}
    assert {planned[day] for day in planned.keys() - in_week} == {"missing"}


def test_a_date_says_the_same_from_whichever_window_one_looks(demo: Warehouse) -> None:
    """Moved games above all: a window of a day and one of a season find the same rows on the date."""
    moved = demo.query(
        """
        select distinct bdl.game_date, nbac.game_date
        from bdl_player_boxscores as bdl
        inner join nbac_gamebook_player_stats as nbac using (home_team_abbr, away_team_abbr, season_year)
        where bdl.game_date between '2021-12-01' and '2022-01-31' and bdl.game_date != nbac.game_date
        and bdl.game_date not in (
            select game_date from nbac_gamebook_player_stats as same_day
            where same_day.home_team_abbr = bdl.home_team_abbr and same_day.away_team_abbr = bdl.away_team_abbr
        )
        order by 1, 2 limit 2
        """
    )
    days = {str(day) for pair in moved for day in pair}
    assert len(days) > 2
    for day in days:
        run(demo, window=(day, day))
    planned = plan(demo, SEASON)
    assert {planned.get(day, "complete") for day in days} == {"complete"}
    assert {status for day, status in planned.items() if WEEK[0] <= day <= WEEK[1]} == {"complete"}


def test_windows_of_one_process_are_complete_for_another(demo: Warehouse) -> None:
    """The fingerprint of the code is that of the files, whatever dbt does to a parsed project that is used again."""
    ((before,),) = demo.query("select distinct code_fingerprint from backfill_ledger")
    window = ("2021-12-27", "2022-01-02")
    outcome = demo.cli("run", "--start-date", window[0], "--end-date", window[1], "--batch-days", "2")
    assert outcome.code == 0, outcome.output
    assert demo.query("select distinct code_fingerprint from backfill_ledger") == [(before,)]
    assert incomplete(plan(demo, (WEEK[0], window[1]))) == {}


def test_a_changed_source_makes_its_date_stale_and_no_other(demo: Warehouse) -> None:
    corrected, deleted, emptied, added, *_ = game_days(demo)
    demo.execute(
        f"""
        update nbac_gamebook_player_stats set assists = assists + 1, processed_at = processed_at + interval 1 day
        where rowid = (
            select min(rowid) from nbac_gamebook_player_stats
            where game_date = '{corrected}' and player_status = 'active'
        )
        """,
        f"""
        delete from bdl_player_boxscores where rowid = (
            select min(rowid) from bdl_player_boxscores where game_date = '{deleted}'
        )
        """,
        *(
            f"delete from {table} where game_date = '{emptied}'"
            for table in ("nbac_gamebook_player_stats", "bdl_player_boxscores")
        ),
        f"""
        insert into nbac_gamebook_player_stats by name
        select * replace ('Some One' as player_name, 'someone' as player_lookup) from nbac_gamebook_player_stats
        where game_date = '{added}' and player_status = 'inactive' limit 1
        """,
    )
    found = {corrected: "stale", deleted: "stale", emptied: "stale", added: "partial"}
    assert incomplete(plan(demo)) == found
    run(demo)
    assert incomplete(plan(demo)) == {emptied: "held back"}
    run_accepting_losses(demo)
    after = plan(demo)
    assert incomplete(after) == {}
    assert emptied not in after
    assert emptied not in game_days(demo)


def test_the_same_rows_loaded_again_change_nothing(demo: Warehouse) -> None:
    demo.execute(
        "update nbac_gamebook_player_stats set processed_at = processed_at + interval 30 day",
        "create table again as select * from bdl_player_boxscores order by hash(player_lookup)",
        "delete from bdl_player_boxscores",
        "insert into bdl_player_boxscores by name select * from again",
    )
    assert incomplete(plan(demo)) == {}


def test_a_changed_summary_makes_its_date_partial(demo: Warehouse) -> None:
    deleted, changed, emptied, unlogged, *_ = game_days(demo)
    for change, day in (
        ("delete from player_game_summary", deleted),
        ("update player_game_summary set assists = coalesce(assists, 0) + 1", changed),
    ):
        demo.execute(f"{change} where rowid = (select min(rowid) from player_game_summary where game_date = '{day}')")
    demo.execute(
        f"delete from player_game_summary where game_date = '{emptied}'",
        f"delete from backfill_ledger where game_date = '{unlogged}'",
    )
    found = {deleted: "partial", changed: "partial", emptied: "missing", unlogged: "outdated"}
    assert incomplete(plan(demo)) == found
    run(demo)
    assert incomplete(plan(demo)) == {}


def test_a_new_alias_makes_the_dates_stale_on_which_it_is_used(copied: Warehouse) -> None:
    ((player, full_name),) = copied.query(
        """
        select player_lookup, any_value(player_full_name) from player_game_summary
        where universal_player_id is not null group by 1
        having count(distinct game_date) between 2 and 3 order by 1 limit 1
        """
    )
    nickname = f"the{player}"
    for table, name in (("nbac_gamebook_player_stats", "player_name"), ("bdl_player_boxscores", "player_full_name")):
        copied.execute(
            f"update {table} set player_lookup = '{nickname}', {name} = 'The ' || {name} "
            f"where player_lookup = '{player}' and game_date between '{WEEK[0]}' and '{WEEK[1]}'"
        )
    run(copied)
    used = {
        str(day)
        for (day,) in copied.query(
            f"select distinct game_date from player_game_summary where player_lookup = '{nickname}'"
        )
    }
    assert len(used) > 1, full_name
    assert incomplete(plan(copied)) == {}
    with (copied.project / "seeds" / "player_aliases.csv").open("a", encoding="utf-8") as aliases:
        aliases.write(f"{nickname},{player},\n")
    done(copied.dbt("seed"))
    assert incomplete(plan(copied)) == dict.fromkeys(used, "stale")


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("models/intermediate/int_player_games.sql", "from merged\n", "from merged where true\n"),
        ("models/staging/bdl/stg_bdl__player_boxscores.sql", "upper(trim(team_abbr))", "upper(team_abbr)"),
        ("macros/box_score.sql", "'%coach%'", "'%coaches%'"),
        ("macros/summary.sql", "'sources_disagree', ", ""),
        ("macros/dialect.sql", "r'^(?:{{ pattern }})$'", "r'^{{ pattern }}$'"),
    ],
    ids=["model", "upstream model", "macro", "macro of a macro", "macro for another engine"],
)
def test_other_code_makes_every_date_outdated(copied: Warehouse, path: str, old: str, new: str) -> None:
    edit(copied, path, old, new)
    assert set(plan(copied).values()) == {"outdated"}


def test_comments_descriptions_and_layout_are_no_code(copied: Warehouse) -> None:
    edit(copied, "models/intermediate/int_player_games.sql", "-- Per player, never per field:", "-- By player:")
    edit(copied, "models/intermediate/int_player_games.sql", "player_rows as (\n", "player_rows as ( /* here */\n\n\n")
    edit(copied, "models/marts/player_game_summary.sql", "with\n", "{# What readers read. #}\nwith -- all of it\n")
    edit(copied, "models/marts/player_game_summary.yml", "description: Whether the player played.", "description: It.")
    edit(copied, "macros/box_score.sql", "{# Minutes by which", "{# The minutes by which")
    edit(copied, "macros/box_score.sql", "abs({{ team_minutes }} - 240", "abs( {{team_minutes}}\n- 240")
    assert incomplete(plan(copied)) == {}

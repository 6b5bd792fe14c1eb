"""Names that the registry doesn't know are listed, given an alias, and only their dates are done again."""

import csv
import json
import shutil
from io import StringIO
from pathlib import Path

import pytest

from conftest import WEEK, Warehouse
from nba_backfill.errors import ProjectError
from nba_backfill.warehouse.players import Candidate, add_alias, candidates

RANGE = ("--start-date", WEEK[0], "--end-date", WEEK[1])


@pytest.fixture
def league(demo: Warehouse, tmp_path: Path) -> Warehouse:
    """A week that is done, in a project whose seeds nobody else reads."""
    own = Path(shutil.copytree(demo.project, tmp_path / "copied"))
    warehouse = Warehouse(own, own / demo.database.name)
    assert warehouse.cli("run", *RANGE).code == 0
    return warehouse


def test_an_alias_makes_its_dates_stale_and_the_name_known(league: Warehouse) -> None:
    listed = league.cli("players", "unresolved", "--csv")
    assert listed.code == 0, listed.output
    names = list(csv.DictReader(StringIO(listed.output)))
    assert {name["player_lookup"] for name in names} == {
        name for (name,) in league.query("select distinct player_lookup from unresolved_player_names")
    }
    unknown = names[0]["player_lookup"]
    dates = [
        str(day)
        for (day,) in league.query(
            f"select distinct game_date from player_game_summary where player_lookup = '{unknown}' order by 1"
        )
    ]
    ((registered,),) = league.query(
        "select min(player_lookup) from stg_nba_reference__players_registry where player_lookup not in "
        f"(select player_lookup from player_game_summary where game_date between '{WEEK[0]}' and '{WEEK[1]}')"
    )

    added = league.cli("players", "alias", unknown.upper(), registered, "--reason", "not found")

    assert added.code == 0, added.output
    assert f"{len(dates)} dates to run again" in added.output
    assert added.output.splitlines()[-1] == f"nba-backfill run --start-date {dates[0]} --end-date {dates[-1]}"
    seed = league.project / "seeds" / "player_aliases.csv"
    assert f"{unknown},{registered},not found\n" in seed.read_text(encoding="utf-8")
    # Though nothing has loaded the seed yet.
    tried = league.cli("run", *RANGE, "--dry-run")
    assert f"stale: {len(dates)} dates" in tried.output
    planned = json.loads(league.cli("plan", *RANGE, "--json").output)
    assert [day["game_date"] for day in planned["dates"] if day["to_do"]] == dates
    assert league.cli("run", *RANGE).code == 0
    assert not league.query(f"select 1 from unresolved_player_names where player_lookup = '{unknown}'")
    who = league.cli("players", "alias", unknown)
    assert who.code == 2
    assert "Say who is meant" in who.output
    again = league.cli("players", "alias", unknown, registered)
    assert "as it did already" in again.output


def test_the_dates_of_unresolved_players_are_done(league: Warehouse) -> None:
    dates = {
        str(day)
        for (day,) in league.query("select game_date from player_game_summary where universal_player_id is null")
    }
    planned = json.loads(league.cli("plan", *RANGE, "--dates-of-unresolved", "--json").output)
    assert {day["game_date"] for day in planned["dates"] if day["to_do"]} == dates != set()


def test_what_an_alias_cannot_mean(league: Warehouse) -> None:
    before = (league.project / "seeds" / "player_aliases.csv").read_bytes()
    ((registered, other),) = league.query(
        "select min(player_lookup), max(player_lookup) from stg_nba_reference__players_registry"
    )
    for alias, canonical, sentence in (
        ("some nickname", f"{registered}x", f"Did you mean {registered}"),
        ("some nickname", "nobody at all", "knows no player nobodyatall"),
        (other, registered, "is a registered player"),
        ("R.J. Nembhard Jr.", registered, "is an alias of rubennembhardjr already"),
        ("!", registered, "needs letters"),
    ):
        outcome = league.cli("players", "alias", alias, canonical)
        assert outcome.code == 2, outcome.output
        assert sentence in outcome.output
    assert (league.project / "seeds" / "player_aliases.csv").read_bytes() == before


def test_who_may_be_meant_is_told_with_what_speaks_for_it() -> None:
    no_lines = {"games_together": None, "equal_lines": None, "contradictions": None, "example_game_id": None}
    teammates = [
        {"registered_lookup": "nahshawnhyland", **no_lines},
        {"registered_lookup": "boneshyland", "games_together": 3, "equal_lines": 2, "contradictions": 0}
        | {"example_game_id": "20211025_CLE_DEN"},
        {"registered_lookup": "montemorris", "games_together": 3, "equal_lines": 1, "contradictions": 2}
        | {"example_game_id": "20211026_DEN_UTA"},
        {"registered_lookup": "nikolajokic", **no_lines},
        {"registered_lookup": None, **no_lines},
    ]
    assert candidates("nahshonhyland", teammates) == [
        Candidate("boneshyland", "2 of 3 lines equal, 20211025_CLE_DEN"),
        Candidate("montemorris", "1 of 3 lines equal, 20211026_DEN_UTA, 2 contradict"),
        Candidate("nahshawnhyland", "a like name"),
    ]


def test_a_seed_that_a_spreadsheet_has_written_keeps_its_rows(tmp_path: Path) -> None:
    seed = tmp_path / "player_aliases.csv"
    seed.write_bytes(b"\xef\xbb\xbfplayer_alias,player_lookup,reason\r\none,first,known\r\n")
    assert add_alias(seed, "two", "second", {"first", "second"}, "also known")
    assert seed.read_text(encoding="utf-8").splitlines() == [
        "player_alias,player_lookup,reason",
        "one,first,known",
        "two,second,also known",
    ]


def test_a_seed_with_other_columns_is_left_alone(tmp_path: Path) -> None:
    seed = tmp_path / "player_aliases.csv"
    seed.write_text("alias;lookup\none;first\n", encoding="utf-8")
    with pytest.raises(ProjectError, match="The first line of the seed .* must be player_alias,player_lookup,reason"):
        add_alias(seed, "two", "second", {"second"})
    assert seed.read_text(encoding="utf-8") == "alias;lookup\none;first\n"

"""The real box scores of 2021-22 and 2022-23 against the NBA's own log. Runs where they are beside the checkout."""

import re
from pathlib import Path

import pytest

from conftest import Warehouse

BOTH_SEASONS = ("--start-date", "2021-10-01", "--end-date", "2023-06-30")
STATISTICS = ("points", "total_rebounds", "assists", "steals", "blocks", "turnovers")


@pytest.fixture(scope="module")
def real(real_data: Path, project: Path, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Both seasons, backfilled by the command that a user would give."""
    warehouse = Warehouse(project, tmp_path_factory.mktemp("real") / "nba.duckdb")
    loaded = warehouse.cli("load-raw", str(real_data / "raw"))
    assert loaded.code == 0, loaded.output
    done = warehouse.cli("run", *BOTH_SEASONS)
    assert done.code == 0, done.output
    assert "638 days: 425 dates to do, 213 left alone" in done.output
    again = warehouse.cli("run", *BOTH_SEASONS)
    assert "nothing to do" in again.output, again.output
    return warehouse


@pytest.fixture(scope="module")
def official(real: Warehouse, real_data: Path) -> Warehouse:
    """The NBA's log beside the summary, each player-game with the row of the same player, date and team."""
    log = real_data / "truth" / "nba_official_player_logs_2021.parquet"
    real.execute(
        f"""
        create view official as
        select
            log.*,
            summary.player_lookup is not null as is_found,
            summary.minutes_played - log.minutes as minutes_off,
            summary.player_status,
            summary.minutes_played,
            {", ".join(f"summary.{name} as summary_{name}" for name in STATISTICS)}
        from read_parquet('{log}') as log
        left join player_game_summary as summary using (game_date, player_lookup, team_abbr)
        """
    )
    return real


def test_every_official_player_game_has_exactly_one_row(official: Warehouse) -> None:
    assert official.query("select count(*), count(*) filter (is_found) from official") == [(27_931, 27_931)]


def test_statistics_equal_the_official_ones_in_all_but_one(official: Warehouse) -> None:
    official_names = {"total_rebounds": "rebounds"}
    equal = " and ".join(f"summary_{name} = {official_names.get(name, name)}" for name in STATISTICS)
    assert official.query(f"select count(*) from official where {equal}") == [(27_930,)]
    assert official.query(
        f"select player_lookup, game_date::varchar, player_status, minutes_played, minutes from official "
        f"where ({equal}) is not true"
    ) == [("markieffmorris", "2022-04-26", "dnp", None, 0)]


def test_minutes_are_the_official_whole_minutes(official: Warehouse) -> None:
    within = "select count(*) from official where abs(minutes_off) <= {}"
    assert official.query(within.format(0.51)) == [(27_925,)]
    assert official.query(within.format(0.75)) == [(27_930,)]


def test_no_key_stands_twice_and_no_game_on_two_dates(real: Warehouse) -> None:
    assert real.query(
        "select season_year, count(*) - count(distinct (game_date, player_lookup, team_abbr)), count(distinct game_id) "
        "from player_game_summary group by 1 order by 1"
    ) == [(2021, 0, 1_323), (2022, 0, 1_320)]


def test_a_game_has_the_official_score_and_its_overtimes(official: Warehouse) -> None:
    """Minutes of the log are whole ones, so a team's are off by a few."""
    team_games = (
        "(select game_date, team_abbr, sum(minutes) as minutes, sum(points) as points from official group by all)"
    )
    assert official.query(
        f"""
        select
            count(*), count(*) filter (home.points = nbac_home_points and away.points = nbac_away_points),
            count(*) filter (abs(home.minutes - 240 - 25 * overtimes) < 7), count(*) filter (overtimes > 0)
        from games
        inner join {team_games} as home on games.game_date = home.game_date and home_team_abbr = home.team_abbr
        inner join {team_games} as away on games.game_date = away.game_date and away_team_abbr = away.team_abbr
        """
    ) == [(1_317, 1_317, 1_317, 59)]
    # Of some games balldontlie lacks lines, and its score too.
    ((scored, too_low),) = official.query(
        "select count(bdl_home_points), count(*) filter (bdl_home_points < nbac_home_points - 2) from games"
    )
    assert (scored, too_low) == (2_432, 6)


def test_every_named_gamebook_row_is_in_and_only_players_that_it_lacks_beside_it(real: Warehouse) -> None:
    assert real.query(
        "select season_year, count(*) filter (has_nbac_gamebook), count(*) filter (not has_nbac_gamebook) "
        "from player_game_summary group by 1 order by 1"
    ) == [(2021, 44_762, 5), (2022, 43_652, 18)]
    assert real.query("select exclusion_reason, count(*) from excluded_box_score_rows group by 1") == [
        ("no_player_name", 15)
    ]
    # The gamebook lists these games without the name, or without the player.
    assert real.query(
        "select player_lookup, team_abbr, count(*) from player_game_summary where not has_nbac_gamebook "
        "group by 1, 2 order by 1"
    ) == [
        ("djstewartjr", "SAS", 1),
        ("donovanwilliams", "ATL", 5),
        ("garyclark", "NOP", 1),
        ("iboubadji", "POR", 6),
        ("jaredharper", "NOP", 1),
        ("keatonwallace", "LAC", 2),
        ("rjhampton", "ORL", 4),
        ("robertwoodardii", "SAS", 1),
        ("xaviercooks", "WAS", 1),
        ("xaviermoon", "LAC", 1),
    ]  # fmt: skip


def test_second_names_are_linked_by_the_box_scores(real: Warehouse) -> None:
    assert real.query(
        "select season_year, team_abbr, source_player_lookup, player_lookup, games_together, equal_lines, "
        "contradictions from player_links where is_linked order by 3, 1, 2"
    ) == [
        (2021, "ATL", "cameronreddish", "camreddish", 33, 33, 0),
        (2021, "NYK", "cameronreddish", "camreddish", 15, 15, 0),
        (2022, "NYK", "cameronreddish", "camreddish", 20, 20, 0),
        (2022, "POR", "cameronreddish", "camreddish", 20, 20, 0),
        (2021, "DAL", "charlesbrown", "charliebrownjr", 3, 3, 0),
        (2021, "PHI", "charlesbrown", "charliebrownjr", 12, 12, 0),
        (2021, "BOS", "eneskanter", "enesfreedom", 35, 35, 0),
        (2021, "HOU", "kenyonmartinjr", "kjmartin", 79, 79, 0),
        (2022, "HOU", "kenyonmartinjr", "kjmartin", 82, 82, 0),
        (2021, "NOP", "marcoslouzadasilva", "didilouzada", 2, 2, 0),
        (2021, "POR", "marcoslouzadasilva", "didilouzada", 7, 7, 0),
        (2021, "DEN", "nahshonhyland", "boneshyland", 74, 74, 0),
        (2022, "DEN", "nahshonhyland", "boneshyland", 42, 42, 0),
        (2022, "LAC", "nahshonhyland", "boneshyland", 19, 19, 0),
        (2021, "BKN", "nicolasclaxton", "nicclaxton", 52, 52, 0),
        (2022, "BKN", "nicolasclaxton", "nicclaxton", 80, 79, 0),
        (2021, "CLE", "trescott", "trevonscott", 1, 1, 0),
    ]  # fmt: skip


def test_the_gamebook_is_right_about_lebron_james(real: Warehouse) -> None:
    ((minutes, points, source, disagreement),) = real.query(
        "select minutes_played::varchar, points, primary_source_used, sources_disagree from player_game_summary "
        "where player_lookup = 'lebronjames' and game_date = '2022-03-05'"
    )
    assert (minutes, points, source) == ("38.55", 56, "nbac_gamebook")
    assert disagreement.startswith("minutes, points, assists")


def test_a_player_whom_two_teams_list_keeps_both_rows(real: Warehouse) -> None:
    assert real.query(
        "select team_abbr, player_status from player_game_summary where player_lookup = 'mobamba' "
        "and game_date = '2023-02-09' order by 1"
    ) == [("LAL", "inactive"), ("ORL", "dnp")]


def test_minutes_are_null_for_those_who_did_not_play_and_nobody_else(real: Warehouse) -> None:
    shares = real.query(
        "select season_year, 100.0 * count(*) filter (minutes_played is null) / count(*), "
        "count(*) filter (is_active and minutes_played is null) from player_game_summary group by 1"
    )
    assert all(36 <= share <= 38 and lost == 0 for _, share, lost in shares)


def test_a_single_window_gives_what_the_weeks_gave(real: Warehouse) -> None:
    by_weeks = real.summary()
    assert real.dbt("run", "--select", "+player_game_summary", window=("2021-10-01", "2023-06-30")).code == 0
    assert real.summary() == by_weeks


def test_preflight_passes_both_sources_where_a_naive_count_would_have_stopped(real: Warehouse) -> None:
    outcome = real.cli("preflight", *BOTH_SEASONS)
    assert outcome.code == 0, outcome.output
    for source, of_all in (("nbac_gamebook", ["37.3 %", "36.5 %"]), ("bdl_boxscores", ["0.0 %", "0.0 %"])):
        _, _, facts = outcome.output.partition(f"{source}: fine\n")
        shown: dict[str, list[str]] = {}
        for line in facts.splitlines():
            label, *figures = re.split(" {2,}", line.strip())
            shown.setdefault(label, figures)
        assert shown["share without"] == ["0.0 %", "0.0 %"]
        assert shown["NULL in the whole table"] == of_all
    # In balldontlie a blank and a zero are two ways to say that someone did not play.
    assert (shown["empty minutes"], shown["zero minutes"]) == (["709", "0"], ["5,345", "15,921"])


def test_the_sample_week_is_as_expected(real: Warehouse) -> None:
    before = real.summary()
    outcome = real.cli("sample")
    assert outcome.code == 0, outcome.output
    shares = [float(share) for share in re.findall(r"2022-01-1\d +\d+ +\d+ +(\d+\.\d) % +fine", outcome.output)]
    assert len(shares) == 7
    assert all(34 <= share <= 41 for share in shares)
    assert "37.7 % of the rows have no minutes: as expected." in outcome.output
    assert real.summary() == before


def test_validation_passes_both_seasons_and_shows_any_game(real: Warehouse) -> None:
    outcome = real.cli("validate", *BOTH_SEASONS, "--game", "2021-10-19", "GSW", "LAL")
    assert outcome.code == 0, outcome.output
    assert "2021-10-01..2023-06-30: ready. All " in outcome.output
    assert re.search(r"null minutes share, 2021 +37.34 % .* excellent", outcome.output)
    assert re.search(r"null minutes share, 2022 +36.48 % .* excellent", outcome.output)
    assert "20211019_GSW_LAL  GSW: 121 points" in outcome.output
    assert "20211019_GSW_LAL  LAL at home: 114 points" in outcome.output
    assert "https://www.basketball-reference.com/boxscores/202110190LAL.html" in outcome.output


def test_the_game_of_the_old_runbook_was_not_played(real: Warehouse) -> None:
    outcome = real.cli("report", "--game", "2022-01-18", "LAL", "GSW")
    assert outcome.code == 2, outcome.output
    assert "LAL and GSW did not play each other on 2022-01-18" in outcome.output
    assert "2021-10-19 (20211019_GSW_LAL), 2022-02-12 (20220212_LAL_GSW), 2022-03-05" in outcome.output

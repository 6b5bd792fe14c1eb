"""Preflight, sample week, validation and report as commands: what they print, what they write, how they end."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from conftest import WEEK, Warehouse
from nba_backfill.loop.lock import prepare
from nba_backfill.warehouse.engine import Engine
from nba_backfill.windows import parse_window

RANGE = ("--start-date", WEEK[0], "--end-date", WEEK[1])
MONTH = ("--start-date", "2022-01-01", "--end-date", "2022-01-31")
VERDICT = Path("logs/backfill/player_game_summary_verdict.json")


@pytest.fixture
def work(demo: Warehouse) -> Warehouse:
    return demo


def verdict(work: Warehouse) -> dict[str, Any]:
    said: dict[str, Any] = json.loads((work.project / VERDICT).read_text(encoding="utf-8"))
    return said


def test_preflight_says_what_there_is_and_what_a_run_would_take(work: Warehouse) -> None:
    outcome = work.cli("preflight", *MONTH)
    assert outcome.code == 0, outcome.output
    for source, table in (("nbac_gamebook", "nbac_gamebook_player_stats"), ("bdl_boxscores", "bdl_player_boxscores")):
        _, _, facts = outcome.output.partition(f"\n{source}: fine\n")
        shown: dict[str, str] = {}
        for label, figure in re.findall(r"^ +(\S.*?) {2,}(\S.*?) *$", facts, re.MULTILINE):
            shown.setdefault(label, figure)
        ((rows,),) = work.query(f"select count(*) from {table} where game_date between '2022-01-01' and '2022-01-31'")
        # balldontlie keeps the date from before a postponement.
        within = 1 if source == "nbac_gamebook" else 0.95
        assert within * rows <= int(shown["rows"].replace(",", "")) <= rows / within
        assert shown["first date"] == "2022-01-01"
        assert shown["share without"] == "0.0 %"
    assert "a run would do 31 dates in 1 windows, in about" in outcome.output
    assert "a guess, for there was no run yet" in outcome.output


def test_a_run_refuses_what_preflight_stops_unless_it_is_forced(work: Warehouse) -> None:
    before = work.summary()
    work.execute(
        "delete from nbac_gamebook_player_stats where game_date between '2022-01-01' and '2022-01-31'",
        # There balldontlie alone is far off the score, which would hold the date back.
        "delete from bdl_player_boxscores where game_id = '20220108_CHA_BKN'",
    )
    raw_table = '"nba"."nba_raw"."nbac_gamebook_player_stats"'
    for command, sentence in (
        ("preflight", f"no row of 2022-01-01..2022-01-31 in the raw table {raw_table}."),
        ("run", "missing source rows, nbac_gamebook 2021: 100.00 %"),
    ):
        refused = work.cli(command, *MONTH)
        assert refused.code == 3, refused.output
        assert sentence in refused.output
        assert "`dbt show --select raw_seasons --limit 100` lists what there is" in refused.output
    assert work.summary() == before

    forced = work.cli("run", *MONTH, "--batch-days", "31", "--force")

    assert forced.code == 0, forced.output
    assert work.summary() > before
    assert verdict(work)["verdict"] == "blocked"
    assert verdict(work)["reason"].startswith("games in one source: 100.00 %")


@pytest.mark.parametrize("statement", ["delete from {}", "drop table {}"])
def test_a_table_without_rows_and_one_that_is_not_there_are_named(work: Warehouse, statement: str) -> None:
    work.execute(statement.format("nba_raw.bdl_player_boxscores"))
    outcome = work.cli("preflight", *MONTH)
    assert outcome.code == 3, outcome.output
    assert "bdl_player_boxscores" in outcome.output
    listing = re.search(r"--inline \"(select .*?)\"`", outcome.output)
    assert listing, outcome.output
    assert ("nba_raw", "nbac_gamebook_player_stats") in work.query(listing[1])


def test_a_range_without_a_row_names_both_tables_and_how_to_list_what_there_is(work: Warehouse) -> None:
    outcome = work.cli("preflight", "--start-date", "2020-01-01", "--end-date", "2020-02-01")
    assert outcome.code == 3, outcome.output
    assert "nbac_gamebook_player_stats" in outcome.output
    assert "bdl_player_boxscores" in outcome.output
    assert "no row of 2020-01-01..2020-02-01 in the raw table" in outcome.output
    shown = work.dbt("show", "--select", "raw_seasons", "--limit", "100")
    assert shown.code == 0, shown.output
    assert "2021" in shown.output


def test_the_sample_is_always_fresh_and_shows_players(work: Warehouse) -> None:
    outcome = work.cli("sample", *RANGE)
    assert outcome.code == 0, outcome.output
    first, second = outcome.output.split("most minutes", 1)
    for day, rows, nulls in work.query(
        "select game_date, count(*), count(*) - count(minutes_played) from player_game_summary group by 1"
    ):
        assert re.search(rf"{day} +{rows} +{nulls} +{100 * nulls / rows:.1f} % +fine", first), first
    assert len(re.findall(rf"{WEEK[0][:7]}-\d\d .* nbac_gamebook", second)) == 20
    assert second.count("NULL") >= 10
    assert "of the rows have no minutes: as expected." in outcome.output
    written = work.query("select min(processed_at), max(run_id) from backfill_ledger")

    again = work.cli("sample", *RANGE)

    assert again.code == 0, again.output
    assert work.query("select min(processed_at), max(run_id) from backfill_ledger")[0] > written[0]


@pytest.mark.parametrize(
    ("copies", "sentence"), [(2, "more than expected. But not on 2021-12-20"), (8, "keeps what it held of them")]
)
def test_a_sample_with_too_few_who_played_fails(work: Warehouse, copies: int, sentence: str) -> None:
    """The gate lets so many players out of uniform pass."""
    work.execute(
        "insert into nbac_gamebook_player_stats select * exclude (letter) "
        "replace (letter || player_lookup as player_lookup, letter || player_name as player_name) "
        f"from nbac_gamebook_player_stats, (select chr(97 + range::int) as letter from range({copies})) "
        f"where game_date between '{WEEK[0]}' and '{WEEK[1]}' and player_lookup is not null "
        "and player_status = 'inactive'"
    )
    outcome = work.cli("sample", *RANGE, "--force")
    assert outcome.code == 1, outcome.output
    assert sentence in outcome.output.splitlines()[-1]


def test_validation_writes_a_verdict_to_wait_for(work: Warehouse) -> None:
    ready = work.cli("validate", *RANGE)
    assert ready.code == 0, ready.output
    said = verdict(work)
    assert (said["verdict"], said["start_date"], said["end_date"]) == ("ready", *WEEK)
    assert {check["verdict"] for check in said["checks"]} <= {"excellent", "fine", "not measured"}
    share = next(check for check in said["checks"] if check["name"] == "null_minutes_share")
    ((expected,),) = work.query(
        "select round(100.0 * (count(*) - count(minutes_played)) / count(*), 2) from player_game_summary"
    )
    assert share["figure"] == pytest.approx(float(expected))
    assert share["threshold"] == "below 45 %"

    few = work.cli("validate", *RANGE, "--expected-rows", "83534")
    assert few.code == 1, few.output
    assert verdict(work)["verdict"] == "blocked"
    assert verdict(work)["reason"].startswith("row count deviation: ")

    # The verdict of before must not outlive a validation that can't be made.
    work.execute("drop table nba_raw.bdl_player_boxscores")
    assert work.cli("validate", *RANGE).code == 3
    assert verdict(work)["verdict"] == "blocked"


def test_a_spot_check_shows_the_game_or_says_when_the_two_played(work: Warehouse) -> None:
    ((game_id, day),) = work.query("select min(game_id), min(game_date) from player_game_summary")
    _, away, home = game_id.split("_")
    outcome = work.cli("validate", *RANGE, "--game", str(day), home.lower(), away)
    assert outcome.code == 0, outcome.output
    for team in (away, home):
        ((points,),) = work.query(
            f"select sum(points) from player_game_summary where game_id = '{game_id}' and team_abbr = '{team}'"
        )
        assert re.search(rf"{game_id}  {team}( at home)?: {points} points", outcome.output)
    assert f"https://www.basketball-reference.com/boxscores/{str(day).replace('-', '')}0" in outcome.output

    other = work.cli("validate", *RANGE, "--game", "2022-03-01", home, away)
    assert other.code == 2, other.output
    assert f"{home} and {away} did not play each other on 2022-03-01" in other.output
    assert game_id in other.output
    assert verdict(work)["verdict"] == "ready"


def test_a_run_ends_with_a_report_and_tells_who_wants_to_know(work: Warehouse) -> None:
    told: list[dict[str, Any]] = []

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing to say."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"json://user:secret@127.0.0.1:{server.server_port}/"
        done = work.cli("run", *RANGE, "--no-resume", "--notify", url)
        work.execute("update nbac_gamebook_player_stats set minutes = '4x:10' where minutes is not null")
        failed = work.cli("run", *RANGE, "--notify", url)
    finally:
        server.shutdown()
    assert done.code == 0, done.output
    (path,) = re.findall(r"^report: (.*)$", done.output, re.MULTILINE)
    for suffix in (".html", ".md", ".json"):
        assert (work.project / path).with_suffix(suffix).stat().st_size > 1000
    assert failed.code == 3, failed.output
    first, second = (f"{message['title']} {message['message']}" for message in told)
    assert "done" in first
    assert f"Verdict: {verdict(work)['verdict']}" in first
    assert path in first
    assert "failed" in second
    assert "unreadable source minutes" in second
    everything = done.output + failed.output
    for file in (work.project / "logs").rglob("*"):
        everything += file.read_text(encoding="utf-8") if file.is_file() else ""
    assert "secret" not in everything

    report = work.cli("report")
    assert report.code == 0, report.output
    assert f"report: {path}" in report.output
    unknown = work.cli("report", "20200101_000000_1")
    assert unknown.code == 2
    assert "nba-backfill runs" in unknown.output


def test_a_url_that_nobody_understands_is_refused_without_repeating_it(work: Warehouse) -> None:
    outcome = work.cli("run", *RANGE, "--notify", "nonsense://token-of-mine@somewhere")
    assert outcome.code == 2, outcome.output
    assert "token-of-mine" not in outcome.output


def test_the_verdict_reads_anew_what_changed_under_the_run(work: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(work.project)
    monkeypatch.setenv("NBA_DUCKDB_PATH", str(work.database))
    engine = Engine(work.project, None, "a-test-run")
    prepare(engine)

    def is_recalled_after(*statements: str) -> bool:
        engine.read_sources(parse_window(*WEEK))
        read_by = engine.rows_built_by
        engine.forget_sources()
        engine.close()
        work.execute(*statements)
        engine.recall_sources(parse_window(*WEEK))
        return engine.rows_built_by == read_by

    assert is_recalled_after()
    for statement in (
        f"update bdl_player_boxscores set points = points + 1 where game_date = '{WEEK[0]}'",
        f"delete from nbac_gamebook_player_stats where game_date = '{WEEK[1]}'",
        # Nothing of the week, but of its season, which tells games and players apart.
        f"delete from bdl_player_boxscores where game_date = date '{WEEK[1]}' + 9",
        "delete from nba_players_registry where player_lookup = (select min(player_lookup) from nba_players_registry)",
        "insert into player_aliases select player_alias || 'x', player_lookup, reason from player_aliases",
        "update quality_thresholds set error_above = 1 where error_above is not null",
    ):
        assert not is_recalled_after(statement), statement
    assert is_recalled_after()
    engine.close()

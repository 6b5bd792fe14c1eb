"""What was done is logged, one run may write at a time, and what it replaced can be put back."""

import json
from datetime import date

from backfill_rig import TABLES, contents, done, game_days, incomplete, operate, plan, run
from conftest import WEEK, Warehouse

AWKWARD = "it's {{ not }} Jinja {% nor %} \\ SQL:\n\"'; drop table x -- é 🏀"

# As a correction of the clock would: no rule finds it.
ANOTHER_SECOND = (
    "update nbac_gamebook_player_stats set minutes = split_part(minutes, ':', 1) || ':' || "
    "lpad((split_part(minutes, ':', 2)::int + 1)::text, 2, '0') where minutes like '%:%' and minutes not like '%:59'"
)


# Not all of them: a date on which nobody sat out is held back.
SAT_OUT = "player_status <> 'active' and hash(player_lookup) % 4 > 0"


def test_a_failure_counts_until_the_date_is_written(demo: Warehouse) -> None:
    first, second, *_ = game_days(demo)
    failure = {"event_name": "window failed", "run_id": "a run", "start_date": first, "end_date": second}
    done(operate(demo, "log_event", details=AWKWARD, process_id=7, host_name="here", **failure))
    assert incomplete(plan(demo)) == {first: "failed", second: "failed"}
    reasons = {row["failed_reason"] for row in demo.rows("backfill_plan", WEEK) if row["status"] == "failed"}
    assert reasons == {AWKWARD}
    run(demo, window=(first, first))
    assert incomplete(plan(demo)) == {second: "failed"}
    run(demo)
    assert incomplete(plan(demo)) == {}


def test_what_a_run_did_is_put_back_row_by_row(demo: Warehouse) -> None:
    before = contents(demo)
    keys = "select game_date, player_lookup, team_abbr from player_game_summary"
    keys_before = set(demo.query(keys))
    done(operate(demo, "keep_range", run_id="wrong"))
    first, second, third, *_ = game_days(demo)
    demo.execute(
        f"{ANOTHER_SECOND} and game_date = '{first}'",
        f"delete from nbac_gamebook_player_stats where game_date = '{second}' and {SAT_OUT}",
        f"insert into nbac_gamebook_player_stats by name select * replace (null as player_name, null as player_lookup) "
        f"from nbac_gamebook_player_stats where game_date = '{third}' and player_status = 'inactive' limit 5",
    )
    run(demo)
    wrong = contents(demo)
    # The gate has found nothing before or after.
    assert all(wrong[table] != before[table] for table in TABLES if table != "gate_findings")
    changes = demo.dbt(
        "show",
        "--select",
        "run_changes",
        "--output",
        "json",
        "--vars",
        json.dumps({"start_date": WEEK[0], "end_date": WEEK[1], "kept_run": "wrong"}),
    ).output
    (figures,) = json.loads(changes[changes.index("{\n") :])["show"]
    keys_after = set(demo.query(keys))
    assert figures["rows_added"] == len(keys_after - keys_before)
    assert figures["rows_removed"] == len(keys_before - keys_after) > 0
    assert figures["rows_changed"] > 50

    done(operate(demo, "roll_back", (first, first), run_id="wrong"))
    for table, rows in contents(demo).items():
        in_part = [row for row in rows if row[0] == date.fromisoformat(first)]
        assert in_part == [row for row in before[table] if row[0] == date.fromisoformat(first)], table
        assert [row for row in rows if row not in in_part] == [
            row for row in wrong[table] if row[0] != date.fromisoformat(first)
        ], table

    done(operate(demo, "roll_back", run_id="wrong", host_name="here", process_id=7))
    assert contents(demo) == before
    assert demo.query("select status from backfill_runs") == [("rolled back",)]
    assert incomplete(plan(demo)) == {first: "stale", second: "stale", third: "stale"}


def test_what_a_run_has_lost_is_no_baseline(demo: Warehouse) -> None:
    """Done once more, the loss is found with the rows that were there before it, until it is made good."""
    first, second, *_ = game_days(demo)
    rows = dict(demo.query("select game_date, count(*) from player_game_summary group by 1"))
    baselines = "select game_date, row_count from backfill_baselines where run_id = '{}' order by 1"
    expected = sorted(rows.items())

    def do(run_id: str) -> None:
        done(operate(demo, "keep_range", run_id=run_id))
        run(demo)
        demo.execute(f"update backfill_ledger set run_id = '{run_id}'")
        assert demo.query(baselines.format(run_id)) == expected

    def verdict() -> str:
        checks = demo.rows("validation", (first, first))
        return next(check["verdict"] for check in checks if check["check_name"] == "row_count_deviation")

    do("right")
    demo.execute(
        f"create table nba_raw.lost as from nbac_gamebook_player_stats where game_date = '{first}' and {SAT_OUT}",
        f"delete from nbac_gamebook_player_stats where game_date = '{first}' and {SAT_OUT}",
        f"{ANOTHER_SECOND} and game_date = '{second}'",
    )
    do("lossy")
    do("again")
    assert verdict() == "careful"
    demo.execute("insert into nbac_gamebook_player_stats from nba_raw.lost")
    do("mended")
    assert verdict() == "fine"


def test_the_first_run_can_be_undone(demo: Warehouse) -> None:
    """Before it there was no table, so what is put back is nothing."""
    demo.execute(*(f"drop table {table}" for table in TABLES))
    done(operate(demo, "keep_range", run_id="first"))
    run(demo)
    assert len(demo.summary()) > 1000
    done(operate(demo, "roll_back", run_id="first"))
    assert contents(demo) == {table: [] for table in TABLES}
    assert set(plan(demo).values()) == {"missing"}


def test_only_what_was_kept_can_be_put_back(demo: Warehouse) -> None:
    before = contents(demo)
    done(operate(demo, "keep_range", (WEEK[0], "2021-12-22"), run_id="short"))
    beyond = operate(demo, "roll_back", run_id="short")
    assert beyond.code == 1
    assert "Run short kept 2021-12-20..2021-12-22, so 2021-12-20..2021-12-26 can not be put back" in beyond.output
    unknown = operate(demo, "roll_back", run_id="unknown")
    assert unknown.code == 1
    assert "Run unknown can not be rolled back" in unknown.output
    assert operate(demo, "roll_back", run_id="a'b").code == 1
    assert contents(demo) == before


def test_a_roll_back_that_breaks_changes_nothing(demo: Warehouse) -> None:
    done(operate(demo, "keep_range", run_id="kept"))
    demo.execute(ANOTHER_SECOND)
    run(demo)
    before = contents(demo)
    demo.execute("alter table nba_analytics_kept.backfill_ledger__kept rename column game_count to other_count")
    assert operate(demo, "roll_back", run_id="kept").code == 1
    assert contents(demo) == before


def test_old_copies_go_by_count_and_by_age(demo: Warehouse) -> None:
    for run_id in ("one", "two", "three", "stopped"):
        done(operate(demo, "keep_range", run_id=run_id))
        if run_id != "stopped":
            done(operate(demo, "log_event", run_id=run_id, event_name="run finished"))
    kept = "select table_name from duckdb_tables() where schema_name = 'nba_analytics_kept' order by 1"
    done(operate(demo, "drop_kept", keep_count=2, days=1))
    assert demo.query(kept) == sorted(
        (f"{table}__{run_id}",) for table in TABLES for run_id in ("stopped", "two", "three")
    )
    demo.execute("update backfill_events set event_at = event_at - interval 2 day where run_id = 'two'")
    done(operate(demo, "drop_kept", keep_count=2, days=1))
    assert demo.query(kept) == sorted((f"{table}__{run_id}",) for table in TABLES for run_id in ("stopped", "three"))
    kept_until = "select run_id from backfill_runs where kept_until is not null order by 1"
    assert demo.query(kept_until) == [("stopped",), ("three",)]


def test_one_run_has_the_lock(demo: Warehouse) -> None:
    ann: dict[str, object] = {
        "run_id": "first",
        "token": "a1",
        "holder": "ann",
        "host_name": "here",
        "boot_id": "b",
        "process_id": 7,
    }
    bob: dict[str, object] = {**ann, "run_id": "second", "token": "b2", "holder": "bob"}
    # Of an earlier version, whose lock had no token.
    demo.execute("alter table backfill_lock drop column token", "alter table backfill_lock drop column boot_id")
    done(operate(demo, "take_lock", **ann))
    # Again, because the answer was lost.
    done(operate(demo, "take_lock", **ann))
    done(operate(demo, "renew_lock", token="a1"))
    refused = operate(demo, "take_lock", **bob)
    assert refused.code == 1
    assert "The lock is held by run first of ann, process 7 on here, since 20" in refused.output
    assert operate(demo, "take_lock", **{**ann, "token": "another"}).code == 1, "the same run twice"
    assert operate(demo, "renew_lock", token="b2").code == 1
    done(operate(demo, "release_lock", token="b2"))
    assert demo.query("select run_id from backfill_lock") == [("first",)]

    done(operate(demo, "take_lock", dead_token="a1", **bob))
    lost = operate(demo, "renew_lock", token="a1")
    assert lost.code == 1
    assert "held by run second of bob" in lost.output

    demo.execute("update backfill_lock set alive_at = alive_at - interval 31 minute")
    done(operate(demo, "take_lock", **ann))
    done(operate(demo, "release_lock", token="a1"))
    assert demo.query("select * from backfill_lock") == [(None,) * 8]
    done(operate(demo, "take_lock", **bob))
    run(demo, "--select", "backfill_lock")
    assert demo.query("select run_id from backfill_lock") == [("second",)]


def test_an_operation_that_is_done_again_is_written_down_once(demo: Warehouse) -> None:
    """As nba-backfill does it where the answer of a statement was lost."""
    values = json.dumps({"start_date": WEEK[0], "end_date": WEEK[1], "operation_id": "x"})
    arguments = ("--args", json.dumps({"run_id": "twice", "days": 30, "host_name": "here", "process_id": 7}))
    before = contents(demo)
    for _ in range(2):
        done(demo.dbt("run-operation", "begin_run", *arguments, "--vars", values))
    events = "select event_name, count(*) from backfill_events where run_id = 'twice' group by 1 order by 1"
    assert demo.query(events) == [("range kept", 1), ("run started", 1)]
    assert demo.query("select count(*), count(distinct game_date) from backfill_baselines where run_id = 'twice'") == [
        (len(game_days(demo)), len(game_days(demo)))
    ]
    for _ in range(2):
        done(demo.dbt("run-operation", "roll_back", "--args", json.dumps({"run_id": "twice"}), "--vars", values))
    assert contents(demo) == before
    assert ("rolled back", 1) in demo.query(events)


def test_a_full_refresh_of_a_table_is_refused(demo: Warehouse) -> None:
    before = contents(demo)
    for command in (("run",), ("build", "--select", "+player_game_summary"), ("run", "--select", "backfill_events")):
        refused = demo.dbt(*command, "--full-refresh", window=("2022-01-03", "2022-01-03"))
        assert refused.code == 2
        assert "--full-refresh would replace all that nba_analytics." in refused.output
        assert "allow_full_refresh: true" in refused.output
    assert contents(demo) == before
    done(demo.dbt("seed", "--full-refresh"))

    demo.execute("drop table backfill_ledger")
    run(demo, "--select", "+backfill_ledger")
    assert contents(demo).keys() == before.keys()

    day = game_days(demo)[0]
    allowed = json.dumps({"start_date": day, "end_date": day, "allow_full_refresh": True})
    done(demo.dbt("run", "--full-refresh", "--vars", allowed))
    assert game_days(demo) == [day]
    assert demo.query("select distinct game_date from player_game_summary") == [(date.fromisoformat(day),)]

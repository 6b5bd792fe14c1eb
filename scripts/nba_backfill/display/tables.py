"""The tables that the commands print."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table

from nba_backfill.display.terminal import printable, say
from nba_backfill.warehouse.checks import Check, of_source
from nba_backfill.warehouse.plan import Plan

if TYPE_CHECKING:
    from nba_backfill.bigquery.client import Bill

TIB = 1024**4
# A pipe has no width of its own, and a script wants whole lines.
WIDTH_OF_A_PIPE = 200
FIGURES = (
    *("dates", "games", "rows", "windows", "failed", "added", "removed", "changed", "bytes billed"),
    *("NULL", "NULL share", "figure"),
    *("players", "minutes", "points", "rebounds", "assists", "FG", "3P", "FT"),
)

Row = Mapping[str, Any]


def print_table(columns: Collection[str], rows: Iterable[Sequence[str]], *, figures: bool = False) -> None:
    """A table whose columns of figures are right-justified: those that FIGURES names, or all but the first."""
    table = Table(*columns, box=box.SIMPLE_HEAD)
    for place, column in enumerate(table.columns):
        column.justify = "right" if column.header in FIGURES or (figures and place) else "left"
    for row in rows:
        table.add_row(*map(printable, row))
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = WIDTH_OF_A_PIPE
    console.print(table)


def whole(value: Any) -> str:
    """A count with its thousands apart, nothing for NULL."""
    return "" if value is None else f"{int(value):,}"


def percent(value: Any) -> str:
    """A share, nothing for NULL."""
    return "" if value is None else f"{float(value):.1f} %"


def text(value: Any) -> str:
    """What it is, nothing for NULL."""
    return "" if value is None else str(value)


def minute(moment: Any) -> str:
    """A time to the minute, nothing for NULL."""
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def minutes(value: Any) -> str:
    """Minutes with two decimals, and the word NULL for NULL."""
    return "NULL" if value is None else f"{float(value):.2f}"


def headline(plan: Plan) -> str:
    """What a run of the plan would do, in a line."""
    windows = f"windows of {plan.batch_days} days" if plan.batch_days else "a window a season"
    return (
        f"backfill of {plan.window}, {plan.window.days:,} days: {len(plan.chosen):,} dates to do, "
        f"{sum(plan.left_alone.values()):,} left alone; {windows}"
    )


def print_plan(plan: Plan, bill: Bill | None = None, price_per_tib: float = 0) -> None:
    """The plan: dates by what there is to do about them, and the windows, with their bytes where they are known."""
    say(headline(plan))
    for why, days in plan.to_do.items():
        say(
            f"  {why}: {len(days):,} dates, {sum(day.games for day in days):,} games, "
            f"{sum(day.rows for day in days):,} rows"
        )
    for status, dates in plan.left_alone.items():
        say(f"  {status}, left alone: {dates:,} dates")
    if not plan.batches:
        say("nothing to do")
        return
    print_table(
        ["window", "dates", "games", "rows", "why", *(["bytes billed"] if bill else [])],
        [
            [
                str(batch.window),
                whole(len(batch.days)),
                whole(batch.games),
                whole(batch.rows),
                ", ".join(batch.why),
                *([whole(bill.windows[batch.window])] if bill else []),
            ]
            for batch in plan.batches
        ],
    )
    if bill:
        say(f"{bill.sources:,} bytes billed to read the sources, once for all windows")
        say(price(bill.total, price_per_tib))


def price(billed: int, price_per_tib: float) -> str:
    """Bytes and what they cost, in the currency of the rate."""
    return f"{billed:,} bytes billed in all, {billed / TIB * price_per_tib:,.2f} at {price_per_tib:g} per TiB"


def print_sources(seasons: Iterable[Row], checks: Sequence[Check]) -> None:
    """Each source's verdict, what there is to say of it, and what it has of each season, usable or not."""
    rows = list(seasons)
    for source, verdict, bad in of_source(checks):
        of = [row for row in rows if row["source_name"] == source]
        judged = "active players" if source == "nbac_gamebook" else "all players"
        facts: list[tuple[str, str, Callable[[Any], str]]] = [
            ("rows", "row_count", whole),
            ("games", "game_count", whole),
            ("games that only this source has", "games_only_here", whole),
            ("first date", "first_date", text),
            ("last date", "last_date", text),
            ("dates with rows", "date_count", whole),
            ("dates inside the season without", "dates_without_rows", whole),
            ("  that nothing explains", "unexplained_dates", whole),
            ("last written, UTC", "source_processed_at", minute),
            (f"minutes of {judged}", "judged_rows", whole),
            ("  NULL", "null_minutes", whole),
            ("  not readable", "unparseable_minutes", whole),
            ("  share without", "unreadable_minutes_pct", percent),
            ("NULL in the whole table", "null_minutes_pct_of_all", percent),
            ("empty minutes", "empty_minutes", whole),
            ("zero minutes", "zero_minutes", whole),
            ("duplicate rows", "duplicate_rows", whole),
            ("rows without a key", "unusable_rows", whole),
            ("rows of unregistered players", "unregistered_rows", whole),
            ("game ids turned round", "turned_round_games", whole),
        ]
        say(f"{source}: {verdict}")
        for check in bad:
            say(f"  {check.verdict}: {check}")
        print_table(
            ["", *(season(row["season_year"]) for row in of)],
            [[label, *(show(row[name]) for row in of)] for label, name, show in facts],
            figures=True,
        )


def print_seasons(seasons: Iterable[Row]) -> None:
    """What the summary holds of each season."""
    print_table(
        ["season", "dates", "games", "rows", "NULL", "NULL share"],
        [
            [
                season(row["season_year"]),
                whole(row["date_count"]),
                whole(row["game_count"]),
                whole(row["row_count"]),
                whole(row["null_minutes"]),
                percent(row["null_pct"]),
            ]
            for row in seasons
        ],
    )


def print_checks(checks: Iterable[Check]) -> None:
    """The checks with their figures."""
    print_table(
        ["check", "figure", "should be", "verdict", "where"],
        [[check.label, check.value, check.threshold, check.verdict, check.example or ""] for check in checks],
    )


def print_sample(days: Iterable[Row], starters: Iterable[Row], absent: Iterable[Row]) -> None:
    """The days of a sample, the players with most minutes, and the first who did not play."""
    print_table(
        ["date", "players", "NULL", "NULL share", "verdict"],
        [
            [
                str(row["game_date"] or "all"),
                whole(row["player_count"]),
                whole(row["null_count"]),
                percent(row["null_pct"]),
                row["verdict"],
            ]
            for row in days
        ],
    )
    say("most minutes: starters play 30 to 42")
    print_table(
        ["date", "player", "team", "against", "minutes", "points", "source"],
        [
            [
                str(row["game_date"]),
                row["player_full_name"] or "",
                row["team_abbr"],
                row["opponent_team_abbr"],
                minutes(row["minutes_played"]),
                whole(row["points"]),
                row["primary_source_used"],
            ]
            for row in starters
        ],
    )
    say("did not play: their minutes are NULL, as they should be")
    print_table(
        ["date", "player", "team", "minutes", "reason"],
        [
            [
                str(row["game_date"]),
                row["player_full_name"] or "",
                row["team_abbr"],
                minutes(row["minutes_played"]),
                row["dnp_reason"] or "",
            ]
            for row in absent
        ],
    )


def print_box_score(rows: Sequence[Row]) -> None:
    """A game's box score, each team with its points, and where the public one is."""
    for team in dict.fromkeys(row["team_abbr"] for row in rows):
        of_team = [row for row in rows if row["team_abbr"] == team]
        total = sum(int(row["points"] or 0) for row in of_team)
        say(f"{rows[0]['game_id']}  {team}{' at home' if of_team[0]['is_home'] else ''}: {total:,} points")
        print_table(
            [
                "player",
                "status",
                "minutes",
                "points",
                "rebounds",
                "assists",
                "FG",
                "3P",
                "FT",
                "source",
                "sources disagree",
            ],
            [
                [
                    row["player_full_name"] or "",
                    row["dnp_reason"] or row["player_status"],
                    minutes(row["minutes_played"]),
                    whole(row["points"]),
                    whole(row["total_rebounds"]),
                    whole(row["assists"]),
                    *(
                        "" if row[f"{shot}_makes"] is None else f"{row[f'{shot}_makes']}-{row[f'{shot}_attempts']}"
                        for shot in ("fg", "three_pt", "ft")
                    ),
                    row["primary_source_used"],
                    row["sources_disagree"] or "",
                ]
                for row in of_team
            ],
        )
    say(f"the public box score: {rows[0]['public_page']}")


def season(year: Any) -> str:
    """A season by its two years."""
    return f"{int(year)}-{(int(year) + 1) % 100:02d}"

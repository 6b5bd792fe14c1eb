"""The report as files: JSON, Markdown, and one HTML page with its charts."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from nba_backfill.display.tables import season
from nba_backfill.records.files import write_whole
from nba_backfill.warehouse.checks import BAD, SEVERITY

# A table with more rows is folded up.
LONG = 30
NOTHING = "\N{EN DASH}"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Report:
    """What there is to say about a range. All that is shown of it is in `data`, which is plain JSON."""

    data: dict[str, Any]

    def to_json(self) -> str:
        """For scripts."""
        return json.dumps(self.data, indent=2, ensure_ascii=False) + "\n"

    def to_markdown(self) -> str:
        """For a chat, a pull request, a wiki."""
        return _template("report.md.jinja").render(self.data)

    def to_html(self) -> str:
        """For people: one file that needs nothing else."""
        drawn = {name: Markup(svg) for name, svg in _draw(self.data).items()}  # noqa: S704 - drawn here, from figures
        return _template("report.html.jinja").render(self.data, charts=drawn, LONG=LONG)

    def write(self, stem: Path) -> Path:
        """Write stem.html, stem.md and stem.json, each in one step. Returns the first. Raises ProjectError."""
        for suffix, text in ((".json", self.to_json()), (".md", self.to_markdown()), (".html", self.to_html())):
            path = stem.with_name(stem.name + suffix)
            write_whole(path, text, "report")
        return path


def load_charts() -> ModuleType:
    """What draws the charts, with the plotting library, which takes its time."""
    # Where it can't keep its list of fonts, the plotting library says so at once. Nothing comes of it.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    from nba_backfill.display import charts

    return charts


def _draw(data: dict[str, Any]) -> dict[str, str]:
    """The charts of which there is something to draw."""
    charts = load_charts()
    drawn = {}
    shares = [
        charts.MonthShare(date.fromisoformat(f"{row['month']}-01"), row["null_pct"], row["null_pct_before"])
        for row in data["months"]
    ]
    limits = [check["warn_above"] for check in data["checks"]["summary"] if check["name"] == "null_minutes_share"]
    steps = [
        charts.Step(datetime.fromisoformat(window["happened_at"]), window["dates_done"], window["outcome"] == "done")
        for window in data["windows"]
    ]
    if steps and data["run"]["started_at"]:
        steps.insert(0, charts.Step(datetime.fromisoformat(data["run"]["started_at"]), 0, is_done=True))
    kinds = [(_words(row["kind"]), row["row_count"]) for row in data["disagreements"]]
    for shape in (charts.WIDE, charts.NARROW):
        if shares:
            drawn[f"null_shares_{shape.name}"] = charts.null_shares(shares, limits[0] if limits else None, shape)
        if steps:
            drawn[f"progress_{shape.name}"] = charts.progress(steps, shape)
        if kinds:
            drawn[f"disagreements_{shape.name}"] = charts.counts_by_kind(kinds, shape)
    return drawn


def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("nba_backfill.display"),
        autoescape=name.endswith(".html.jinja"),  # Markdown has rules of its own: the filters cell, code and fenced.
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., object]] = {
        "whole": lambda value: NOTHING if value is None else f"{value:,}",
        "percent": lambda value: NOTHING if value is None else f"{value:,.2f} %",
        "minutes": lambda value: NOTHING if value is None else f"{value:.2f}",
        "month": lambda value: f"{date.fromisoformat(value + '-01'):%b %Y}",
        "moment": lambda value: f"{datetime.fromisoformat(value):%Y-%m-%d %H:%M} UTC" if value else NOTHING,
        "second": lambda value: f"{datetime.fromisoformat(value):%Y-%m-%d %H:%M:%S} UTC" if value else NOTHING,
        "duration": _duration,
        "season": season,
        "words": _words,
        "sentence": lambda text: text[:1].upper() + text[1:],
        "worst": _worst_of_each,
        "failing": _failing,
        "cell": _cell,
        # In code nothing can be escaped, so what would end it goes.
        "code": lambda text: f"`{_line(text).replace('`', '').replace('|', '')}`",
        "fenced": lambda text: _line(text).replace("```", ""),
    }
    environment.filters.update(filters)
    return environment.get_template(name)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _cell(value: object) -> str:
    """A text for a cell of a Markdown table, in which it means nothing but itself."""
    text = _line(value)
    for letter in "\\`*[]|":
        text = text.replace(letter, f"\\{letter}")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _line(value: object) -> str:
    return "" if value is None else " ".join(str(value).split())


def _worst_of_each(checks: Sequence[Row]) -> list[Row]:
    """Of each check the scope where it is worst, in the checks' order."""
    names = dict.fromkeys(check["name"] for check in checks)

    def badness(check: Row) -> tuple[int, float]:
        return SEVERITY.index(check["verdict"]), check["figure"] or 0.0

    return [max((check for check in checks if check["name"] == name), key=badness) for name in names]


def _failing(checks: Sequence[Row]) -> list[Row]:
    """Those that don't pass, the worst first: the first of them is what the verdict gives as its reason."""
    return sorted(
        (check for check in checks if check["verdict"] in BAD), key=lambda check: -SEVERITY.index(check["verdict"])
    )


def _duration(run: Row) -> str:
    """From its start to its end, in hours, minutes and seconds."""
    if not run["started_at"] or not run["ended_at"]:
        return NOTHING
    lasted = datetime.fromisoformat(run["ended_at"]) - datetime.fromisoformat(run["started_at"])
    return str(timedelta(seconds=round(lasted.total_seconds())))

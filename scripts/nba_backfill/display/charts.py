"""The report's charts, as SVG to be put into its page: no script, no font of its own, the page's colours."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from io import StringIO
from typing import Any
from xml.etree import ElementTree

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

# The plotting library knows colours and the page knows themes, so each of these becomes a variable of the page's CSS.
INK, MUTED, GRID, BAR, BEFORE, BAD = "#010101", "#020202", "#030303", "#040404", "#050505", "#060606"
VARIABLES = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    GRID: "var(--line)",
    BAR: "var(--accent)",
    BEFORE: "var(--before)",
    BAD: "var(--bad)",
}
STYLE: dict[Any, Any] = {
    # Text that stays text takes the page's font. Of that only the size is kept.
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.size": 12,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "xtick.major.pad": 7,
    "ytick.major.size": 0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.edgecolor": MUTED,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 1,
    "figure.constrained_layout.w_pad": 0.02,
    "figure.constrained_layout.h_pad": 0.06,
}
DOTS_PER_INCH = 72
SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"
NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
# What the name of a month needs, and how far under the axis a year stands. CSS pixels.
MONTH_WIDTH = 30
YEAR_BELOW = 24
# The lowest top of the scale in percent, so that one report looks like the next.
LOWEST_TOP = 60
# The shortest time that the axis shows, and how long a run's clock needs seconds, and no dates.
SHORTEST = timedelta(seconds=10)
WITH_SECONDS = timedelta(minutes=10)
WITHOUT_DATES = timedelta(hours=20)


@dataclass(frozen=True)
class Shape:
    """Width and height in CSS pixels, for a page of that width or more. Its name is part of the ids in the chart."""

    name: str
    width: int
    height: int


WIDE = Shape("wide", 880, 300)
NARROW = Shape("narrow", 330, 280)


@dataclass(frozen=True)
class MonthShare:
    """A month's rows without minutes in percent: now, and before the runs where that is known."""

    month: date
    now: float | None
    before: float | None


@dataclass(frozen=True)
class Step:
    """A window that a run has tried: when, how many dates were done by then, and whether it was this one's."""

    at: datetime
    dates_done: int
    is_done: bool


def null_shares(months: Sequence[MonthShare], warn_above: float | None, shape: Shape) -> str:
    """Columns of the share of rows without minutes by month, with dots for what it was before."""

    def draw(axes: Axes) -> None:
        places = _places([share.month for share in months])
        axes.bar(places, [share.now or 0.0 for share in months], width=0.62, color=BAR, linewidth=0)
        for place, share in zip(places, months, strict=True):
            if share.before is not None:
                axes.plot([place] * 2, [share.now or 0.0, share.before], color=BEFORE, linewidth=1.5)
                axes.plot(place, share.before, "o", color=BEFORE, markersize=7, markeredgewidth=0, clip_on=False)
        if warn_above is not None:
            axes.axhline(warn_above, color=MUTED, linewidth=1.25, dashes=(5, 4))
        highest = max((value for share in months for value in (share.now, share.before) if value), default=0.0)
        top = 100 if highest > LOWEST_TOP else LOWEST_TOP
        axes.set(ylim=(0, top), yticks=range(0, top + 1, 20), xlim=(-0.7, max(5.0, *places) + 0.7))
        axes.yaxis.set_major_formatter("{x:.0f} %")
        axes.grid(axis="y")
        _name_months(axes, places, [share.month for share in months], shape)

    return _svg(f"null-share-{shape.name}", "Rows without minutes in percent of all rows, by month", shape, draw)


def progress(steps: Sequence[Step], shape: Shape) -> str:
    """How many dates were done by when, and when windows failed or had to be tried again."""

    def draw(axes: Axes) -> None:
        end = max(steps[-1].at, steps[0].at + SHORTEST)
        times: list[Any] = [*(step.at for step in steps), end]
        counts = [*(step.dates_done for step in steps), steps[-1].dates_done]
        axes.fill_between(times, counts, step="post", color=BAR, alpha=0.14, linewidth=0)
        axes.step(times, counts, where="post", color=BAR, linewidth=2)
        for at, count, step in zip(times, counts, steps, strict=False):
            if not step.is_done:
                axes.plot(at, count, "X", color=BAD, markersize=9, markeredgewidth=0, clip_on=False)
        axes.set_ylim(0, max(1.0, max(counts) * 1.08))
        axes.set_xlim(times[0], times[-1])
        axes.xaxis.set_major_formatter(_clock(end - steps[0].at))
        if shape is NARROW:
            # A clock needs more room than the library thinks.
            axes.set(xlim=axes.get_xlim(), xticks=axes.get_xticks()[::3])
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.grid(axis="y")

    return _svg(f"progress-{shape.name}", "Dates done, over time in UTC", shape, draw)


def counts_by_kind(kinds: Sequence[tuple[str, int]], shape: Shape) -> str:
    """A bar for each kind, with its count."""

    def draw(axes: Axes) -> None:
        counts = [count for _, count in kinds]
        bars = axes.barh([kind for kind, _ in kinds], counts, height=0.62, color=BAR, linewidth=0)
        axes.bar_label(bars, [f"{count:,}" for count in counts], padding=5)
        axes.set(xlim=(0, max(counts) * 1.15), xticks=[], ylim=(len(kinds) - 0.5, -0.5))
        axes.spines["bottom"].set_visible(False)
        axes.tick_params(axis="y", labelcolor=INK)

    fitted = Shape(shape.name, min(shape.width, 600), 24 * len(kinds) + 12)
    return _svg(f"kinds-{shape.name}", "Rows in which the sources disagree, by what about", fitted, draw)


def _clock(lasted: timedelta) -> Callable[[float, float], str]:
    """How a time on the axis, in days since 1970, is written where the axis is so long."""
    pattern = "%H:%M:%S" if lasted < WITH_SECONDS else "%H:%M" if lasted < WITHOUT_DATES else "%d %b %H:%M"
    return lambda days, _: f"{datetime.fromtimestamp(round(days * 86400), timezone.utc):{pattern}}"


def _places(months: Sequence[date]) -> list[float]:
    """Where on the axis they stand: side by side, with a gap where months are missing between."""
    places: list[float] = []
    for month, previous in zip(months, [None, *months], strict=False):
        if previous is None:
            places.append(0.0)
        else:
            follows = (month.year - previous.year) * 12 + month.month - previous.month == 1
            places.append(places[-1] + (1.0 if follows else 1.6))
    return places


def _name_months(axes: Axes, places: Sequence[float], months: Sequence[date], shape: Shape) -> None:
    """Name as many months as there is room for, and the year under the first that is named of it."""
    span = max(6.0, *places) + 2
    step = max(1, round(0.45 + MONTH_WIDTH * span / (shape.width - 60)))
    named = list(zip(places, months, strict=True))[::step]
    axes.set_xticks([place for place, _ in named], [f"{month:%b}" for _, month in named])
    year = None
    for place, month in named:
        if month.year != year:
            year = month.year
            axes.annotate(
                str(year),
                (place, 0),
                xycoords=("data", "axes fraction"),
                xytext=(0, -YEAR_BELOW),
                textcoords="offset points",
                horizontalalignment="center",
                verticalalignment="top",
                color=MUTED,
            )


def _svg(name: str, title: str, shape: Shape, draw: Callable[[Axes], None]) -> str:
    """A drawing as an element of a page: with ids of its own, and the same bytes for the same figures."""
    text = StringIO()
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": name}):
        figure = Figure(
            (shape.width / DOTS_PER_INCH, shape.height / DOTS_PER_INCH), DOTS_PER_INCH, layout="constrained"
        )
        draw(figure.add_subplot())
        figure.savefig(text, format="svg", transparent=True, metadata=NO_METADATA)
    root = ElementTree.fromstring(re.sub(r"<!DOCTYPE[^>]*>", "", text.getvalue()))  # noqa: S314 - just written
    referred = set(re.findall(r'(?:url\(|href=")#([^")]+)', text.getvalue()))
    _prune(root)
    for element in root.iter():
        _adapt(element, name, referred)
    for unwanted in ("width", "height", "version"):
        root.attrib.pop(unwanted, None)
    root.attrib |= {"class": f"chart {name}", "role": "img", "aria-label": title}
    svg = ElementTree.tostring(root, encoding="unicode", short_empty_elements=True)
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour, variable)
    return re.sub(r"\n\s*", "\n", svg)


def _prune(parent: ElementTree.Element) -> None:
    """Drop what draws nothing, and the style sheet, which would be one of the whole page."""
    for child in list(parent):
        _prune(child)
        is_empty = not len(child) and child.tag in (f"{SVG}g", f"{SVG}defs")
        if is_empty or child.tag in (f"{SVG}metadata", f"{SVG}style"):
            parent.remove(child)


def _adapt(element: ElementTree.Element, name: str, referred: Collection[str]) -> None:
    """HTML knows SVG's elements without a namespace. Ids that nothing refers to go, the others get the chart's name."""
    element.tag = element.tag.removeprefix(SVG)
    attributes: dict[str, str] = {}
    for key, value in element.attrib.items():
        if key == "id":
            if value in referred:
                attributes[key] = f"{name}-{value}"
        elif key == f"{XLINK}href":
            attributes["href"] = value.replace("#", f"#{name}-")
        elif key == "style":
            attributes[key] = re.sub(
                r" *font-family: [^;]+;?", "", re.sub(r"font: ([0-9.]+px)[^;]*", r"font-size: \1", value)
            )
        else:
            attributes[key] = value.replace("url(#", f"url(#{name}-")
    element.attrib.clear()
    element.attrib.update(attributes)

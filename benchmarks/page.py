"""What came of it: a page in Markdown, the figures as JSON, and a picture."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jinja2
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter
from rich.console import Console
from rich.table import Table

from benchmarks import sqlmesh_peer
from benchmarks.contenders import Contender
from benchmarks.measure import Took
from benchmarks.reaches import Reach, executing, peak, reaches, seconds
from benchmarks.scale import COMMANDS, Behind

NAME = "benchmarks"
OURS, PEERS, LIGHT = "#b45309", "#4a6fa5", "#cbd5e1"


@dataclass(frozen=True)
class Results:
    """All that was measured, by contender and by seasons of history."""

    contenders: Mapping[str, Contender]
    took: Mapping[str, list[Took]]
    behind: Mapping[int, Behind]
    window: str
    rows: int
    minutes: float

    def reaches(self) -> list[Reach]:
        """What is to be shown."""
        return reaches(self.took, self.behind, self.rows)

    def of_contenders(self) -> list[list[str]]:
        """The lines of the table of contenders."""
        ours = self.took["ours"]
        lines = []
        for key, took in self.took.items():
            promises = self.contenders[key].promises
            memory = peak(took)
            lines.append(
                [
                    self.contenders[key].name + (f" ({took[0].remark})" if took[0].remark else ""),
                    f"{seconds(took):.1f}",
                    _spread([each.seconds for each in took]),
                    f"{seconds(took) / seconds(ours):.2f}",
                    f"{executing(took):.1f}",
                    _spread([each.executing for each in took]),
                    f"{executing(took) / executing(ours):.2f}",
                    f"{memory:,.0f}" if memory else "",
                    promises.gate,
                    promises.held_back,
                    promises.resume,
                    promises.rollback,
                ]
            )
        return lines

    def of_histories(self) -> list[list[str]]:
        """The lines of the table of histories: seconds and MiB of each command."""
        lines = []
        for key, name in COMMANDS.items():
            lines.append([name, *(_cost(each.took[key]) for each in self.behind.values())])
        backfills = [
            "its backfill",
            *(_cost([each.backfill]) if each.backfill else "" for each in self.behind.values()),
        ]
        return [*lines, backfills]

    def of_phases(self) -> list[list[str]]:
        """Where the time of our first and our last run went."""
        first, last = (self.took["ours"][at].phases for at in (0, -1))
        return [[name, f"{before:.1f}", f"{after:.1f}"] for (name, before), (_, after) in zip(first, last, strict=True)]

    def of_reaches(self) -> list[list[str]]:
        """The lines of what is to be shown."""
        return [
            [
                reach.name,
                "" if reach.figure is None else _figure(reach.figure, reach.unit),
                _figure(reach.limit, reach.unit),
                str(reach),
            ]
            for reach in self.reaches()
        ]


CONTENDERS = (
    "", "prompt to prompt, s", "spread", "ratio to us", "executing, s", "spread", "ratio to us", "peak MiB",
    "gate before publish", "held-back dates", "resume by content", "rollback",
)  # fmt: skip
REACHES = ("", "measured", "at most", "")
PHASES = ("", "first run, s", "last run, s")


def say(results: Results, console: Console) -> None:
    """Print the tables."""
    histories = _of_histories(results)
    for title, head, lines in [
        (f"{results.rows:,} rows of {results.window}", CONTENDERS, results.of_contenders()),
        ("where the time of nba-backfill goes", PHASES, results.of_phases()),
        ("behind a history, seconds and peak MiB", histories, results.of_histories()),
        ("to be shown", REACHES, results.of_reaches()),
    ]:
        table = Table(title=title, title_justify="left")
        for number, name in enumerate(head):
            table.add_column(name, justify="left" if number == 0 or number > 7 else "right")
        for line in lines:
            table.add_row(*line)
        console.print(table)
    console.print("Statements and bytes on BigQuery are counted by tests: docs/bigquery.md has them.")


def write(results: Results, directory: Path) -> list[Path]:
    """Write benchmarks.md, .json and .png into a directory. Returns them."""
    directory.mkdir(parents=True, exist_ok=True)
    page, figures, picture = (directory / f"{NAME}.{ending}" for ending in ("md", "json", "png"))
    figures.write_text(json.dumps(_figures(results), indent=1) + "\n")
    _draw(results).savefig(picture, dpi=110)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True, undefined=jinja2.StrictUndefined, autoescape=False,
    )  # fmt: skip
    template = environment.get_template("page.md.jinja")
    page.write_text(
        template.render(
            results=results,
            machine=_machine(),
            today=date.today(),  # noqa: DTZ011
            versions={"sqlmesh": sqlmesh_peer.version(), **_versions()},
            contenders=_markdown(CONTENDERS, results.of_contenders()),
            phases=_markdown(PHASES, results.of_phases()),
            histories=_markdown(_of_histories(results), results.of_histories()),
            reaches=_markdown(REACHES, results.of_reaches()),
        )
    )
    return [page, figures, picture]


def _figures(results: Results) -> dict[str, Any]:
    return {
        "window": results.window,
        "rows": results.rows,
        "machine": _machine(),
        "versions": {"sqlmesh": sqlmesh_peer.version(), **_versions()},
        "contenders": {
            key: {
                "name": results.contenders[key].name,
                **asdict(results.contenders[key].promises),
                "took": [asdict(each) for each in took],
            }
            for key, took in results.took.items()
        },
        "histories": {str(seasons): asdict(behind) for seasons, behind in results.behind.items()},
        "reaches": [{**asdict(reach), "is": str(reach)} for reach in results.reaches()],
    }


def _draw(results: Results) -> Figure:
    figure = Figure(figsize=(10, 8), layout="constrained")
    of_contenders, of_histories = figure.subplots(2, 1, height_ratios=(len(results.took), 8))
    _draw_contenders(of_contenders, results)
    _draw_histories(of_histories, results)
    return figure


def _draw_contenders(axes: Axes, results: Results) -> None:
    names = [results.contenders[key].name for key in results.took]
    whole = [seconds(took) for took in results.took.values()]
    windows = [executing(took) for took in results.took.values()]
    colours = [OURS if key.startswith("ours") else PEERS for key in results.took]
    axes.barh(names, whole, color=LIGHT, height=0.7, label="from prompt to prompt")
    axes.barh(names, windows, color=colours, height=0.4, label="executing the windows")
    for number, value in enumerate(whole):
        axes.annotate(f" {value:.1f} s", (value, number), va="center", fontsize=8)
    axes.set_xscale("log")
    axes.invert_yaxis()
    axes.set_title(f"{results.rows:,} rows, the same table from each; seconds, logarithmic", loc="left", fontsize=10)
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.set_xlim(right=2 * max(whole))
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8, frameon=False)


def _draw_histories(axes: Axes, results: Results) -> None:
    behind = list(results.behind.values())
    for key, name in COMMANDS.items():
        axes.plot(
            [each.seasons for each in behind], [seconds(each.took[key]) for each in behind], marker="o", label=name
        )
    axes.set_xscale("log")
    axes.set_xticks([each.seasons for each in behind], [str(each.seasons) for each in behind])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_title("seconds behind so many seasons of history", loc="left", fontsize=10)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8, frameon=False)


def _markdown(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rule = ["---"] + ["---:" if number < 8 else "---" for number in range(1, len(head))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *lines))


def _of_histories(results: Results) -> tuple[str, ...]:
    return ("", *(f"{seasons} season{'s' * (seasons > 1)}" for seasons in results.behind))


def _cost(took: Sequence[Took]) -> str:
    memory = peak(took)
    return f"{seconds(took):.1f} s, {memory:,.0f} MiB" if memory else f"{seconds(took):.1f} s"


def _spread(values: Sequence[float]) -> str:
    return f"{min(values):.1f} to {max(values):.1f}" if len(values) > 1 else "once"


def _figure(value: float, unit: str) -> str:
    return f"{value:,.0f} {unit}" if unit else f"{value:.2f}"


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("dbt-core", "dbt-duckdb", "duckdb")}

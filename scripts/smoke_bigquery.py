"""Try everything once on an empty BigQuery project: `make smoke-bigquery PROJECT=…`. Prints a table for an issue.

Three seasons of the demo league are loaded, checked, backfilled by three workers, done again in part, put back and
validated. It takes at most 15 minutes and reads at most 1 GiB, and takes away the datasets that it has made.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import click
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import bigquery

from demo_league import league
from nba_backfill.bigquery.client import BigQuery
from nba_backfill.loading import tables as raw
from nba_backfill.warehouse.project import read_profile

PROJECT = Path(__file__).resolve().parents[1]
DATASETS = ("nba_raw", "nba_reference", "nba_analytics", "nba_analytics_kept")
SECONDS = 15 * 60
BYTES = 1024**3
RANGE = ("--start-date", "2021-10-01", "--end-date", "2024-05-01")
SEASON = (*RANGE[:2], "--end-date", "2022-07-01")
STAGED = "nba_analytics.stg_nbac__gamebook_player_stats"
TYPES = {"bigint": "INT64", "double": "FLOAT64", "boolean": "BOOL"}


class Smoke:
    """The trial, and the rows of its table."""

    def __init__(self, project: str) -> None:
        os.environ |= {"NBA_TARGET": "bigquery", "NBA_BIGQUERY_PROJECT": project}
        self.started = time.monotonic()
        self.began = datetime.now(timezone.utc)
        self.rows: list[tuple[str, bool, str]] = []
        # As dbt and the command log in.
        self.client: bigquery.Client = BigQuery(read_profile(PROJECT, "bigquery").credentials).client

    def refuse_used_project(self) -> None:
        """Never touch what is not its own."""
        there = {dataset.dataset_id for dataset in self.client.list_datasets()} & {*DATASETS}
        if there:
            raise click.ClickException(
                f"The project {self.client.project} has {', '.join(sorted(there))}. These datasets are made and "
                "deleted here, so take a project without them."
            )

    @contextmanager
    def datasets(self) -> Iterator[None]:
        """The datasets, for as long as it takes."""
        made = []
        try:
            for name in DATASETS:
                self.client.create_dataset(name)
                made.append(name)
            yield
        finally:
            for name in made:
                self.client.delete_dataset(name, delete_contents=True, not_found_ok=True)

    def step(self, name: str, do: Callable[[], str]) -> None:
        """Do it, and note how it went. Nothing more is done once the time or the bytes are used up."""
        began = time.monotonic()
        is_well = False
        try:
            if self.seconds_left() <= 0 or self.read() > BYTES:
                said = "not done: the time or the bytes of this trial are used up"
            else:
                said, is_well = do(), True
        except (GoogleAPICallError, RuntimeError, subprocess.TimeoutExpired) as error:
            said = " ".join(str(error).split())[-200:]
        self.rows.append((name, is_well, f"{time.monotonic() - began:.0f} s. {said}"))
        click.echo(f"{'ok' if is_well else 'FAILED'}  {name}  {said}", err=True)

    def seconds_left(self) -> float:
        return SECONDS - (time.monotonic() - self.started)

    def jobs(self) -> list[bigquery.QueryJob]:
        found = self.client.list_jobs(min_creation_time=self.began, all_users=False)
        return [job for job in found if isinstance(job, bigquery.QueryJob)]

    def read(self) -> int:
        """Bytes that all queries have read by now, 0 where the server doesn't say."""
        try:
            return sum(job.total_bytes_processed or 0 for job in self.jobs())
        except GoogleAPICallError:
            return 0

    def load(self, games: int | None) -> str:
        """The demo league, or so many games of each season."""
        tables = league.generate(2021, 2023).tables
        said = []
        for table in raw.raw_tables(PROJECT):
            rows = tables[table.name]
            if games and "game_id" in rows.column_names:
                first: dict[int, set[str]] = {}
                seasons, names = (rows[name].to_pylist() for name in ("season_year", "game_id"))
                for season, game in sorted(set(zip(seasons, names, strict=True))):
                    if len(chosen := first.setdefault(season, set())) < games:
                        chosen.add(game)
                rows = rows.filter(pc.is_in(rows["game_id"], pa.array(set().union(*first.values()))))
            self._load(f"{self.client.project}.{table.schema}.{table.name}", table, rows)
            said.append(f"{rows.num_rows:,}")
        return f"{' + '.join(said)} rows"

    def _load(self, name: str, table: raw.RawTable, rows: pa.Table) -> None:
        names = [column.name for column in table.columns]
        types = [TYPES.get(column.data_type, column.data_type) for column in table.columns]
        columns = list(zip(names, types, strict=True))
        declared = ", ".join(map(" ".join, columns))
        partitions = " partition by game_date options (require_partition_filter = true)" if "game_date" in names else ""
        self.client.query(f"create table `{name}` ({declared}){partitions}").result()
        with tempfile.TemporaryFile() as file:
            pyarrow.csv.write_csv(rows.select(names), file)
            file.seek(0)
            config = bigquery.LoadJobConfig(
                source_format="CSV",
                skip_leading_rows=1,
                schema=[bigquery.SchemaField(*column) for column in columns],
                allow_quoted_newlines=True,
            )
            self.client.load_table_from_file(file, name, job_config=config).result()

    def prune(self) -> str:
        """Through the view, a day is a part of all."""
        read = []
        for condition in ("source_game_date = date '2022-01-10'", "source_game_date >= date '1946-11-01'"):
            query = f"select count(points) from {STAGED} where {condition}"  # noqa: S608 - both our own
            config = bigquery.QueryJobConfig(dry_run=True, use_query_cache=False)
            read.append(int(self.client.query(query, job_config=config).total_bytes_processed or 0))
        day, everything = read
        if everything and day * 20 > everything:
            raise RuntimeError(f"one day reads {day:,} bytes of {everything:,}: partitions are not pruned")
        return f"one day reads {day:,} bytes of {everything:,}"

    def command(self, *arguments: str, codes: Collection[int] = (0,)) -> str:
        """nba-backfill, and the last line that it prints. Raises RuntimeError where its exit code is another."""
        call = [sys.executable, "-m", "nba_backfill", *arguments]
        timeout = max(1.0, self.seconds_left())
        ended = subprocess.run(call, cwd=PROJECT, capture_output=True, text=True, timeout=timeout, check=False)  # noqa: S603
        lines = [line for line in (ended.stdout + ended.stderr).splitlines() if line.strip()]
        last = lines[-1].strip() if lines else ""
        if ended.returncode not in codes:
            raise RuntimeError(f"exit code {ended.returncode}: {last}")
        return last

    def table(self) -> str:
        """All of it, as Markdown."""
        lines = ["| step | | |", "|---|---|---|"]
        lines += [f"| {name} | {'ok' if is_well else '**failed**'} | {said} |" for name, is_well, said in self.rows]
        try:
            jobs = self.jobs()
            billed = sum(job.total_bytes_billed or 0 for job in jobs)
            lines.append(f"| {len(jobs)} queries | | {self.read():,} bytes read, {billed:,} billed |")
        except GoogleAPICallError:
            lines.append("| bytes | | the server doesn't say |")
        seconds = time.monotonic() - self.started
        lines.append(f"| in all | | {seconds:.0f} s, {self.client.location}, {self.began:%Y-%m-%d} |")
        return "\n".join(lines)


@click.command()
@click.argument("project")
@click.option("--games", type=click.IntRange(min=1), help="So many games of each season, for a slow server.")
def main(project: str, games: int | None) -> None:
    """Try everything once on an empty BigQuery project."""
    os.chdir(PROJECT)
    smoke = Smoke(project)
    smoke.refuse_used_project()
    # A season of a few games is no season to preflight, and none is ready.
    judged = (0, 1, 3) if games else (0,)
    force = ("--force",) if games else ()
    with smoke.datasets():
        smoke.step("load three seasons of the demo league", lambda: smoke.load(games))
        smoke.step("preflight", lambda: smoke.command("preflight", *RANGE, codes=judged))
        smoke.step("partitions through a view", smoke.prune)
        smoke.step("run, three workers", lambda: smoke.command("run", *RANGE, "--workers", "3", *force))
        smoke.step("a season again", lambda: smoke.command("run", *SEASON, "--no-resume", *force))
        smoke.step("rollback", lambda: smoke.command("rollback"))
        smoke.step("validate", lambda: smoke.command("validate", *RANGE, codes=judged))
    click.echo(smoke.table())
    sys.exit(0 if all(is_well for _, is_well, _ in smoke.rows) else 1)


if __name__ == "__main__":
    main()

"""A run that is killed at any moment, again and again, comes to the end that an undisturbed one comes to."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from conftest import Warehouse

WINDOW = ("2022-01-03", "2022-01-23")
RANGE = ("--start-date", WINDOW[0], "--end-date", WINDOW[1])


def test_killed_at_any_moment_it_resumes_where_it_was(demo: Warehouse, demo_file: Path, tmp_path: Path) -> None:
    """Fifty kills of a run of twenty windows. Each attempt is a fork of one parsed project, to save the parsing."""
    undisturbed = Warehouse(demo.project, tmp_path / "undisturbed.duckdb")
    shutil.copy(demo_file, undisturbed.database)
    done = undisturbed.cli("run", *RANGE)
    assert done.code == 0, done.output
    expected = undisturbed.summary()

    outcome = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("killed_runs.py")), "run", *RANGE, "--batch-days", "1"],
        cwd=demo.project,
        env={**os.environ, **demo.environment()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "kills: 50" in outcome.stdout
    assert demo.summary() == expected
    assert {day["status"] for day in demo.rows("backfill_plan", WINDOW)} <= {"complete", "no games"}

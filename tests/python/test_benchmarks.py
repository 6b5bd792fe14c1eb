"""The projects that the benchmark makes of the compiled models do the same work. How fast is not asked here."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from benchmarks import sqlmesh_peer, statements
from benchmarks.contenders import Work, contenders
from benchmarks.league import SUMMARY, Window, fingerprint
from benchmarks.statements import Statements
from conftest import WEEK, Warehouse


def test_all_do_the_same_work(demo: Warehouse, tmp_path: Path) -> None:
    """A week, held to what dbt has built of it from the project itself."""
    place = tmp_path / "contenders"
    place.mkdir()
    compiled = Statements.compiled(demo.project, demo.database)
    work = Work(
        Window(*map(date.fromisoformat, WEEK)), demo.database, demo.database, compiled, demo.project, None, place
    )
    work.reference.symlink_to(demo.database)
    assert fingerprint(work.reference, SUMMARY, [work.window])[0] > 1000
    of_all = contenders(with_all=True)
    for key in ("dbt", "dbt_month", "floor_weekly"):
        of_all[key](work)

    # Who leaves rows out is found out.
    lacking = replace(compiled, summary=f"{compiled.summary} and coalesce(points, 0) != 3")
    with pytest.raises(RuntimeError, match="another table"):
        of_all["floor"](replace(work, statements=lacking))

    # SQLMesh is not installed here: all of the SQL goes into its project, with dates of its own.
    sqlmesh_peer.write(place, compiled, work.window, 7, all_rules=True)
    for name, reads in (("models/player_rows", 2), ("models/player_game_summary", 1), ("audits/rules", 4)):
        text = (place / f"{name}.sql").read_text()
        assert text.count("@start_ds") >= reads
        assert not any(day in text for day in (statements.FIRST, statements.LAST, statements.FIRST_TURN))
        assert not any(f'"{model}"' in text for model in statements.MODELS)

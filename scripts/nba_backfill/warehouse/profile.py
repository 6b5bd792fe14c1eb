"""The profile, as far as a look at a run at work needs it, without dbt, which takes a second to load."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]
from jinja2 import Environment, TemplateError

from nba_backfill.errors import ProjectError


def profiles_dir(project_dir: Path) -> Path:
    """The directory of profiles.yml: DBT_PROFILES_DIR, else the project's or ~/.dbt. Raises ProjectError."""
    given = os.environ.get("DBT_PROFILES_DIR")
    places = [Path(given)] if given else [project_dir, Path.home() / ".dbt"]
    for place in places:
        if (place / "profiles.yml").is_file():
            return place
    if given:
        raise ProjectError(f"There is no profiles.yml in {given}, which DBT_PROFILES_DIR or --profiles-dir names.")
    raise ProjectError(
        f"There is no profiles.yml in {project_dir}: run `make setup`, or copy profiles.example.yml to profiles.yml."
    )


def duckdb_path(project_dir: Path, target: str | None) -> str | None:
    """The DuckDB file of the profile's target, as it stands there. None where the target is another warehouse.

    Raises ProjectError where there is no profile, or it says more than variables of the environment can tell.
    """
    try:
        return _duckdb_path(project_dir, target)
    except (OSError, LookupError, TypeError, yaml.YAMLError, TemplateError) as error:
        raise ProjectError(f"The profile can't be read: {error}") from error


def _duckdb_path(project_dir: Path, target: str | None) -> str | None:
    project = yaml.safe_load((project_dir / "dbt_project.yml").read_text(encoding="utf-8"))
    profiles = yaml.safe_load((profiles_dir(project_dir) / "profiles.yml").read_text(encoding="utf-8"))
    profile = profiles[project["profile"]]
    output = profile["outputs"][target or _rendered(profile["target"])]
    return _rendered(output["path"]) if _rendered(output["type"]) == "duckdb" else None


def _rendered(value: Any) -> str:
    # A path is no HTML, in which & would be another text.
    environment = Environment(autoescape=False)  # noqa: S701
    return environment.from_string(str(value)).render(env_var=os.environ.get)

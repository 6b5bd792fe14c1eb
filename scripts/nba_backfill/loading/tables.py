"""The raw tables, as the project's sources declare them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from nba_backfill.errors import ProjectError

# By dbt type: DuckDB's type, and what a bad value is said not to be.
TYPES = {
    "string": ("VARCHAR", "text"),
    "bigint": ("BIGINT", "a whole number"),
    "double": ("DOUBLE", "a number"),
    "boolean": ("BOOLEAN", "true or false"),
    "date": ("DATE", "a date such as 2022-01-31"),
    "timestamp": ("TIMESTAMP", "a timestamp such as 2022-01-31 19:30:00"),
}
_SCHEMA_VAR = re.compile(r"\{\{\s*var\(\s*['\"](\w+)['\"]\s*\)\s*\}\}")


@dataclass(frozen=True)
class RawColumn:
    """A column of a raw table. `data_type` is dbt's: string, bigint, double, boolean, date or timestamp."""

    name: str
    data_type: str


@dataclass(frozen=True)
class RawTable:
    """A raw table as the project's sources declare it."""

    schema: str
    name: str
    columns: tuple[RawColumn, ...]


def raw_tables(project_dir: Path) -> tuple[RawTable, ...]:
    """Return the raw tables that `models/staging/*/*__sources.yml` declares, in the schemas that dbt_project.yml sets.

    Raises ProjectError when the directory is no dbt project or its sources can't be understood.
    """
    project_file = project_dir / "dbt_project.yml"
    if not project_file.is_file():
        raise ProjectError(f"{project_dir} has no dbt_project.yml. Work in the directory of the dbt project.")
    project = _yaml(project_file)
    variables = project.get("vars") or {}
    variables = {**variables, **(variables.get(project.get("name")) or {})}

    tables = []
    for file in sorted(project_dir.glob("models/staging/*/*__sources.yml")):
        for source in _yaml(file).get("sources") or []:
            schema = _schema(file, source, variables)
            tables += [_raw_table(file, schema, table) for table in source.get("tables") or []]
    if not tables:
        raise ProjectError(f"No *__sources.yml in {project_dir / 'models/staging'} declares a raw table.")
    return tuple(tables)


def _yaml(file: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ProjectError(f"{file} can't be read as YAML: {error}") from error
    return content if isinstance(content, dict) else {}


def _schema(file: Path, source: dict[str, Any], variables: dict[str, Any]) -> str:
    declared = str(source.get("schema") or source["name"])
    if "{{" not in declared:
        return declared
    var = _SCHEMA_VAR.fullmatch(declared)
    if var is None or variables.get(var[1]) is None:
        raise ProjectError(f"{file}: the schema {declared} is not a var that dbt_project.yml sets.")
    return str(variables[var[1]])


def _raw_table(file: Path, schema: str, declared: dict[str, Any]) -> RawTable:
    columns = tuple(RawColumn(c["name"], str(c.get("data_type"))) for c in declared.get("columns") or [])
    for column in columns:
        if column.data_type not in TYPES:
            raise ProjectError(
                f"{file}, table {declared['name']}, column {column.name}: data_type is {column.data_type}, "
                f"but a raw column's is one of {', '.join(TYPES)}."
            )
    return RawTable(schema, declared["name"], columns)

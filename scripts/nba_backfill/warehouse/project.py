"""The dbt project and its profile, and the project as dbt has parsed it, once."""

import gc
import json
import logging
import os
import pickle
import re
import shutil
from argparse import Namespace
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import yaml  # type: ignore[import-untyped]
from dbt.artifacts.resources.types import NodeType
from dbt.cli.main import dbtRunner
from dbt.config.profile import Profile
from dbt.config.runtime import load_profile
from dbt.flags import set_from_args
from dbt_common.context import set_invocation_context
from dbt_common.exceptions import DbtBaseException

from nba_backfill.errors import ProjectError
from nba_backfill.warehouse.profile import profiles_dir

# What YAML takes only escaped, even in quotes, and the line ends that it would fold.
UNREADABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufffe\uffff]")
HEADING_OR_TRAIL = re.compile(r"(Compilation|Database|Parsing|Runtime) Error( in .*)?$|> |compiled code at ")
log = logging.getLogger("nba_backfill")


def quietly() -> list[str]:
    """Have dbt say what it has to say in its own log file, logs/dbt.log, and on the terminal only where that is wished.

    The results come back as objects.
    """
    level = "info" if log.isEnabledFor(logging.DEBUG) else "none"
    return ["--no-version-check", "--no-print", "--no-write-json", "--log-level", level, "--log-level-file", "info"]


def is_duckdb(project_dir: Path, target: str | None) -> bool:
    """Whether the profile's target is the embedded DuckDB. Raises ProjectError."""
    return bool(read_profile(project_dir, target).credentials.type == "duckdb")


def embedded_database(project_dir: Path, target: str | None) -> Path:
    """The DuckDB file of the profile's target.

    Raises ProjectError where there is no profile, or the target is not DuckDB.
    """
    profile = read_profile(project_dir, target)
    if profile.credentials.type != "duckdb":
        raise ProjectError(
            f"Target {profile.target_name} is {profile.credentials.type}, and only the embedded DuckDB is filled from "
            "here. Pass --target duckdb."
        )
    credentials: Any = profile.credentials
    return duckdb_file(credentials)


def duckdb_file(credentials: Any) -> Path:
    """The DuckDB file of a target. Raises ProjectError where it can't be made."""
    path = Path(credentials.path)
    if '"' in path.name:
        raise ProjectError(
            f"The DuckDB file {path} has a quotation mark in its name, which dbt can't quote: rename it."
        )
    if not path.parent.is_dir():
        raise ProjectError(f"The directory {path.parent} for the DuckDB file {path.name} does not exist: make it.")
    return path


def read_profile(project_dir: Path, target: str | None) -> Profile:
    set_invocation_context(dict(os.environ))
    try:
        set_from_args(Namespace(PROFILES_DIR=str(profiles_dir(project_dir)), PROJECT_DIR=str(project_dir)), None)
        return load_profile(str(project_dir), {}, None, target)
    except DbtBaseException as error:
        raise ProjectError(f"The dbt profile can't be read: {sentence(error)}") from error


@contextmanager
def scratch_copy(project_dir: Path, target: str | None) -> Iterator[None]:
    """Have dbt work on a copy of the DuckDB file meanwhile, which is thrown away. Raises ProjectError."""
    path = embedded_database(project_dir, target)
    with TemporaryDirectory(prefix="nba-backfill-") as directory:
        if path.exists():
            # Whoever writes it has it alone.
            try:
                duckdb.connect(str(path), read_only=True).close()
            except duckdb.Error as error:
                raise ProjectError(str(error)) from error
            for file in path.parent.glob(f"{path.name}*"):
                if file.name in (path.name, f"{path.name}.wal"):
                    shutil.copy(file, directory)
        profile = read_profile(project_dir, target)
        profiles = yaml.safe_load((profiles_dir(project_dir) / "profiles.yml").read_text(encoding="utf-8"))
        profiles[profile.profile_name]["outputs"][profile.target_name]["path"] = str(Path(directory, path.name))
        Path(directory, "profiles.yml").write_text(yaml.safe_dump(profiles), encoding="utf-8")
        before = os.environ.get("DBT_PROFILES_DIR")
        os.environ["DBT_PROFILES_DIR"] = directory
        try:
            yield
        finally:
            os.environ.pop("DBT_PROFILES_DIR")
            if before is not None:
                os.environ["DBT_PROFILES_DIR"] = before


@dataclass(frozen=True)
class Parsed:
    """The project as dbt has parsed it.

    dbt compiles ephemeral models into the manifest that it is given and would use their text, with the window of the
    first run, for all later ones. So each node is kept as it was, and what one run has compiled the next gets anew.
    """

    manifest: Any
    nodes: dict[str, Any]
    unit_tests: dict[str, Any]
    as_parsed: dict[str, bytes]

    @classmethod
    def by_dbt(cls, *arguments: str, **variables: object) -> "Parsed":
        """Have dbt parse the project in the current directory. Raises ProjectError when it can't."""
        # All of it stays: the collector needn't go through it again and again, now or later.
        gc.disable()
        try:
            result = dbtRunner().invoke([*quietly(), "parse", "--vars", as_yaml(variables), *arguments])
        finally:
            gc.freeze()
            gc.enable()
        if isinstance(result.exception, KeyboardInterrupt):
            raise result.exception
        if not result.success:
            raise ProjectError(f"dbt can't parse the project: {sentence(result.exception)}")
        manifest: Any = result.result
        return cls.of(manifest, manifest.nodes, manifest.unit_tests)

    @classmethod
    def of(cls, manifest: Any, nodes: dict[str, Any], unit_tests: dict[str, Any]) -> "Parsed":
        """The project with these nodes, which no run has seen."""
        return cls(manifest, nodes, unit_tests, {name: pickle.dumps(node) for name, node in nodes.items()})

    def with_own_tables(self, models: Collection[str], suffix: str, hours: int) -> "Parsed":
        """The same, but that these models' tables have a name of their own, and are there for so many hours."""
        nodes = dict(self._unseen())
        for name, as_parsed in self.as_parsed.items():
            if nodes[name].name in models:
                # Whoever else has this project keeps its names.
                node = nodes[name] = pickle.loads(as_parsed)  # noqa: S301 - written by this process
                own_alias = f"{node.alias}__{suffix}"
                node.relation_name = node.relation_name.replace(f"`{node.alias}`", f"`{own_alias}`")
                node.alias = own_alias
                node.config["hours_to_expiration"] = hours
        self.manifest.nodes = nodes
        return Parsed.of(self.manifest, nodes, self.unit_tests)

    def asks(self, queries: Collection[str], models: Collection[str]) -> bool:
        """Whether the SQL of one of the queries reads one of these models, by itself or by an ephemeral one."""
        nodes = self.nodes
        to_look_at = [node for node in nodes.values() if node.name in queries]
        seen: set[str] = set()
        while to_look_at:
            node = to_look_at.pop()
            if node.name in models:
                return True
            for name in {*node.depends_on.nodes} & nodes.keys() - seen:
                seen.add(name)
                if nodes[name].name in models or nodes[name].config.materialized == "ephemeral":
                    to_look_at.append(nodes[name])
        return False

    def for_command(self, command: str) -> Any:
        """The manifest as if no run had seen it, for `dbt run` without the tests, which dbt draws in its graph."""
        is_run = command == "run"
        self.manifest.nodes = {
            name: node for name, node in self._unseen().items() if not (is_run and node.resource_type == NodeType.Test)
        }
        self.manifest.unit_tests = {} if is_run else self.unit_tests
        return self.manifest

    def _unseen(self) -> dict[str, Any]:
        """The nodes as no run has seen them."""
        for name, node in self.nodes.items():
            if getattr(node, "compiled", False) or getattr(node, "extra_ctes", None):
                self.nodes[name] = pickle.loads(self.as_parsed[name])  # noqa: S301 - written by this process
        return self.nodes


def as_yaml(values: Mapping[str, object]) -> str:
    """The values as YAML that gives them back, whatever their texts hold, such as bytes of an error in other letters.

    Halves of surrogate pairs, which no warehouse stores, are question marks.
    """
    # Not as ASCII, since YAML has no surrogate pairs; but escaped where YAML takes no such character, or folds it.
    text = json.dumps(values, ensure_ascii=False, default=str).encode(errors="replace").decode()
    return UNREADABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def sentence(error: object) -> str:
    """What dbt says, on one line, without its heading and the trail of macros that it adds."""
    lines = [line.strip() for line in str(error).splitlines()]
    return " ".join(line for line in lines if line and not HEADING_OR_TRAIL.match(line))

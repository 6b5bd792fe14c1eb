"""Names that the registry doesn't know, and the aliases that tell who is meant."""

import csv
import os
import shutil
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import Any

from nba_backfill.errors import ArgumentError, ProjectError

COLUMNS = ("player_alias", "player_lookup", "reason")
# How alike two names are that may be one player's, and how many such names are worth reading.
CLOSE = 0.75
MOST_CANDIDATES = 3


@dataclass(frozen=True)
class Candidate:
    """A registered player who may be meant by a name, and what speaks for it."""

    player_lookup: str
    evidence: str


def player_lookup(name: str) -> str:
    """A name as the sources' player_lookup spells it, by the rule of the macro player_lookup."""
    base = unicodedata.normalize("NFD", name.lower())
    return "".join(letter for letter in base if letter.isascii() and letter.isalnum())


def candidates(lookup: str, teammates: Iterable[Mapping[str, Any]]) -> list[Candidate]:
    """Who may be meant by a name, from its rows of registered_teammates: equal box scores first, then like names."""
    rows = sorted(
        (row for row in teammates if row["registered_lookup"]),
        key=lambda row: (-int(row["equal_lines"] or 0), row["registered_lookup"]),
    )
    found: dict[str, str] = {}
    for row in rows:
        if row["equal_lines"]:
            found.setdefault(row["registered_lookup"], _evidence(row))
    for close in get_close_matches(lookup, [row["registered_lookup"] for row in rows], MOST_CANDIDATES, CLOSE):
        found.setdefault(close, "a like name")
    return [Candidate(*item) for item in found.items()][:MOST_CANDIDATES]


def _evidence(row: Mapping[str, Any]) -> str:
    said = f"{row['equal_lines']} of {row['games_together']} lines equal, {row['example_game_id']}"
    return said + (f", {row['contradictions']} contradict" if row["contradictions"] else "")


def add_alias(seed: Path, alias: str, canonical: str, registered: Collection[str], reason: str = "") -> bool:
    """Add a row to the seed of aliases, in its order, with the reason why no rule finds it.

    Returns False where it is there already. Raises ArgumentError for a name that says nothing, a player whom the
    registry doesn't know, and an alias that means somebody else; ProjectError when the seed can't be written.
    """
    alias, canonical = player_lookup(alias), player_lookup(canonical)
    if not alias or not canonical:
        raise ArgumentError("A name needs letters or figures.")
    if canonical not in registered:
        close = get_close_matches(canonical, registered, cutoff=0.75)
        hint = f" Did you mean {' or '.join(close)}?" if close else ""
        raise ArgumentError(f"The registry knows no player {canonical}.{hint}")
    if alias in registered:
        raise ArgumentError(f"{alias} is a registered player, and a name that is known needs no alias.")
    # Spreadsheets put a byte-order mark before the header. dbt reads past it too.
    before = seed.read_text(encoding="utf-8-sig")
    rows_before = csv.DictReader(StringIO(before))
    if tuple(rows_before.fieldnames or ()) != COLUMNS:
        raise ProjectError(f"The first line of the seed {seed} must be {','.join(COLUMNS)}. Put it right first.")
    aliases = {row["player_alias"]: row for row in rows_before}
    known = aliases.setdefault(alias, dict(zip(COLUMNS, (alias, canonical, reason), strict=True)))["player_lookup"]
    if known != canonical:
        raise ArgumentError(f"{alias} is an alias of {known} already. Change that row of {seed} if it is wrong.")
    text = StringIO()
    rows = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    rows.writeheader()
    rows.writerows(aliases[name] for name in sorted(aliases))
    if text.getvalue() == before:
        return False
    unfinished = seed.with_name(f"{seed.name}.{os.getpid()}")
    try:
        unfinished.write_text(text.getvalue(), encoding="utf-8")
        shutil.copymode(seed, unfinished)
        unfinished.replace(seed)
    except OSError as error:
        raise ProjectError(f"The seed {seed} can't be written: {error.strerror}.") from error
    return True

"""Names that the registry doesn't know, and the aliases that tell who is meant."""

import csv
import os
import unicodedata
from collections.abc import Collection
from difflib import get_close_matches
from io import StringIO
from pathlib import Path

from nba_backfill.errors import ArgumentError, ProjectError

COLUMNS = ("player_alias", "player_lookup")


def player_lookup(name: str) -> str:
    """A name as the sources' player_lookup spells it, by the rule of the macro player_lookup."""
    base = unicodedata.normalize("NFD", name.lower())
    return "".join(letter for letter in base if letter.isascii() and letter.isalnum())


def add_alias(seed: Path, alias: str, canonical: str, registered: Collection[str]) -> bool:
    """Add a row to the seed of aliases, in its order.

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
    with seed.open(encoding="utf-8", newline="") as file:
        aliases = {row["player_alias"]: row["player_lookup"] for row in csv.DictReader(file)}
    known = aliases.setdefault(alias, canonical)
    if known != canonical:
        raise ArgumentError(f"{alias} is an alias of {known} already. Change that row of {seed} if it is wrong.")
    text = StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerows(sorted(aliases.items()))
    before = seed.read_text(encoding="utf-8")
    if text.getvalue() == before:
        return False
    unfinished = seed.with_name(f"{seed.name}.{os.getpid()}")
    try:
        unfinished.write_text(text.getvalue(), encoding="utf-8")
        unfinished.replace(seed)
    except OSError as error:
        raise ProjectError(f"The seed {seed} can't be written: {error.strerror}.") from error
    return True

"""The people of the demo league: names that are nobody's, careers, positions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import numpy as np

from demo_league.calendar import TEAMS
from demo_league.dice import Bools, Dice, Floats, Ints

FIRST_SEASON, LAST_SEASON = 1996, 2100
# `scale` reaches back before the first season, down to here.
OLDEST_SEASON = 1900
# Places on a team's list, and one more for a player who is leaving.
RANKS = 18
GUEST = RANKS
# Players a season who join somebody's bench on the way.
NEWCOMERS = 90
JOBS = len(TEAMS) * RANKS + NEWCOMERS
SHORTEST_CAREER, CAREER_SPREAD = 6, 8
CAREERS = (LAST_SEASON - OLDEST_SEASON + CAREER_SPREAD + SHORTEST_CAREER) // SHORTEST_CAREER + 1
NICKNAMED_JOBS = 2
GIVEN = (
    *("Aaron", "Abdou", "Adrián", "Alec", "Amari", "Andrés", "Anton", "Ayo", "Bakari", "Barrett", "Boris", "Brandt"),
    *("Bryce", "C.J.", "Caleb", "Carlton", "Cedric", "Cole", "Corey", "D.J.", "Dalano", "Damari", "Darius", "Davon"),
    *("De'Shon", "Demarco", "Deon", "Desmond", "Dimitar", "Dominik", "Donte", "Dwayne", "E.J.", "Elias", "Emeka"),
    *("Enzo", "Ethan", "Félix", "Filip", "Garrett", "Gianni", "Goran", "Grant", "Hakeem", "Hassan", "Hugo", "Ibrahima"),
    *("Isaiah", "Ivan", "J.T.", "Ja'Ron", "Jabril", "Jalen", "Jamar", "Jared", "Jean-Marc", "Jeremiah", "Joaquín"),
    *("Jonas", "Julian", "Kadeem", "Karl-Henri", "Keenan", "Kelvin", "Khalil", "Kofi", "Kwame", "Lamar", "Leandro"),
    *("Luca", "Malik", "Marek", "Marquis", "Mateo", "Micah", "Miloš", "Moussa", "Nikola", "Noah", "O.G.", "Omari"),
    *("Oscar", "P.J.", "Quincy", "R.J.", "Rafael", "Rasheed", "René", "Rodney", "Samba", "Sekou", "Shai'Quan"),
    *("T.J.", "Tariq", "Terrell", "Tobias", "Tomáš", "Trevor", "Tyrell", "Victor", "Wade", "Wendell", "Xavier"),
)
NICKNAMES = (
    *(("Nathaniel", "Nate"), ("Cameron", "Cam"), ("Theodore", "Teddy"), ("Zachary", "Zach"), ("Nicolás", "Nico")),
    *(("Frederick", "Fred"), ("Matthias", "Matt"), ("Augustin", "Gus")),
)
# Surnames are put together from these, so that nobody real is meant.
ONSETS = (
    *("Ab", "Bal", "Bren", "Cal", "Cor", "Dal", "Dor", "Drev", "El", "Fen", "Fal", "Gar", "Gres", "Hal", "Hob", "Ib"),
    *("Jan", "Jor", "Kal", "Kes", "Kov", "Lan", "Lor", "Mab", "Mer", "Nad", "Nor", "Ob", "Pel", "Pras", "Quen", "Ral"),
    *("Rov", "Sab", "Sel", "Stav", "Tal", "Tren", "Ul", "Val", "Ver", "Wen", "Yar", "Zan"),
)
MIDDLES = ("a", "ad", "am", "ar", "e", "ed", "en", "i", "im", "in", "o", "om", "or", "u", "um")
ENDINGS = (
    *("bry", "čić", "dane", "del", "desh", "dley", "dović", "drick", "drez", "ga", "gaard", "gby", "kane", "kiš", "ko"),
    *("kwe", "lette", "lund", "mba", "mond", "more", "nell", "ñez", "quet", "rell", "sby", "ski", "son", "tané", "tey"),
    *("thorn", "vale", "vens", "voy", "wick", "zade"),
)
PREFIXES = ("O'", "D'", "Mc", "St. ")
SUFFIXES = ("Jr.", "Jr.", "Jr.", "Jr.", "III", "III", "II", "Sr.", "IV")
POSITIONS = ("G", "F", "C", "G-F", "F-C", "F-G", "C-F", "")
POSITION_OF_RANK = (0, 1, 2, 0, 1, 3, 1, 2, 0, 4, 0, 1, 0, 2, 1, 0, 5, 6)
# How far a position plays in the backcourt and how far under the basket.
BACKCOURT = np.array([1.0, 0.4, 0.0, 0.75, 0.1, 0.6, 0.05, 0.5])
FRONTCOURT = np.array([0.0, 0.4, 1.0, 0.2, 0.75, 0.25, 0.9, 0.3])


class Source(IntEnum):
    NONE = 0
    GAMEBOOK = 1
    BDL = 2


@dataclass(frozen=True)
class People:
    """Everyone who plays in any season. A person is a place in these arrays; no two have the same lookup name.

    The league has a fixed number of jobs, each of which is held for a career and then by the next person: so rosters
    change from season to season and a season needs no other to know who plays. `names` and `lookups` hold everyone's
    official name and then everyone's alias, which is how `alias_source` may spell him: with another suffix, or with a
    nickname for those who are `nicknamed`.
    """

    names: list[str]
    plain_names: list[str]
    lookups: list[str]
    alias_source: Ints
    nicknamed: Bools
    position: Ints
    volume: Floats
    tendency: dict[str, Floats]
    career_length: Ints
    career_offset: Ints

    def holding(self, jobs: Ints, season: int) -> Ints:
        """Who has these jobs in a season."""
        career = (season - OLDEST_SEASON + self.career_offset[jobs]) // self.career_length[jobs]
        return jobs * CAREERS + career

    def spelling(self, person: Ints, aliased: Bools, source: Source) -> Ints:
        """The place in `names` of how a source spells these persons, of whom those `aliased` go by an alias."""
        renamed: Bools = aliased[person] & (self.alias_source[person] == source)
        return np.where(renamed, person + len(self.alias_source), person)


@lru_cache(maxsize=1)
def make_people(seed: int) -> People:
    dice = Dice(seed)
    count = JOBS * CAREERS
    rank = np.arange(count) // CAREERS % RANKS
    # Nicknames go to the end of the bench, where few games have to tell whom they mean.
    bench = np.flatnonzero(np.isin(np.arange(len(TEAMS) * RANKS) % RANKS, (13, 14, 15)))
    nicknamed = np.isin(np.arange(count) // CAREERS, dice.sample(bench, NICKNAMED_JOBS))
    names = _names(nicknamed, dice)
    spelled = [name for name, _, _ in names] + [alias for _, alias, _ in names]
    position = np.where(
        dice.uniform(count) < 0.25,
        dice.below(len(POSITIONS), count),
        np.array(POSITION_OF_RANK)[rank],
    )
    backcourt, frontcourt = BACKCOURT[position], FRONTCOURT[position]
    bent = {
        "threes": 0.25 + 0.5 * backcourt + 0.55 * (frontcourt < 0.7),
        "twos": 0.75 + 0.35 * frontcourt,
        "offensive_rebounds": 0.3 + 1.9 * frontcourt,
        "defensive_rebounds": 0.7 + frontcourt,
        "assists": 0.6 + 1.2 * backcourt,
        "steals": 0.7 + 0.5 * backcourt,
        "blocks": 0.3 + 2.0 * frontcourt,
    }
    length = SHORTEST_CAREER + dice.below(CAREER_SPREAD, JOBS)
    return People(
        names=spelled,
        plain_names=[plain_name(name) for name in spelled],
        lookups=[lookup_of(name) for name in spelled],
        alias_source=np.array([source for _, _, source in names], dtype=np.int64),
        nicknamed=nicknamed,
        position=position,
        volume=1 + 0.16 * dice.bell(count),
        tendency={name: middle * (1 + 0.2 * dice.bell(count)) for name, middle in bent.items()},
        career_length=length,
        career_offset=(dice.uniform(JOBS) * length).astype(np.int64),
    )


def lookup_of(name: str) -> str:
    """The name without case, accents, spaces and punctuation, the suffix kept."""
    return re.sub("[^a-z0-9]", "", unicodedata.normalize("NFKD", name).lower())


def plain_name(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()


def _names(nicknamed: Bools, dice: Dice) -> list[tuple[str, str, Source]]:
    """Name, other spelling and the source that uses it, for each person."""
    taken: set[str] = set()
    names: list[tuple[str, str, Source]] = []
    surnames = _surnames(dice)
    count = len(nicknamed)
    given = dice.below(len(GIVEN), count).tolist()
    pairs = dice.below(len(NICKNAMES), count).tolist()
    suffixes = dice.below(len(SUFFIXES), count).tolist()
    chances = dice.uniform(2, count).tolist()
    for person, short in enumerate(nicknamed.tolist()):
        first, nickname = NICKNAMES[pairs[person]] if short else (GIVEN[given[person]],) * 2
        surname = next(
            surname for surname in surnames if not {lookup_of(first + surname), lookup_of(nickname + surname)} & taken
        )
        taken |= {lookup_of(first + surname), lookup_of(nickname + surname)}
        bare, suffixed = f"{first} {surname}", f"{first} {surname} {SUFFIXES[suffixes[person]]}"
        if short:
            names.append((bare, f"{nickname} {surname}", Source.BDL))
            continue
        has_suffix, chance = chances[0][person] < 0.06, chances[1][person]
        official, alias = (suffixed, bare) if has_suffix else (bare, suffixed)
        in_bdl, in_either = (0.35, 0.55) if has_suffix else (0.01, 0.015)
        source = Source.BDL if chance < in_bdl else Source.GAMEBOOK if chance < in_either else Source.NONE
        names.append((official, alias, source))
    return names


def _surnames(dice: Dice) -> Iterator[str]:
    """Made-up surnames without end, one in a hundred of them double."""
    while True:
        batch = 1000
        parts = [
            [options[choice] for choice in dice.below(len(options), batch).tolist()]
            for options in (ONSETS, MIDDLES, ENDINGS, PREFIXES)
        ]
        previous = "Orvane"
        for onset, middle, ending, prefix, chance in zip(*parts, dice.uniform(batch).tolist(), strict=True):
            surname = onset + middle + ending
            if chance < 0.03:
                yield prefix + surname
            elif chance < 0.04:
                yield f"{previous}-{surname}"
            else:
                yield surname
            previous = surname

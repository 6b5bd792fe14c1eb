"""The demo league's calendar: who plays whom on which date, and how each game ends.

Everything here is decided by a `Dice` alone, so that a season comes out the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import combinations, pairwise

import numpy as np

from demo_league.dice import Dates, Dice, Floats, Ints
from demo_league.season_dates import SeasonDates, weekday

# Three divisions of the East, then three of the West: a team's number tells both.
DIVISIONS = (
    ("BKN", "BOS", "NYK", "PHI", "TOR"),
    ("CHI", "CLE", "DET", "IND", "MIL"),
    ("ATL", "CHA", "MIA", "ORL", "WAS"),
    ("DEN", "MIN", "OKC", "POR", "UTA"),
    ("GSW", "LAC", "LAL", "PHX", "SAC"),
    ("DAL", "HOU", "MEM", "NOP", "SAS"),
)
TEAMS = tuple(team for division in DIVISIONS for team in division)
# Days after the last one of the regular season.
_PLAY_IN_DAYS = (2, 3, 5)
# First day of each playoff round, and of each game of a series after it.
_ROUND_DAYS = (0, 15, 30, 47)
_SERIES_DAYS = (0, 2, 4, 6, 8, 10, 12)
_FINALS_DAYS = (0, 3, 6, 8, 11, 14, 17)
_HOSTS_FIRST = (True, True, False, False, True, False, True)
# Games a day from Monday on, in proportion: few on Tuesdays and Thursdays, most on Wednesdays and Fridays.
_WEEKDAY_LOAD = (8.0, 5.5, 10.0, 4.0, 10.0, 7.0, 7.0)
_OPENING_LOAD, _CLOSING_LOAD = 2.0, 40.0
_HOME_EDGE = 2.3
# By how many games the playoffs may be shorter than the real ones: more would look like games that are missing.
_PLAYOFF_GAMES_LESS = 2
# So many are played until one fits: one of three does, and none if the seed asks for more games than there can be.
_MOST_POSTSEASONS = 200


class Stage(IntEnum):
    """What a game counts for."""

    REGULAR = 0
    PLAY_IN = 1
    PLAYOFFS = 2


@dataclass(frozen=True)
class Games:
    """The games of a season, one element each, in the order in which they are played.

    `home` and `away` are places in `TEAMS`, `stage` is a `Stage`, `overtimes` counts extra periods. No game is tied,
    and no team plays twice on one date.
    """

    date: Dates
    home: Ints
    away: Ints
    stage: Ints
    home_points: Ints
    away_points: Ints
    overtimes: Ints

    def __len__(self) -> int:
        return len(self.home)


@dataclass(frozen=True)
class _Fixture:
    date: np.datetime64
    home: int
    away: int
    stage: Stage
    margin: int


def play_season(dates: SeasonDates, dice: Dice) -> Games:
    """All 1,230 games of the regular season, the play-in and the playoffs, with their results."""
    strength = 4.2 * dice.bell(len(TEAMS))
    fixtures = list(_regular_season(dates, strength, dice))
    wins = np.bincount([game.home if game.margin > 0 else game.away for game in fixtures], minlength=len(TEAMS))
    # Equal records are told apart by strength, because a tie-break by place in the alphabet would favour the same team.
    better = np.argsort(np.argsort(wins + strength / 1000, kind="stable"), kind="stable")
    postseason: list[_Fixture] = []
    for _ in range(_MOST_POSTSEASONS):
        postseason = list(_postseason(dates, strength, better, dice))
        if _fits(postseason, dates):
            break
    fixtures += postseason
    fixtures.sort(key=lambda game: (game.date, game.home))
    margin = np.array([game.margin for game in fixtures])
    overtimes, home_points, away_points = _scores(margin, dice)
    return Games(
        date=np.array([game.date for game in fixtures]),
        home=np.array([game.home for game in fixtures]),
        away=np.array([game.away for game in fixtures]),
        stage=np.array([int(game.stage) for game in fixtures]),
        home_points=home_points,
        away_points=away_points,
        overtimes=overtimes,
    )


def _regular_season(dates: SeasonDates, strength: Floats, dice: Dice) -> Iterator[_Fixture]:
    rounds = _rounds(_meetings(dice), dice)
    calendar = _spread(rounds, dates.regular, dice)
    luck = dice.bell(len(calendar))
    for (date, home, away), chance in zip(calendar, luck.tolist(), strict=True):
        yield _Fixture(date, home, away, Stage.REGULAR, _margin(strength, home, away, chance))


def _meetings(dice: Dice) -> Ints:
    """How often each team (row) hosts each other one (column): 41 home and 41 away games for all of them.

    Once against the other conference and twice against the own one, but for four of the ten opponents outside the own
    division, whom a team meets three times in all.
    """
    conference = np.arange(len(TEAMS)) // 15
    meetings = np.where(conference[:, None] == conference, 2, 1)
    np.fill_diagonal(meetings, 0)
    for half in (0, 3):
        for one, other in combinations(range(half, half + 3), 2):
            left, right = 5 * one + dice.order(5), 5 * other + dice.order(5)
            meetings[left, right] = 1
            meetings[np.roll(right, 1), left] = 1
    return meetings


def _rounds(meetings: Ints, dice: Dice) -> list[list[tuple[int, int]]]:
    """All games in 41 rounds of 30, in each of which every team is at home once and away once.

    Such rounds always exist, because every team is at home as often as it is away: the remaining games are a regular
    bipartite graph of hosts and guests, and so contain a perfect matching (König).
    """
    remaining = meetings.copy()
    rounds: list[list[tuple[int, int]]] = []
    while remaining.any():
        preference = np.argsort(dice.uniform(*meetings.shape), axis=1, kind="stable")
        guests = [[guest for guest in row if remaining[host, guest]] for host, row in enumerate(preference.tolist())]
        hosts = _perfect_matching(guests)
        rounds.append([(host, guest) for guest, host in enumerate(hosts)])
        remaining[hosts, np.arange(len(hosts))] -= 1
    return [rounds[place] for place in dice.order(len(rounds)).tolist()]


def _perfect_matching(guests: list[list[int]]) -> list[int]:
    """The host of each guest, given the guests that each host may have (Kuhn's augmenting paths)."""
    host_of = [-1] * len(guests)

    def place(host: int, tried: set[int]) -> bool:
        for guest in guests[host]:
            if guest not in tried:
                tried.add(guest)
                if host_of[guest] < 0 or place(host_of[guest], tried):
                    host_of[guest] = host
                    return True
        return False

    for host in range(len(guests)):
        place(host, set())
    return host_of


def _spread(rounds: list[list[tuple[int, int]]], dates: Dates, dice: Dice) -> list[tuple[np.datetime64, int, int]]:
    """A date for each game: every round on its own four or five dates, hardly a team on three days in a row.

    A game shares each of its teams with one other game of its round, so that at least two of four dates are open.
    """
    load = np.array([_WEEKDAY_LOAD[weekday(date)] for date in dates])
    load[0], load[-1] = _OPENING_LOAD, _CLOSING_LOAD
    days = (dates - dates[0]).astype(np.int64).tolist()
    played: list[set[int]] = [set() for _ in TEAMS]
    calendar: list[tuple[np.datetime64, int, int]] = []
    for games, places in zip(rounds, np.array_split(np.arange(len(dates)), len(rounds)), strict=True):
        cost = dict.fromkeys(places.tolist(), 0.0)
        for number in dice.order(len(games)).tolist():
            home, away = games[number]
            strain = {
                place: cost[place] + _strain(days[place], played[home]) + _strain(days[place], played[away])
                for place in cost
                if days[place] not in played[home] | played[away]
            }
            best = min(strain, key=lambda place: strain[place])
            cost[best] += 1 / load[best]
            played[home].add(days[best])
            played[away].add(days[best])
            calendar.append((dates[best], home, away))
    return calendar


def _strain(day: int, played: set[int]) -> float:
    """How hard a game on `day` is for a team with games on the days `played`, in shares of a full evening."""
    near = [day + step in played for step in (-2, -1, 1, 2)]
    three_in_a_row = any(one and other for one, other in pairwise(near))
    return 10.0 * three_in_a_row + 0.3 * (near[1] or near[2])


def _margin(strength: Floats, home: int, away: int, chance: float) -> int:
    margin = round(_HOME_EDGE + float(strength[home] - strength[away]) + 13.0 * chance)
    return max(-50, min(50, margin)) or 1


def _postseason(dates: SeasonDates, strength: Floats, better: Ints, dice: Dice) -> Iterator[_Fixture]:
    """Play-in and playoffs of both conferences. The better record is at home first."""
    chances = iter(dice.bell(200).tolist())

    def play(date: np.datetime64, home: int, away: int, stage: Stage) -> _Fixture:
        return _Fixture(date, home, away, stage, _margin(strength, home, away, next(chances)))

    def series(start: np.datetime64, pair: tuple[int, int], offsets: tuple[int, ...]) -> tuple[int, list[_Fixture]]:
        first, second = sorted(pair, key=lambda team: -int(better[team]))
        won = {first: 0, second: 0}
        games: list[_Fixture] = []
        for offset, at_first in zip(offsets, _HOSTS_FIRST, strict=True):
            home, away = (first, second) if at_first else (second, first)
            games.append(play(start + np.timedelta64(offset, "D"), home, away, Stage.PLAYOFFS))
            won[_winner(games[-1])] += 1
            if max(won.values()) == 4:
                break
        return max(won, key=lambda team: won[team]), games

    remaining: list[int] = []
    for half in (0, 1):
        ranked = sorted(range(15 * half, 15 * half + 15), key=lambda team: -int(better[team]))
        seeds = ranked[:8]
        if dates.has_play_in:
            days = [dates.closing + np.timedelta64(day, "D") for day in _PLAY_IN_DAYS]
            seventh = play(days[half], ranked[6], ranked[7], Stage.PLAY_IN)
            ninth = play(days[half], ranked[8], ranked[9], Stage.PLAY_IN)
            eighth = play(days[2], _loser(seventh), _winner(ninth), Stage.PLAY_IN)
            yield from (seventh, ninth, eighth)
            seeds = [*ranked[:6], _winner(seventh), _winner(eighth)]
        remaining += [seeds[place] for place in (0, 7, 3, 4, 2, 5, 1, 6)]

    for day in _ROUND_DAYS:
        offsets = _FINALS_DAYS if len(remaining) == 2 else _SERIES_DAYS
        winners: list[int] = []
        for number, pair in enumerate(zip(remaining[::2], remaining[1::2], strict=True)):
            winner, games = series(dates.playoffs + np.timedelta64(day + number % 2, "D"), pair, offsets)
            winners.append(winner)
            if len(remaining) == 2 and dates.finals_end is not None:
                later = min((dates.finals_end - game.date for game in games), key=abs)
                games = [replace(game, date=game.date + later) for game in games]
            yield from games
        remaining = winners


def _fits(postseason: list[_Fixture], dates: SeasonDates) -> bool:
    """Do these playoffs have about as many games as the real ones, and begin the finals after the round before?"""
    if dates.finals_end is None or dates.playoff_games is None:
        return True
    playoffs = [game for game in postseason if game.stage == Stage.PLAYOFFS]
    finalists = {playoffs[-1].home, playoffs[-1].away}
    finals = [game for game in playoffs if {game.home, game.away} == finalists]
    before = max(game.date for game in playoffs if game not in finals)
    is_long = sum(bool(game.date <= dates.finals_end) for game in playoffs) >= dates.playoff_games - _PLAYOFF_GAMES_LESS
    return is_long and bool(finals[0].date > before + np.timedelta64(1, "D"))


def _winner(game: _Fixture) -> int:
    return game.home if game.margin > 0 else game.away


def _loser(game: _Fixture) -> int:
    return game.away if game.margin > 0 else game.home


def _scores(margin: Ints, dice: Dice) -> tuple[Ints, Ints, Ints]:
    """Overtimes and both final scores. About 6 % of the games, all of them close, go to overtime."""
    periods = dice.uniform(len(margin))
    overtimes = np.where(
        np.abs(margin) <= 8, (periods < 0.14).astype(np.int64) + (periods < 0.016) + (periods < 0.002), 0
    )
    total = 2 * (112.0 + 10.0 * dice.bell(len(margin)) + 10.0 * overtimes)
    loser = np.maximum(np.rint((total - np.abs(margin)) / 2).astype(np.int64), 75)
    winner = loser + np.abs(margin)
    return overtimes, np.where(margin > 0, winner, loser), np.where(margin > 0, loser, winner)

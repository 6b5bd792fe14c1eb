"""What each player did: the team's totals first, then each player's share of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np

from demo_league.calendar import TEAMS, Games, Stage
from demo_league.dice import Bools, Dice, Floats, Ints
from demo_league.people import GUEST, RANKS, People
from demo_league.rosters import Rosters

# Seconds. Nobody plays longer, not even where balldontlie has minutes that nobody played.
LONGEST = 65 * 60
# Minutes of a team's players, from the one who plays most.
ROTATION = np.array([35.4, 33.8, 32.2, 30.0, 27.2, 23.4, 19.8, 16.0, 11.8, 7.4, 4.6, 3.8, 3.4, 3.0, 2.8])
VOLUME_OF_RANK = np.array([1.32, 1.18, 1.06, 1.0, 0.97, 0.95, 0.93] + [0.9] * (RANKS + 1 - 7))
# The statistics that both raw tables have under the same name; the others are sums of these.
COUNTS = (
    *("field_goals_made", "field_goals_attempted", "three_pointers_made", "three_pointers_attempted"),
    *("free_throws_made", "free_throws_attempted", "offensive_rebounds", "defensive_rebounds"),
    *("assists", "steals", "blocks", "turnovers", "personal_fouls"),
)


class Status(IntEnum):
    ACTIVE = 0
    DNP = 1
    INACTIVE = 2


@dataclass(frozen=True)
class Lines:
    """The players on the games' lists, one element each, game after game, as they really were.

    `game` is a place in `Games`, `team` one in `TEAMS`, `reason` one in `DNP_REASONS`; `seconds` were played. `stats`
    has `COUNTS`. `leaving` are those whom another team lists on the same date.
    """

    game: Ints
    team: Ints
    person: Ints
    status: Ints
    reason: Ints
    seconds: Ints
    plus_minus: Ints
    stats: dict[str, Ints]
    leaving: Bools

    def __len__(self) -> int:
        return len(self.game)


def make_lines(games: Games, rosters: Rosters, people: People, dice: Dice) -> Lines:
    """Fill the lists of all games. Arrays in here have a row per team and game, the away team's first."""
    day = np.repeat((games.date - games.date[0]).astype(np.int64), 2)
    team = np.stack([games.away, games.home], axis=1).ravel()
    playoffs = np.repeat(games.stage == Stage.PLAYOFFS, 2)
    margin = np.stack([games.away_points - games.home_points, games.home_points - games.away_points], axis=1).ravel()
    overtimes = np.repeat(games.overtimes, 2)
    shape = (len(team), RANKS + 1)

    person = np.zeros(shape, dtype=np.int64)
    person[:, :RANKS] = rosters.person[day, team]
    unfit = np.ones(shape, dtype=np.bool_)
    unfit[:, :RANKS] = rosters.unfit[day, team]
    listed = np.ones(shape, dtype=np.bool_)
    # Whoever is at the end of a list is on it for a month: real ones hardly change from game to game.
    _, first, month = np.unique(day // 30 * len(TEAMS) + team, return_index=True, return_inverse=True)
    listed[:, 16] = dice.uniform(len(team))[first][month] < np.where(playoffs, 1.0, 0.6)
    listed[:, 17] = dice.uniform(len(team))[first][month] < np.where(playoffs, 0.0, 0.25)
    listed[:, GUEST] = False
    for when, side, leaver in rosters.leaving:
        row = np.flatnonzero((day == when) & (team == side))
        person[row, GUEST] = leaver
        listed[row, GUEST] = True

    # A blowout brings the bench on. Playoff lists are even, so that a week of few games has no other share of NULLs.
    count = np.rint(9.85 + 0.06 * np.abs(margin) + 1.15 * dice.bell(len(team))).astype(np.int64)
    count = np.where(playoffs, 11 - (dice.uniform(len(team)) < 0.5) * (np.arange(len(team)) % 2), np.clip(count, 8, 15))
    merit = np.arange(RANKS + 1) + 1.6 * dice.bell(*shape) + 100.0 * unfit + 1000.0 * ~listed
    merit[:, GUEST] += 500.0
    turn = np.argsort(np.argsort(merit, axis=1, kind="stable"), axis=1, kind="stable")
    active = turn < count[:, None]
    seconds = _seconds(turn, active, overtimes, dice)
    status, reason = _absences(active, unfit, dice)
    # A few enter for the last instant: on the list as players, with no second played.
    benches = ~playoffs & (listed & (status == Status.DNP)).any(axis=1)
    for row in dice.sample(np.flatnonzero(benches), 10).tolist():
        bench = np.flatnonzero(listed[row] & (status[row] == Status.DNP))[0]
        status[row, bench] = Status.ACTIVE

    points = np.stack([games.away_points, games.home_points], axis=1).ravel()
    stats = _stats(points, overtimes, seconds, person, people, dice)
    cells = np.nonzero(listed)
    return Lines(
        game=cells[0] // 2,
        team=team[cells[0]],
        person=person[cells],
        status=status[cells],
        reason=reason[cells],
        seconds=seconds[cells],
        plus_minus=_plus_minus(margin, seconds, overtimes, dice)[cells],
        stats={name: values[cells] for name, values in stats.items()},
        leaving=cells[1] == GUEST,
    )


def _seconds(turn: Ints, active: Bools, overtimes: Ints, dice: Dice) -> Ints:
    """Seconds played. A team's add up to five times the game's, and nobody plays more than the game or 58 minutes."""
    length = 60 * (48 + 5 * overtimes)[:, None]
    minutes = ROTATION[np.minimum(turn, len(ROTATION) - 1)] * (1 + 0.09 * dice.bell(*turn.shape))
    minutes = np.where(active, np.clip(minutes + 2.9 * dice.bell(*turn.shape), 0.2, 44.0), 0.0)
    wanted = minutes * length / 48
    total = np.cumsum(wanted, axis=1)[:, -1:]
    room = np.where(active, np.minimum(length, 58 * 60) - wanted, 0.0)
    missing = 5 * length - total
    # Too little is made up by those who could play more, too much is taken from everyone alike.
    share = np.where(missing > 0, room / np.cumsum(room, axis=1)[:, -1:], wanted / total)
    whole = np.floor(wanted + missing * share).astype(np.int64)
    # Rounding down leaves fewer seconds than there are players: one each for those who play most.
    rest = 5 * length - whole.sum(axis=1, keepdims=True)
    return np.asarray(whole + (active & (turn < rest)))


def _absences(active: Bools, unfit: Bools, dice: Dice) -> tuple[Ints, Ints]:
    """Status and reason of everyone. The unfit and the end of the bench are mostly not even in uniform."""
    rank = np.arange(RANKS + 1)
    out = dice.uniform(*active.shape) < np.where(
        unfit, 0.93, np.where(rank >= 15, 0.85, np.where(rank >= 12, 0.35, 0.06))
    )
    out[:, GUEST] = True
    why = dice.uniform(*active.shape)
    reason = 1 + (why < 0.062) + (why < 0.01) + (why < 0.0015)
    status = np.where(active, Status.ACTIVE, np.where(out, Status.INACTIVE, Status.DNP))
    return status, np.where(out, 0, reason)


def _allot(counts: Ints, weights: Floats, dice: Dice) -> Ints:
    """Hand out each row's count one by one, with chances in proportion to the row's weights."""
    rows, columns = weights.shape
    edges = np.cumsum(weights, axis=1)
    edges = edges / edges[:, -1:] + np.arange(rows)[:, None]
    # Stay clear of 1, which would be rounded into the next row.
    draws = np.repeat(np.arange(rows), counts) + dice.uniform(int(counts.sum())) * (1 - 1e-9)
    cells = np.searchsorted(edges.ravel(), draws, side="right")
    return np.asarray(np.bincount(cells, minlength=rows * columns).reshape(rows, columns), dtype=np.int64)


def _stats(points: Ints, overtimes: Ints, seconds: Ints, person: Ints, people: People, dice: Dice) -> dict[str, Ints]:
    """Each player's `COUNTS`: the team's totals, that make up its points, shared out among those who played."""
    games = len(points)
    length = 1 + 5 * overtimes / 48

    def about(middle: float, spread: float, times: Ints | Floats) -> Ints:
        return np.maximum(np.rint(middle * times + spread * dice.bell(games)), 0).astype(np.int64)

    threes = np.clip(about(0.11, 3.4, points), 2, (0.18 * points).astype(np.int64))
    free_throws = np.clip(about(0.153, 4.8, points), 2, (0.3 * points).astype(np.int64))
    free_throws += (points - 3 * threes - free_throws) % 2
    twos = (points - 3 * threes - free_throws) // 2
    assists = np.minimum(about(0.605, 3.6, twos + threes), twos + threes - 2)

    def form(spread: float) -> Floats:
        return np.maximum(1 + spread * dice.bell(*seconds.shape), 0.1)

    tendency = {name: values[person] for name, values in people.tendency.items()}
    shooting = seconds * np.maximum(people.volume[person] * VOLUME_OF_RANK, 0.2) * form(0.27)
    # On his greatest evening, too, a player leaves two shots of three to the others.
    shooting = np.minimum(shooting, np.cumsum(shooting, axis=1)[:, -1:] / 3)
    handling = seconds * VOLUME_OF_RANK * form(0.2)
    working = seconds * form(0.25)
    inside, outside = shooting * tendency["twos"], shooting * tendency["threes"]
    threes_missed, twos_missed = about(22.3, 4.0, length), about(24.5, 4.2, length)
    free_missed = about(5.0, 2.1, length)
    turnovers = np.maximum(about(13.2, 3.6, length), 2)
    offensive = np.minimum(about(10.3, 3.5, length), (threes_missed + twos_missed) // 3)
    # Teams have the ball in turns, so both end about as many possessions; who ended fewer has missed more twos instead.
    shots = twos + threes + threes_missed + twos_missed + 0.44 * (free_throws + free_missed)
    possessions = shots - offensive + turnovers
    unequal = (_opponents(possessions) - possessions) / 2 + 1.2 * dice.bell(games)
    twos_missed = np.maximum(np.rint(twos_missed + unequal).astype(np.int64), 8)
    # What one team does is done to the other: a rebound is of its miss, a block of its shot, a steal of its turnover.
    missed = _opponents(threes_missed + twos_missed)
    defensive = missed - _opponents(offensive) - np.minimum(about(3.6, 2.0, length), missed // 8)
    steals = np.minimum(about(7.4, 2.7, length), _opponents(turnovers))
    blocks = np.minimum(about(4.7, 2.2, length), _opponents(twos_missed))

    threes_made = _allot(threes, outside, dice)
    goals_made = threes_made + _allot(twos, inside, dice)
    threes_missed_by = _allot(threes_missed, outside, dice)
    free_made = _allot(free_throws, inside * form(0.3), dice)
    return {
        "field_goals_made": goals_made,
        "field_goals_attempted": goals_made + threes_missed_by + _allot(twos_missed, inside, dice),
        "three_pointers_made": threes_made,
        "three_pointers_attempted": threes_made + threes_missed_by,
        "free_throws_made": free_made,
        "free_throws_attempted": free_made + _allot(free_missed, inside, dice),
        "offensive_rebounds": _allot(offensive, working * tendency["offensive_rebounds"], dice),
        "defensive_rebounds": _allot(defensive, working * tendency["defensive_rebounds"], dice),
        "assists": _allot(assists, handling * tendency["assists"], dice),
        "steals": _allot(steals, seconds * tendency["steals"], dice),
        "blocks": _allot(blocks, seconds * tendency["blocks"], dice),
        "turnovers": _allot(turnovers, handling * (0.5 + 0.5 * tendency["assists"]), dice),
        "personal_fouls": np.minimum(_allot(about(19.9, 3.9, length), seconds + 240.0 * (seconds > 0), dice), 6),
    }


def _opponents(values: Any) -> Any:
    """What the other team of the game has, of one element a team and game."""
    return values.reshape(-1, 2)[:, ::-1].ravel()


def _plus_minus(margin: Ints, seconds: Ints, overtimes: Ints, dice: Dice) -> Ints:
    """Plus-minus of everyone. A team's adds up to five times its margin, because five are on the floor."""
    share = seconds / (60.0 * (48 + 5 * overtimes))[:, None]
    swing = 12.5 * np.sqrt(share) * dice.bell(*seconds.shape)
    swing -= np.cumsum(swing, axis=1)[:, -1:] * share / 5
    rough = np.rint(margin[:, None] * share + swing).astype(np.int64)
    missing = 5 * margin - rough.sum(axis=1)
    by_time = np.argsort(np.argsort(-seconds, axis=1, kind="stable"), axis=1, kind="stable")
    return np.asarray(rough + np.sign(missing)[:, None] * (by_time < np.abs(missing)[:, None]))


def points_of(stats: dict[str, Ints]) -> Ints:
    return 2 * stats["field_goals_made"] + stats["three_pointers_made"] + stats["free_throws_made"]


def rebounds_of(stats: dict[str, Ints]) -> Ints:
    return stats["offensive_rebounds"] + stats["defensive_rebounds"]

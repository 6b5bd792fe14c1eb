"""Who is on a team's list on which night: injuries, trades, newcomers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo_league.calendar import TEAMS, Games
from demo_league.dice import Bools, Dice, Ints
from demo_league.people import NEWCOMERS, RANKS, People
from demo_league.season_dates import SeasonDates


@dataclass(frozen=True)
class Rosters:
    """Who is under contract where: `person` and `unfit` by day of the season, team and rank in the team.

    `leaving` holds day, team and person of those whom the team still lists on the day on which another has got them.
    """

    person: Ints
    unfit: Bools
    leaving: list[tuple[int, int, int]]


def make_rosters(dates: SeasonDates, games: Games, people: People, dice: Dice) -> Rosters:
    day = (games.date - dates.opening).astype(np.int64)
    span = int(day[-1]) + 1
    jobs = np.arange(len(TEAMS) * RANKS).reshape(len(TEAMS), RANKS)
    for rank in range(RANKS):
        movers = dice.sample(np.arange(len(TEAMS)), 7)
        jobs[movers, rank] = jobs[np.roll(movers, 1), rank]
    person = np.repeat(people.holding(jobs, dates.season)[None], span, axis=0)
    unfit = _injuries(span, dice)

    def swap(when: int, one: int, other: int, rank: int) -> None:
        person[when:, [one, other], rank] = person[when:, [other, one], rank]

    deadline = int((dates.trade_deadline - dates.opening).astype(np.int64))
    for when in np.sort(28 + dice.below(deadline - 30, 30)).tolist():
        one, other = dice.sample(np.arange(len(TEAMS)), 2).tolist()
        swap(when, one, other, 2 + dice.below(9, 1).item())

    leaving: list[tuple[int, int, int]] = []
    for when in (deadline - 1, deadline):
        for number, (one, other) in enumerate(_traders(games, day == when, dice)):
            rank = 2 + dice.below(9, 1).item()
            leaving += [(when, team, int(person[when, team, rank])) for team in (one, other)]
            swap(when, one, other, rank)
            # Most of them have not arrived yet. The others may play for the new team on the evening of the trade.
            unfit[when, [one, other], rank] = [number == 0, True]

    newcomers = people.holding(len(TEAMS) * RANKS + np.arange(NEWCOMERS), dates.season)
    whens, teams = np.sort(20 + dice.below(150, NEWCOMERS)), dice.below(len(TEAMS), NEWCOMERS)
    ranks = 11 + dice.below(RANKS - 11, NEWCOMERS)
    for when, team, rank, newcomer in zip(whens, teams, ranks, newcomers, strict=True):
        person[when:, team, rank] = newcomer
    return Rosters(person, unfit, leaving)


def _injuries(span: int, dice: Dice) -> Bools:
    unfit = np.zeros((span, len(TEAMS), RANKS), dtype=np.bool_)
    shape = (len(TEAMS), RANKS, 4)
    starts = dice.below(span, *shape)
    # Mostly a few days, now and then weeks.
    lengths = 1 + (85 * dice.uniform(*shape) * dice.uniform(*shape) * dice.uniform(*shape)).astype(np.int64)
    for place, start in np.ndenumerate(starts):
        unfit[start : start + lengths[place], place[0], place[1]] = True
    return unfit


def _traders(games: Games, tonight: Bools, dice: Dice) -> list[tuple[int, int]]:
    """At most two pairs of teams that play tonight, but not against each other."""
    opponent = dict(zip(games.home[tonight].tolist(), games.away[tonight].tolist(), strict=True))
    opponent |= {away: home for home, away in opponent.items()}
    teams = [sorted(opponent)[place] for place in dice.order(len(opponent)).tolist()]
    pairs = zip(teams[::2], teams[1::2], strict=False)
    return [(one, other) for one, other in pairs if opponent[one] != other][:2]

"""Ways in which box scores go wrong: kinds of corruption, by statistic, by scope, and by the sources that have them.

Each is SQL that corrupts one date of the raw tables, or one date of the summary after it was published.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

GAMEBOOK, BDL = "nbac_gamebook_player_stats", "bdl_player_boxscores"
# Whom it concerns is asked of the gamebook, which is corrupted last.
SOURCES = {"gamebook": (GAMEBOOK,), "balldontlie": (BDL,), "both": (BDL, GAMEBOOK)}
# The column in which a source spells a player's name.
NAMES = {BDL: "player_full_name", GAMEBOOK: "player_name"}
COUNTS = (
    *("points", "assists", "total_rebounds", "offensive_rebounds", "defensive_rebounds", "steals", "blocks"),
    *("turnovers", "personal_fouls", "field_goals_made", "field_goals_attempted", "three_pointers_made"),
    *("three_pointers_attempted", "free_throws_made", "free_throws_attempted"),
)
# Who is on the floor, of the raw rows: balldontlie says '', 00 and the like of everyone else.
PLAYED = "player_status = 'active'"


# What no rule can know, because the box score that comes of it is as likely as the right one: both sources say the same
# of one player or one team, and nothing that players or teams do together contradicts it.
UNKNOWABLE = (
    r"(assists|steals|blocks|turnovers|personal_fouls) (nought|doubled|of team mates).* (player|team) in both",
    r"(blocks|offensive_rebounds|three_pointers_made) (nought|of team mates).* team in both",
    # Within the two by which sources differ on right dates.
    r"(steals|blocks|turnovers|personal_fouls) (nought|doubled|of team mates).* player in (gamebook|balldontlie)",
    # The gamebook alone has it, and is off by a few points now and then, or lacks it for a player or a team.
    r"plus_minus .* player in gamebook",
    r"plus_minus (NULL|of team mates) .* team in gamebook",
    # For one game a new name is a nickname as likely as a fault: a line that the other source has alike links it, and
    # otherwise the other row is left out as surplus.
    r"the star under another name in gamebook",
    # Both say so, and nothing else says where a game was played.
    r"home and away turned round in both",
)


@dataclass(frozen=True)
class Corruption:
    """What is done to a date, as SQL with the date as {day}."""

    name: str
    statements: tuple[str, ...]

    @property
    def is_knowable(self) -> bool:
        """Whether what comes of it can be told from a right box score."""
        return not any(re.fullmatch(pattern, self.name) for pattern in UNKNOWABLE)


def column(table: str, statistic: str) -> str:
    return "rebounds" if (table, statistic) == (BDL, "total_rebounds") else statistic


# The rows of a scope: all who played on the date; of one team; and the one of that team who has most of the statistic.
# Chosen by the gamebook, so that both sources lose the same.
_TEAM = f"(select min(team_abbr) from {GAMEBOOK} where game_date = '{{day}}')"
_ACTIVE = f"select player_lookup from {GAMEBOOK} where game_date = '{{day}}' and {PLAYED}"


def of_scope(scope: str, statistic: str) -> str:
    chosen = {
        "date": _ACTIVE,
        "team": f"{_ACTIVE} and team_abbr = {_TEAM}",
        "player": f"{_ACTIVE} and team_abbr = {_TEAM} order by {statistic} desc, player_lookup limit 1",
    }
    return f"game_date = '{{day}}' and player_lookup in ({chosen[scope]})"


def _set(table: str, statistic: str, value: str, scope: str) -> str:
    name = column(table, statistic)
    return f"update {table} set {name} = {value.format(name)} where {of_scope(scope, statistic)}"


def _to_team_mates(table: str, statistic: str, scope: str) -> str:
    """Everyone has what the one after him has; of a player scope, he who has most changes with him who has least."""
    name = column(table, statistic)
    if scope == "player":
        order = f"row_number() over (partition by team_abbr order by {statistic} desc, player_lookup)"
        last = "count(*) over (partition by team_abbr)"
        pairs = f"""
            select player_lookup, case {order} when 1 then {last} when {last} then 1 else {order} end as giver,
                {order} as place, team_abbr
            from {GAMEBOOK} where game_date = '{{day}}' and {PLAYED} and team_abbr = {_TEAM}
        """
    else:
        order = "row_number() over (partition by team_abbr order by player_lookup)"
        of_team = "" if scope == "date" else f" and team_abbr = {_TEAM}"
        pairs = f"""
            select player_lookup, {order} % count(*) over (partition by team_abbr) + 1 as giver, {order} as place,
                team_abbr
            from {GAMEBOOK} where game_date = '{{day}}' and {PLAYED}{of_team}
        """
    return f"""
        update {table} as taken set {name} = given.value
        from (
            with pairs as ({pairs})
            select taker.player_lookup, any_value(source.{name}) as value
            from pairs as taker join pairs as giver on taker.giver = giver.place and taker.team_abbr = giver.team_abbr
            join {table} as source on source.player_lookup = giver.player_lookup and source.game_date = '{{day}}'
            group by taker.player_lookup
        ) as given
        where taken.game_date = '{{day}}' and taken.player_lookup = given.player_lookup
    """


def _in_order_of_minutes(table: str, statistic: str) -> str:
    """Of each team who played longest has most of it."""
    place = "row_number() over (partition by team_abbr order by {} desc, player_lookup) as place"
    return f"""
        update {table} as taken set {column(table, statistic)} = given.value
        from (
            select taker.player_lookup, giver.value
            from (
                select player_lookup, team_abbr, {place.format("minutes_decimal")}
                from {GAMEBOOK} where game_date = '{{day}}' and {PLAYED}
            ) as taker
            join (
                select {statistic} as value, team_abbr, {place.format(statistic)}
                from {GAMEBOOK} where game_date = '{{day}}' and {PLAYED}
            ) as giver on taker.team_abbr = giver.team_abbr and taker.place = giver.place
        ) as given
        where taken.game_date = '{{day}}' and taken.player_lookup = given.player_lookup
    """


def _of_neighbours(table: str, statistic: str) -> str:
    """In every game two team mates have each other's, who played about as long and whom both sources have."""
    name = column(table, statistic)
    return f"""
        update {table} as taken set {name} = given.value
        from (
            with places as (
                select game_date, team_abbr, player_lookup, row_number() over (
                    partition by game_date, team_abbr order by minutes_decimal desc, player_lookup
                ) as place
                from {GAMEBOOK} semi join {BDL} using (game_date, team_abbr, player_lookup) where {PLAYED}
            )
            select taker.game_date, taker.player_lookup, any_value(source.{name}) as value
            from places as taker
            join places as giver
            on taker.game_date = giver.game_date and taker.team_abbr = giver.team_abbr
            and giver.place = taker.place + if(taker.place % 2 = 1, 1, -1)
            join {table} as source
            on source.game_date = giver.game_date and source.player_lookup = giver.player_lookup
            group by taker.game_date, taker.player_lookup
        ) as given
        where taken.game_date = given.game_date and taken.player_lookup = given.player_lookup
    """


def of_statistics() -> Iterator[Corruption]:
    """Every counted statistic, plus-minus and minutes: lost, nought, doubled, negative, and another player's."""
    for source, tables in SOURCES.items():
        for statistic in (*COUNTS, "minutes", "plus_minus"):
            if statistic == "plus_minus" and source != "gamebook":
                continue
            for scope in ("date", "team", "player"):
                kinds = {"NULL": "null", "nought": "'00:00'" if statistic == "minutes" else "0"}
                if statistic != "minutes":
                    kinds |= {"doubled": "2 * {}", "negative": "-1"}
                for kind, value in kinds.items():
                    changed = tuple(_set(table, statistic, value, scope) for table in tables)
                    yield Corruption(f"{statistic} {kind} of a {scope} in {source}", changed)
                changed = tuple(_to_team_mates(table, statistic, scope) for table in tables)
                yield Corruption(f"{statistic} of team mates for a {scope} in {source}", changed)


_GAME = f"(select min(game_id) from {GAMEBOOK} where game_date = '{{day}}')"
_TEAMS = f"(select distinct team_abbr from {GAMEBOOK} where game_id = {_GAME})"
_STAR = (
    f"(select player_lookup from {GAMEBOOK} where game_date = '{{day}}' and {PLAYED} "
    "order by points desc, player_lookup limit 1)"
)
_DAY = "game_date = '{day}'"
_TURNED = "home_team_abbr = away_team_abbr, away_team_abbr = home_team_abbr"
_TURNED_ID = (
    "game_id = split_part(game_id, '_', 1) || '_' || split_part(game_id, '_', 3) || '_' || split_part(game_id, '_', 2)"
)
_TURNED_SCORES = "home_team_score = away_team_score, away_team_score = home_team_score"
_LINE = (*COUNTS, "minutes")


def played_for_no_second() -> dict[str, str]:
    """What makes somebody who did not play one who did nothing, by the source."""
    return {
        BDL: "minutes = '00:00'",
        GAMEBOOK: f"player_status = 'active', minutes = '00:00', {', '.join(f'{count} = 0' for count in COUNTS)}",
    }


def of_structure() -> Iterator[Corruption]:
    """Games, teams, players and dates that are lost, doubled, turned round, moved, or those of another day."""
    for source, tables in SOURCES.items():

        def of(name: str, *statements: str, source: str = source, tables: tuple[str, ...] = tables) -> Corruption:
            return Corruption(
                f"{name} in {source}", tuple(each.replace("{table}", table) for table in tables for each in statements)
            )

        home = "home_team_abbr" if source != "balldontlie" else "upper(home_team_abbr)"
        yield of("home and away turned round", f"update {{table}} set {_TURNED}, {_TURNED_ID} where {_DAY}")
        yield of("one team of each game missing", f"delete from {{table}} where {_DAY} and team_abbr = {home}")
        yield of("one team of a game missing", f"delete from {{table}} where {_DAY} and team_abbr = {_TEAM}")
        yield of("the star missing", f"delete from {{table}} where {_DAY} and player_lookup = {_STAR}")
        yield of(
            "half of the players missing",
            f"delete from {{table}} where {_DAY} and hash(player_lookup) % 2 = 0",
        )
        if source != "both":
            yield of(
                "the star under another name",
                f"update {{table}} set player_lookup = 'z' || player_lookup where {_DAY} and player_lookup = {_STAR}",
            )
        yield of(
            "the star twice, under another name",
            f"insert into {{table}} select * replace ('zz' || player_lookup as player_lookup) from {{table}} "
            f"where {_DAY} and player_lookup = {_STAR}",
        )
        yield of(
            "the star's line doubled with other points",
            "insert into {table} select * replace (points + 2 as points, field_goals_made + 1 as field_goals_made, "
            f"field_goals_attempted + 1 as field_goals_attempted) from {{table}} where {_DAY} "
            f"and player_lookup = {_STAR}",
        )
        yield of(
            "a team's players given to its opponent",
            f"update {{table}} set team_abbr = (select max(team_abbr) from {GAMEBOOK} where game_id = {_GAME}) "
            f"where {_DAY} and team_abbr in {_TEAMS}",
        )
        yield of(
            "a basket more for the star",
            "update {table} set points = points + 2, field_goals_made = field_goals_made + 1, "
            f"field_goals_attempted = field_goals_attempted + 1 where {_DAY} and player_lookup = {_STAR}",
        )
        yield of(
            "seven fouls of the star",
            f"update {{table}} set personal_fouls = 7 where {_DAY} and player_lookup = {_STAR}",
        )
        yield of(
            "a code that nobody knows", f"update {{table}} set team_abbr = 'XXX' where {_DAY} and team_abbr = {_TEAM}"
        )
        yield of(
            "minutes that nobody reads",
            f"update {{table}} set minutes = minutes || ' min' where {_DAY} and minutes != ''",
        )
        for whose, team in (("a team", f" and now.team_abbr = {_TEAM}"), ("everybody", "")):
            yield Corruption(
                f"the same minutes for {whose} in {source}",
                tuple(
                    f"update {table} as now set minutes = printf('%d:%02d', seconds // 60, seconds % 60)"
                    f"{', minutes_decimal = seconds / 60' if table == GAMEBOOK else ''} from (select team_abbr, "
                    f"14400 // count(*) as seconds from {GAMEBOOK} where {_DAY} and {PLAYED} group by 1) as shared "
                    f"where now.{_DAY} and now.player_lookup in ({_ACTIVE}) and now.team_abbr = shared.team_abbr{team}"
                    for table in tables
                ),
            )
        # A stale copy: who played has the line that he had last time.
        stale = ", ".join(f"{{{name}}} = coalesce(before.{{{name}}}, now.{{{name}}})" for name in _LINE)
        yield Corruption(
            f"the lines of the time before in {source}",
            tuple(
                f"update {table} as now set {stale.format(**{name: column(table, name) for name in _LINE})} "
                f"from (select * from {table} as t where game_date < '{{day}}' and t.minutes > '05' "
                "qualify row_number() over (partition by player_lookup order by game_date desc) = 1) as before "
                f"where now.game_date = '{{day}}' and now.player_lookup = before.player_lookup and now.minutes > '05'"
                for table in tables
            ),
        )
    none_played = {
        BDL: f"minutes = '', {', '.join(f'{column(BDL, count)} = 0' for count in COUNTS)}",
        GAMEBOOK: "player_status = 'inactive', minutes = null, " + ", ".join(f"{count} = null" for count in COUNTS),
    }
    for whom, rows in {"everyone": _DAY, "the star": f"{_DAY} and player_lookup = {_STAR}"}.items():
        statements = tuple(f"update {table} set {values} where {rows}" for table, values in none_played.items())
        yield Corruption(f"{whom} inactive in both", statements)
    noughts = played_for_no_second()
    for source in ("gamebook", "both"):
        yield Corruption(
            f"whoever did not play has played for no second in {source}",
            tuple(
                f"update {table} set {noughts[table]} where {_DAY} and player_lookup in (select player_lookup "
                f"from {GAMEBOOK} where {_DAY} and not {PLAYED})"
                for table in SOURCES[source]
            ),
        )
    yield Corruption("no reason for not playing", (f"update {GAMEBOOK} set dnp_reason = null where {_DAY}",))
    next_day = "game_date = game_date + 1, game_id = strftime(game_date + 1, '%Y%m%d') || substr(game_id, 9)"
    for source, tables in SOURCES.items():
        yield Corruption(
            f"the day's games moved to the next day in {source}",
            tuple(f"update {table} set {next_day} where {_DAY}" for table in tables),
        )
        for name, change in {"": next_day, ", its id left behind,": "game_date = game_date + 1"}.items():
            yield Corruption(
                f"a game moved to the next day{name} in {source}",
                tuple(f"update {table} set {change} where {_DAY} and game_id = {_GAME}" for table in tables),
            )


def of_columns() -> Iterator[Corruption]:
    """What a processor does to a column or to some rows, in both sources, so that only the box scores show it."""
    sitting = {BDL: "not minutes > '00:00'", GAMEBOOK: f"not {PLAYED}"}
    everyone = {BDL: "minutes > '00:00'", GAMEBOOK: PLAYED}
    yield Corruption(
        "all missing who did not play in both",
        tuple(f"delete from {table} where {_DAY} and coalesce({who}, true)" for table, who in sitting.items()),
    )
    for statistic, kind, value in (
        ("assists", "one more", "{} + 1"),
        ("turnovers", "two", "2"),
        ("turnovers", "one more", "{} + 1"),
        ("steals", "one more", "{} + 1"),
        ("personal_fouls", "nought or the same", "case when hash(player_lookup) % 2 = 0 then 0 else {} end"),
        ("blocks", "one", "1"),
        ("personal_fouls", "half", "{} // 2"),
        ("points", "without the tens", "{} % 10"),
    ):
        yield Corruption(
            f"{statistic} {kind} for everybody in both",
            tuple(
                f"update {table} set {column(table, statistic)} = {value.format(column(table, statistic))} "
                f"where {_DAY} and {everyone[table]}"
                for table in SOURCES["both"]
            ),
        )
    yield Corruption(
        "assists and turnovers in each other's column in both",
        tuple(f"update {table} set assists = turnovers, turnovers = assists where {_DAY}" for table in SOURCES["both"]),
    )
    for statistic in ("turnovers", "assists"):
        yield Corruption(
            f"{statistic} two for everybody in a game in both",
            tuple(
                f"update {table} set {statistic} = 2 where {_DAY} and {everyone[table]} and team_abbr in {_TEAMS}"
                for table in SOURCES["both"]
            ),
        )
    for statistic, other in (("steals", "blocks"), ("turnovers", "personal_fouls")):
        yield Corruption(
            f"{statistic} in the column of {other} too, in a game in both",
            tuple(
                f"update {table} set {other} = {statistic} where {_DAY} and {everyone[table]} and team_abbr in {_TEAMS}"
                for table in SOURCES["both"]
            ),
        )
    for statistic in ("personal_fouls", "turnovers"):
        yield Corruption(
            f"{statistic} in the order of minutes in both",
            tuple(_in_order_of_minutes(table, statistic) for table in SOURCES["both"]),
        )
    yield Corruption(
        "plus_minus by the share of minutes in gamebook",
        (
            f"update {GAMEBOOK} as taken set plus_minus = "
            "round(margin * through / all_minutes) - round(margin * (through - minutes_decimal) / all_minutes) from ("
            "select player_lookup, team_abbr, sum(plus_minus) over of_team as margin, "
            "sum(minutes_decimal) over (partition by team_abbr order by player_lookup) as through, "
            f"sum(minutes_decimal) over of_team as all_minutes from {GAMEBOOK} where {_DAY} and {PLAYED} "
            "window of_team as (partition by team_abbr)) as given "
            "where taken.game_date = '{day}' and taken.player_lookup = given.player_lookup "
            f"and taken.team_abbr = given.team_abbr and {PLAYED}",
        ),
    )
    yield Corruption(
        "lookups of those who sat moved on by a row in gamebook",
        (
            f"update {GAMEBOOK} as moved set player_lookup = next.lookup from (select player_lookup, team_abbr, "
            "coalesce(lead(player_lookup) over of_team, min(player_lookup) over (partition by team_abbr)) as lookup "
            f"from {GAMEBOOK} where {_DAY} and not {PLAYED} "
            "window of_team as (partition by team_abbr order by player_lookup)) as next "
            "where moved.game_date = '{day}' and moved.player_lookup = next.player_lookup "
            "and moved.team_abbr = next.team_abbr",
        ),
    )
    for what, name in (("a number", "'#8 ' || {}"), ("signs that stand for a letter", "replace({}, 'a', '&#97;')")):
        yield Corruption(
            f"{what} in the names in both",
            tuple(
                f"update {table} set {column} = {name.format(column)} where {_DAY}" for table, column in NAMES.items()
            ),
        )
    yield Corruption(
        "the star misspelt in both",
        tuple(
            f"update {table} set player_lookup = player_lookup || 'x', {column} = {column} || 'x' "
            f"where {_DAY} and player_lookup = {_STAR}"
            for table, column in NAMES.items()
        ),
    )
    sits = f"{_DAY} and not {PLAYED}"
    half = f"player_lookup in (select player_lookup from {GAMEBOOK} where {sits} and hash(player_lookup) % 2 = 0)"
    yield Corruption(
        "half of those missing who did not play in both",
        tuple(f"delete from {table} where {_DAY} and {half}" for table in SOURCES["both"]),
    )
    yield Corruption(
        "those who did not play on the list of the opponent too in gamebook",
        (
            f"insert into {GAMEBOOK} by name select * replace (if(team_abbr = home_team_abbr, away_team_abbr, "
            f"home_team_abbr) as team_abbr) from {GAMEBOOK} where {sits}",
        ),
    )
    of_season = f"season like (select min(season_year) || '-%' from {GAMEBOOK} where {_DAY})"
    stranger = (
        f"(select min(player_lookup) from nba_players_registry where {of_season} and player_lookup not in "
        f"(select player_lookup from nba_players_registry where {of_season} and team_abbr in (select team_abbr "
        f"from {GAMEBOOK} where {_DAY} and player_lookup = {_STAR})) and player_lookup not in "
        f"(select player_lookup from {GAMEBOOK} where {_DAY} and player_lookup is not null))"
    )
    name = f"(select min(player_name) from nba_players_registry where player_lookup = {stranger})"
    yield Corruption(
        "the star under the name of somebody on another team in gamebook",
        (
            f"update {GAMEBOOK} set player_name = {name}, player_lookup = {stranger} "
            f"where {_DAY} and player_lookup = {_STAR}",
        ),
    )
    for shot in ("three_pointers", "free_throws"):
        yield Corruption(
            f"as many {shot} attempted as made in both",
            tuple(f"update {table} set {shot}_attempted = {shot}_made where {_DAY}" for table in SOURCES["both"]),
        )
    for status, other in (("dnp", "inactive"), ("inactive", "dnp")):
        yield Corruption(
            f"whoever is {status} has the status {other} in gamebook",
            (f"update {GAMEBOOK} set player_status = '{other}' where {_DAY} and player_status = '{status}'",),
        )
        yield Corruption(
            f"all missing who are {status} in both",
            (
                f"delete from {BDL} where {_DAY} and player_lookup in (select player_lookup from {GAMEBOOK} "
                f"where {_DAY} and player_status = '{status}')",
                f"delete from {GAMEBOOK} where {_DAY} and player_status = '{status}'",
            ),
        )
    one_of_each_team = (
        f"(select min(player_lookup) from {GAMEBOOK} where {_DAY} and player_status = 'dnp' "
        "group by game_id, team_abbr)"
    )
    yield Corruption(
        "one of each team who did not play has played for no second in both",
        tuple(
            f"update {table} set {noughts} where {_DAY} and player_lookup in {one_of_each_team}"
            for table, noughts in played_for_no_second().items()
        ),
    )
    opponent = "team_abbr = case when upper(trim(team_abbr)) = upper(trim({0})) then {1} else {0} end"
    sides = opponent.format("home_team_abbr", "away_team_abbr")
    yield Corruption(
        "each team's players and score given to its opponent in both",
        (f"update {BDL} set {sides}, {_TURNED_SCORES} where {_DAY}", f"update {GAMEBOOK} set {sides} where {_DAY}"),
    )


def of_seasons() -> dict[str, tuple[str, ...]]:
    """What only a whole season shows, in both sources, as SQL without a date: by the check that shows it."""
    tables = SOURCES["both"]
    return {
        "missing_season_games": (
            f"create table lost_games as select distinct game_date, home_team_abbr from {GAMEBOOK} "
            "where hash(game_date, home_team_abbr) % 50 = 0",
            *(f"delete from {each} where (game_date, upper(home_team_abbr)) in (from lost_games)" for each in tables),
        ),
        "capped_statistics": tuple(f"update {each} set personal_fouls = 5 where personal_fouls > 5" for each in tables),
        "unregistered_teams": (
            "delete from nba_players_registry where team_abbr = (select min(team_abbr) from nba_players_registry)",
        ),
        "unregistered_regulars": (
            "delete from nba_players_registry where player_lookup = (select player_lookup from nba_players_registry "
            f"inner join {GAMEBOOK} using (player_lookup) where player_status = 'active' "
            "group by player_lookup order by count(*) desc, player_lookup limit 1)",
        ),
        "ambiguous_players": (
            "update nba_players_registry set universal_player_id = universal_player_id || '_b' "
            "where (season, player_lookup, team_abbr) in (select season, player_lookup, max(team_abbr) "
            "from nba_players_registry group by season, player_lookup having count(distinct team_abbr) > 1)",
        ),
        "uneven_statistics": tuple(
            f"update {each} set blocks = 0 where blocks > 0 and month(game_date) = 12 and "
            f"upper(team_abbr) = (select max(team_abbr) from {GAMEBOOK})"
            for each in tables
        ),
        # The game of the season with most players, by both sources' dates.
        "registry_differences": tuple(
            f"delete from {each} where (game_date, team_abbr) in (select game_date, team_abbr from {GAMEBOOK} "
            f"where game_id = (select game_id from {GAMEBOOK} where {PLAYED} and game_date < (select max(game_date) "
            f"- interval 90 day from {GAMEBOOK}) group by game_id order by count(*) desc, game_id limit 1))"
            for each in tables
        ),
        "inconsistent_statistics": tuple(_of_neighbours(table, "steals") for table in tables),
        # Of one team in February.
        "exchanged_statistics": tuple(
            f"update {each} set assists = turnovers, turnovers = assists where month(game_date) = 2 and "
            f"upper(team_abbr) = (select max(team_abbr) from {GAMEBOOK})"
            for each in tables
        ),
        # Who passes and who rebounds of a team exchange their names in January.
        "exchanged_players": (
            "create table exchanged as select arg_max(player_lookup, assists) as one, "
            "arg_max(player_name, assists) as name, arg_max(player_lookup, rebounds) as other, "
            "arg_max(player_name, rebounds) as other_name from (select player_lookup, any_value(player_name) "
            "as player_name, sum(assists - offensive_rebounds) as assists, "
            "sum(offensive_rebounds - assists) as rebounds "
            f"from {GAMEBOOK} where team_abbr = (select min(team_abbr) from {GAMEBOOK}) and month(game_date) = 1 "
            "group by player_lookup having count(assists) >= 12)",
            *(
                f"update {table} set player_lookup = if(player_lookup = one, other, one), "
                f"{name} = if(player_lookup = one, other_name, name) from exchanged "
                "where month(game_date) = 1 and player_lookup in (one, other)"
                for table, name in NAMES.items()
            ),
        ),
        "uneven_home_games": (
            f"update {BDL} set {_TURNED}, {_TURNED_ID}, {_TURNED_SCORES}",
            f"update {GAMEBOOK} set {_TURNED}, {_TURNED_ID}",
        ),
        # An 8 is read as a 6 in January.
        "misread_values": tuple(
            f"update {each} set assists = 6 where assists = 8 and month(game_date) = 1" for each in tables
        ),
        # Whoever fouls most of a team does not in November.
        "unlikely_months": tuple(
            f"update {each} set personal_fouls = 0 where personal_fouls > 0 and month(game_date) = 11 "
            f"and player_lookup = (select player_lookup from {GAMEBOOK} where month(game_date) = 11 "
            f"and team_abbr = (select min(team_abbr) from {GAMEBOOK}) "
            "group by 1 order by sum(personal_fouls) desc, 1 limit 1)"
            for each in tables
        ),
        # Of one team in December.
        "repeated_statistics": tuple(
            f"update {each} set personal_fouls = before.fouls from (select game_date, player_lookup, "
            f"lag(personal_fouls) over (partition by player_lookup order by game_date) as fouls from {GAMEBOOK} "
            f"where {PLAYED}) as before "
            f"where {each}.game_date = before.game_date and {each}.player_lookup = before.player_lookup "
            f"and {each}.personal_fouls is not null and before.fouls is not null and month({each}.game_date) = 12 "
            f"and upper({each}.team_abbr) = (select min(team_abbr) from {GAMEBOOK})"
            for each in tables
        ),
        # One in fifteen is lost, in both sources the same one, and becomes nothing.
        "excess_noughts": tuple(
            f"update {each} set assists = 0 where (7 * points + 3 * defensive_rebounds + 5 * assists) % 15 = 0"
            for each in tables
        ),
        "lost_plus_minus": (
            f"update {GAMEBOOK} set plus_minus = null where player_lookup = (select max(player_lookup) from "
            f"(select player_lookup from {GAMEBOOK} where {PLAYED} group by 1 having count(*) > 60))",
        ),
        "source_disagreements": (f"update {GAMEBOOK} set turnovers = turnovers + 1 where {PLAYED} and rowid % 60 = 0",),
        "broken_rosters": (f"delete from {GAMEBOOK} where player_status = 'inactive' and rowid % 10 = 0",),
        # Of the first season alone.
        "season_change": tuple(
            f"update {each} set turnovers = round(1.25 * turnovers) "
            f"where game_date < (select min(game_date) + interval 300 day from {each})"
            for each in tables
        ),
    }


def of_summary() -> Iterator[Corruption]:
    """What somebody does to the published rows by hand."""
    for statistic in ("assists", "steals", "minutes_played", "plus_minus", "usage_rate"):
        for kind, value in (("doubled", f"2 * {statistic}"), ("nought", "0"), ("NULL", "null")):
            yield Corruption(
                f"{statistic} {kind} in the summary",
                (f"update player_game_summary set {statistic} = {value} where {_DAY} and is_active",),
            )
    star = f"{_DAY} and player_lookup = {_STAR}"
    row_of_star = f"select * from player_game_summary where {star}"
    for what, statements in {
        "ids overwritten": (
            f"update player_game_summary set universal_player_id = 'x' || universal_player_id where {_DAY}",
        ),
        "a row deleted": (f"delete from player_game_summary where {star}",),
        "a row twice": (f"insert into player_game_summary {row_of_star}",),
        "the day deleted": (f"delete from player_game_summary where {_DAY}",),
        "the day deleted, and its ledger": tuple(
            f"delete from {table} where {_DAY}" for table in ("player_game_summary", "backfill_ledger")
        ),
        "home and away turned round": (f"update player_game_summary set is_home = not is_home where {_DAY}",),
        "sources corrected since": (f"update {GAMEBOOK} set assists = assists + 1 where {star}",),
        "sources lost since": tuple(f"delete from {table} where {_DAY}" for table in SOURCES["both"]),
    }.items():
        yield Corruption(f"{what} in the summary", statements)

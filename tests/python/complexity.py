"""How much a statement asks for with all in it expanded, as BigQuery has it: CTEs where they are named, and views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import sqlglot
from sqlglot import exp


@cache
def parsed(sql: str) -> exp.Expression:
    """The statement, read as BigQuery does."""
    return sqlglot.parse_one(sql, dialect="bigquery")


@dataclass(frozen=True)
class Size:
    """How often a query refers to tables, and how many queries its deepest one stands in."""

    references: int = 0
    levels: int = 0

    def beside(self, other: Size) -> Size:
        return Size(self.references + other.references, max(self.levels, other.levels))


def size_of(statement: exp.Expression, views: Mapping[str, exp.Expression]) -> Size:
    """The size of a statement, by the queries of the views that it may read."""
    return _size(statement, {}, views)


def _size(node: exp.Expression, ctes: Mapping[str, Size], views: Mapping[str, exp.Expression]) -> Size:
    if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
        if node.db:
            return _size(views[node.name], {}, views) if node.name in views else Size(1)
        # What has no dataset is a CTE, or the rows of an array.
        return ctes.get(node.name, Size())
    known = dict(ctes)
    with_ = node.args.get("with_")
    for cte in with_.expressions if with_ else ():
        known[cte.alias] = _size(cte.this, known, views)
    size = Size()
    for child in node.iter_expressions():
        if child is not with_:
            size = size.beside(_size(child, known, views))
    return Size(size.references, size.levels + isinstance(node, exp.Select))

"""Chance that is the same on every machine, and the arrays that it fills."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Dates: TypeAlias = npt.NDArray[np.datetime64]


class Dice:
    """Random numbers that are the same on every machine, for a key of whole numbers from 0 on.

    NumPy promises for good what bits PCG64 gives, but not what its distributions make of them: so only bits are taken.
    """

    def __init__(self, *key: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence(key))

    def uniform(self, *shape: int) -> Floats:
        """Numbers from 0 to below 1."""
        raw: Any = self._bits.random_raw(math.prod(shape))
        return np.asarray((raw >> np.uint64(11)) * 2.0**-53, dtype=np.float64).reshape(shape)

    def bell(self, *shape: int) -> Floats:
        """Numbers of mean 0 and standard deviation 1 that look normal and never leave -3.5 to 3.5."""
        return np.asarray((self.uniform(4, *shape).sum(axis=0) - 2.0) * math.sqrt(3.0), dtype=np.float64)

    def below(self, limit: int, *shape: int) -> Ints:
        """Whole numbers from 0 to below `limit`."""
        return (self.uniform(*shape) * limit).astype(np.int64)

    def order(self, count: int) -> Ints:
        """The numbers from 0 to below `count`, shuffled."""
        return np.argsort(self.uniform(count), kind="stable")

    def sample(self, pool: Ints, count: int) -> Ints:
        """At most `count` different elements of `pool`."""
        return pool[self.order(len(pool))[:count]]

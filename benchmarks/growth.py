"""How time grows with a platform: the exponent is 1 where it is linear, 0 where it is constant."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.measure import Runs


@dataclass(frozen=True, slots=True)
class Growth:
    """CPU seconds of several programs at two sizes."""

    dimension: str
    sizes: tuple[int, int]
    small: Mapping[str, Runs]
    large: Mapping[str, Runs]

    def exponents(self) -> dict[str, float]:
        factor = math.log(self.sizes[1] / self.sizes[0])
        return {
            name: math.log(self.large[name].cpu / self.small[name].cpu) / factor
            for name in self.small
            if name in self.large
        }

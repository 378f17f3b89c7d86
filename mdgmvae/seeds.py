"""Seeds: whole numbers that are kept, so that any result can be had again."""

from typing import Any

import numpy as np

from .errors import InputError
from .presets import check_count, check_counts


def draw_seed() -> int:
    """A seed that nobody chose, from the entropy of the operating system."""
    return int(np.random.SeedSequence().generate_state(1)[0])


def seed_of(*numbers: int) -> int:
    """A seed of 32 bits, for what takes no more, from a seed of any size and other numbers.

    Examples
    --------
    >>> seed_of(2**62, 1) < 2**32, seed_of(3, 0) == seed_of(3, 1)
    (True, False)
    """
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


def checked_seeds(seeds: Any) -> list[int]:
    """Several seeds, at least one.

    Raises
    ------
    InputError
        When there is none, or one is no seed.

    Examples
    --------
    >>> checked_seeds(range(3))
    [0, 1, 2]
    """
    found = [checked_seed(seed) for seed in check_counts("seeds", seeds, low=0)]
    if not found:
        raise InputError("seeds=[]: at least one seed is needed")
    return found


def checked_seed(seed: Any) -> int:
    """The seed as an int.

    Raises
    ------
    InputError
        When it is not a whole number from 0 to 2**63 - 1.

    Examples
    --------
    >>> checked_seed(7.0)
    7
    """
    number = check_count("seed", seed, low=0)
    if number >= 2**63:
        raise InputError(f"seed={seed!r}: must be below 2**63")
    return number

"""Which names a wildcard may have: one pattern of all of them, as short as their common beginnings and ends make it.

Snakemake writes a wildcard's constraint into every path with that wildcard and reads the whole path again for every
file of every job: a thousand names side by side, of which each is read each time, cost a sixth of a dry run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

NONE = "(?!)"
"""The pattern of no name at all."""


def one_of(names: Iterable[str]) -> str:
    """Return a regular expression of these names and of no other; of none, one that nothing matches."""
    return pattern_of(frozenset(names)) or NONE


@cache
def pattern_of(names: frozenset[str]) -> str:
    """Return a regular expression of names by their first letters; those that the same endings follow are one class."""
    tails: dict[str, set[str]] = {}
    for name in names:
        if name:
            tails.setdefault(name[0], set()).add(name[1:])
    letters: dict[str, list[str]] = {}
    for letter in sorted(tails):
        letters.setdefault(pattern_of(frozenset(tails[letter])), []).append(re.escape(letter))
    branches = [(found[0] if len(found) == 1 else f"[{''.join(found)}]") + tail for tail, found in letters.items()]
    if len(branches) == 1 and "" not in names:
        return branches[0]
    return f"(?:{'|'.join(branches)}){'?' if '' in names else ''}" if branches else ""

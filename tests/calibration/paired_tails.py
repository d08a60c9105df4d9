"""Tails of the p-value over models: p ≤ 1e-3 and 1e-4 among a million features without an effect."""

from __future__ import annotations

import numpy as np

from calibration import designs
from calibration.row import AT_MOST, TYPE_1, Row, clustered

NOTE = "at most: the prior is weighed with caution, since few features or patients tell it badly"


def tail_rows(name: str, features: int, studies: int, levels: tuple[float, ...], seed: int) -> list[Row]:
    """Return how often p falls to a level or below, in ``studies`` × ``features`` features."""
    rng = np.random.default_rng(seed)
    reached, block = {level: [] for level in levels}, max(1, 200_000 // features)
    for start in range(0, studies, block):
        draws = designs.draw_differences(
            designs.DESIGNS[name], rng, studies=min(block, studies - start), features=features, between=0.3
        )
        for own in draws:
            p = designs.summarise(own)["p"].to_numpy()
            for level in levels:
                reached[level].append((p <= level).sum())
    truth = f"no effect, tables of {features:,} features; patients differ by sd 0.3"
    return [
        Row(("* p",), name, truth, TYPE_1, level, **clustered(np.array(hits), features), bound=AT_MOST, note=NOTE)
        for level, hits in reached.items()
    ]


def rows(quick: bool) -> list[Row]:
    """Return the rates of this topic."""
    total, levels = (100_000, (1e-3,)) if quick else (1_000_000, (1e-3, 1e-4))
    sizes = {"3 × (1+1)": (300, 10_000), "5 × (1+1)": (300, 10_000), "8 × (1+1)": (10_000,), designs.STUDY: (10_000,)}
    found = []
    for place, (name, tables) in enumerate(sizes.items()):
        for features in tables:
            if quick and (features == 300) != (place == 1):
                continue
            found += tail_rows(name, features, total // features, levels, 40_000 + place)
    return found

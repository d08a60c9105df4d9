"""Simulated profiles with known truth: counts of a few hundred genes by sample; models lie apart from each other."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from scripts.profiles import profiles

CONTRAST = {"baseline": "untreated", "persister": "persister", "relapse": "relapse"}


def sheet(plan: dict[str, dict[str, int]]) -> pd.DataFrame:
    """Return samples of models: ``plan``: replicates by ``timepoint`` or ``timepoint:arm``, by model."""
    rows = []
    for model, states in plan.items():
        for state, n in states.items():
            timepoint, _, arm = state.partition(":")
            arm = arm or ("untreated" if timepoint == "untreated" else "drug")
            rows += [(f"{model}_{timepoint}_{arm}{i + 1}", model, timepoint, arm, str(i + 1)) for i in range(n)]
    table = pd.DataFrame(rows, columns=["sample", "model", "timepoint", "arm", "replicate"]).set_index("sample")
    return table.assign(platform="bulk", n_cells=np.nan)


def draw(
    samples: pd.DataFrame,
    rng: np.random.Generator,
    *,
    n_genes: int = 300,
    shift: np.ndarray | float = 0.0,
    returns: float = 0.0,
    between: float = 0.0,
    noise: float = 0.2,
    depth: float = 200.0,
) -> pd.DataFrame:
    """Return counts, samples × genes. Persisters shift by ``shift`` (log2), relapses by its share ``returns``; models
    differ in every gene, in the shift by ``between`` (sd), samples by ``noise`` (sd of the natural logarithm).
    """
    base = np.log(depth) + rng.normal(0, 1, n_genes)
    models = {model: rng.normal(0, 0.5, n_genes) for model in dict.fromkeys(samples["model"])}
    own = {model: shift + rng.normal(0, between, n_genes) if between else shift for model in models}
    share = samples["timepoint"].map({"untreated": 0.0, "persister": 1.0, "relapse": returns})
    mean = [base + models[m] + np.log(2) * s * own[m] for m, s in zip(samples["model"], share, strict=True)]
    size = rng.uniform(0.5, 2.0, len(samples))
    log_mean = np.array(mean) + rng.normal(0, noise, (len(samples), n_genes))
    counts = rng.poisson(np.exp(log_mean) * size[:, None]).astype(float)
    return pd.DataFrame(counts, index=samples.index, columns=[f"g{i}" for i in range(n_genes)])


def build(samples: pd.DataFrame, counts: pd.DataFrame, **options) -> profiles.Profiles:
    """Return profiles as the stage joins them, each platform a table of its own."""
    sources = [
        profiles.Source(platform, platform, counts.loc[own.index].T, counts.shape[1])
        for platform, own in samples.groupby("platform", sort=False)
    ]
    return profiles.build(sources, samples, **{"rule": "intersection", "min_count": 0, "by_platform": False} | options)[
        0
    ]


@pytest.fixture(scope="session")
def simulated():
    return SimpleNamespace(sheet=sheet, draw=draw, build=build, contrast=CONTRAST)

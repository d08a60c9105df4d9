"""A study of known co-expression and programme, and perturbations of which the effect on the programme is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from scripts.perturbations import coexpression
from scripts.perturbations.compare_perturbations import Programme

STATES = ("untreated", "persister")


@dataclass(frozen=True)
class Simulated:
    """A programme as compared, and what made it.

    ``blocks``: true block by gene; ``effect``: true change of each gene in persisters; ``together``: standard deviation
    of what a block's genes share, beside noise of 1 of each gene.
    """

    programme: Programme
    blocks: np.ndarray
    effect: pd.Series
    together: float

    def noise(self, rng: np.random.Generator, size: float, together: float | None = None) -> pd.Series:
        """Return the noise of a perturbation's changes, co-expressed as the profiles are (or as ``together`` says)."""
        shared = self.together if together is None else together
        values = rng.normal(size=len(self.blocks)) + shared * rng.normal(size=self.blocks.max() + 1)[self.blocks]
        return pd.Series(size * values / np.sqrt(1 + shared**2), index=self.effect.index)

    def perturb(self, rng: np.random.Generator, share: float, size: float = 0.3, **more) -> pd.Series:
        """Return log fold changes of a perturbation that brings ``share`` of the programme; noise of sd ``size``."""
        return share * self.effect + self.noise(rng, size, **more)


def simulate(
    rng: np.random.Generator, *, models: int = 6, replicates: int = 3, genes: int = 1000, blocks: int = 50,
    moving: int = 6, together: float = 0.7, size: int = 60,
) -> Simulated:  # fmt: skip
    """Return a study.

    Parameters
    ----------
    models, replicates
        Patients, and their profiles in each of the two states.
    genes, blocks, together
        Genes; blocks in which they are co-expressed; sd of what the genes of a block share, beside noise of 1.
    moving
        Blocks of which half the genes move with the programme: half of the blocks up, half down.
    size
        Genes of the signature in each direction.
    """
    names = pd.Index([f"g{i}" for i in range(genes)])
    block = np.arange(genes) % blocks
    effect = np.zeros(genes)
    for number in range(moving):
        own = np.flatnonzero(block == number)
        effect[own[: len(own) // 2]] = (1.0 if number % 2 else -1.0) * rng.uniform(0.7, 1.5, len(own) // 2)
    level = rng.normal(8, 2, genes)
    rows, labels = [], []
    for model in range(models):
        offset = rng.normal(0, 0.5, genes)
        for state in STATES:
            for _ in range(replicates):
                noise = rng.normal(size=genes) + together * rng.normal(size=blocks)[block]
                rows.append(level + offset + effect * (state == "persister") + 0.3 * noise)
                labels.append((f"m{model}", state, state))
    values = pd.DataFrame(rows, columns=names)
    labels = pd.DataFrame(labels, columns=["model", "timepoint", "arm"])
    means = values.groupby([labels["model"], labels["timepoint"]]).mean()
    change = (means.xs("persister", level=1) - means.xs("untreated", level=1)).mean()
    order = change.sort_values()
    signature = pd.Series(np.repeat([-1.0, 1.0], size), index=[*order.index[:size], *order.index[-size:]])
    targets = {f"T{i}": pd.Series(1.0, index=names[np.flatnonzero(block == i)]) for i in range(blocks)}
    programme = Programme(
        change, values.mean(), signature, targets, pd.Series(1.0, index=[f"T{i}" for i in range(blocks)]),
        coexpression.measure(values, labels, seed=0),
    )  # fmt: skip
    return Simulated(programme, block, pd.Series(effect, index=names), together)


def listed(n: int, direction: str = "gain", first: int = 10) -> pd.DataFrame:
    """Return a list of ``n`` perturbations of different factors, whose targets are of blocks that don't move."""
    rows = [{"perturbation": f"p{i}", "tf": f"T{first + i}", "direction": direction, "dose": ""} for i in range(n)]
    return pd.DataFrame(rows).assign(source="ready table", validated="no", n_perturbed=np.nan, n_control=np.nan)


def as_changes(named: dict[str, pd.Series]) -> pd.DataFrame:
    """Return the changes of several perturbations as one table."""
    parts = [pd.DataFrame({"perturbation": name, "gene": x.index, "log_fc": x.to_numpy()}) for name, x in named.items()]
    return pd.concat(parts, ignore_index=True).assign(p=np.nan)

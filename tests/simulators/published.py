"""Patients' changes with a programme, published lists that share a known part of it, factors that share targets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from scripts.perturbations.coexpression import Coexpression

GENES, BLOCKS = 1000, 50
NAMES = pd.Index([f"g{i}" for i in range(GENES)])
BLOCK = np.arange(GENES) % BLOCKS


WIDE = 16
"""Modules of co-expressed genes of a genome with few: 62 genes each, so that factors of one share few targets."""
WIDE_BLOCK = np.arange(GENES) % WIDE


@dataclass(frozen=True)
class Patients:
    """Changes of models × genes; ``effect``: true change by gene; ``mean``: expression by gene."""

    changes: pd.DataFrame
    effect: np.ndarray
    mean: pd.Series


def simulate(rng: np.random.Generator, models: int, *, moving: float, together: float = 0.5) -> Patients:
    """Return the changes of ``models`` patients.

    ``moving``: share of genes that change by ±1 on average, whatever block they are of; ``together``: sd of what the
    genes of a block share in a patient, beside noise of sd 0.5 of each gene.
    """
    effect = np.where(rng.random(GENES) < moving, rng.choice([-1.0, 1.0], GENES), 0.0)
    own = 0.5 * rng.normal(size=(models, GENES)) + together * rng.normal(size=(models, BLOCKS))[:, BLOCK]
    changes = pd.DataFrame(effect + own, index=[f"m{i}" for i in range(models)], columns=NAMES)
    return Patients(changes, effect, pd.Series(rng.normal(8, 2, GENES), index=NAMES))


def list_genes(rng: np.random.Generator, effect: np.ndarray, size: int, share: float) -> pd.Series:
    """Return direction by gene of a published list: ``share`` of its genes follow the programme, others are random."""
    order = rng.permutation(GENES)
    follow = [gene for gene in order if effect[gene]][: round(share * size)]
    rest = [gene for gene in order if gene not in set(follow)][: size - len(follow)]
    signs = np.concatenate([np.sign(effect[follow]), rng.choice([-1.0, 1.0], len(rest))])
    return pd.Series(signs, index=NAMES[[*follow, *rest]])


def list_blocks(rng: np.random.Generator, blocks: int, sign: float = 1.0) -> pd.Series:
    """Return direction by gene of a list that is made of whole blocks of co-expressed genes."""
    chosen = rng.choice(BLOCKS, blocks, replace=False)
    own = NAMES[np.isin(BLOCK, chosen)]
    return pd.Series(sign, index=own)


def make_coexpression(rng: np.random.Generator, block: np.ndarray, df: int = 10) -> Coexpression:
    """Return the residuals of ``df`` profiles whose genes vary together in blocks as the changes do."""
    residuals = rng.normal(size=(df, GENES)) + 0.7 * rng.normal(size=(df, block.max() + 1))[:, block]
    return Coexpression(NAMES, residuals / np.sqrt((residuals**2).mean(axis=0)), df, block)


def make_module_targets(rng: np.random.Generator, factors: int, *, size: int = 10) -> dict[str, pd.Series]:
    """Return targets of factors that all lie in one of :data:`WIDE` modules each; few factors share targets."""
    found = {}
    for number in range(factors):
        module = np.flatnonzero(number % WIDE == WIDE_BLOCK)
        found[f"T{number}"] = pd.Series(1.0, index=NAMES[np.sort(rng.choice(module, size, replace=False))])
    return found


def make_targets(rng: np.random.Generator, factors: int, *, size: int = 20, family: int = 4) -> dict[str, pd.Series]:
    """Return targets of factors; a family of ``family`` factors shares half of them, a module of co-expressed genes."""
    found = {}
    for first in range(0, factors, family):
        shared = rng.choice(np.flatnonzero(rng.integers(BLOCKS) == BLOCK), size // 2, replace=False)
        for number in range(first, min(first + family, factors)):
            genes = np.unique([*shared, *rng.choice(GENES, size - len(shared), replace=False)])
            found[f"T{number}"] = pd.Series(1.0, index=NAMES[genes])
    return found


def change_and_list(
    rng: np.random.Generator, share: float, size: int = 300, block: np.ndarray = BLOCK
) -> tuple[pd.Series, pd.Series]:
    """Return changes of genes and a published list of the most changed in another system; ``share``: correlation of
    the changes of both, which are those of co-expressed genes. ``block``: module of each gene.
    """
    change, noise = (rng.normal(size=GENES) + 0.7 * rng.normal(size=block.max() + 1)[block] for _ in range(2))
    other = share * change + np.sqrt(1 - share**2) * noise
    chosen = np.argsort(-np.abs(other))[:size]
    return pd.Series(change, index=NAMES), pd.Series(np.sign(other[chosen]), index=NAMES[chosen])

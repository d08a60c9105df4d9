"""Which genes no panel may have, because composition explains their change in the models that a panel is learned in."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from scripts.stats import remaining

EXCLUDED = "composition"
"""Reason for which a gene is in no panel."""


@dataclass(frozen=True)
class Held:
    """Changes among the cells of each model (models × genes, NaN if not measured).

    Parameters
    ----------
    before, after
        Changes as measured, and at constant composition by each way of adjustment.
    level
        Composition explains a gene if less than half of its change remains, by a one-sided t over the training models
        at this level, corrected for the ways.
    tested
        Genes that are tested together, the best first: variances are moderated over genes that change alike. At least
        as many as a panel has.
    """

    before: np.ndarray
    after: tuple[np.ndarray, ...]
    level: float
    tested: int

    def turned(self, sign: np.ndarray) -> Held:
        """Return the changes with the sign (±1) of each model."""
        return replace(self, before=self.before * sign[:, None], after=tuple(own * sign[:, None] for own in self.after))

    def of_genes(self, mask: np.ndarray) -> Held:
        """Return the changes of some genes."""
        return replace(self, before=self.before[:, mask], after=tuple(own[:, mask] for own in self.after))

    def p(self, genes: np.ndarray, direction: np.ndarray, models: np.ndarray) -> np.ndarray:
        """Return the p-value of half or more of each gene's change remaining, in its direction; NaN if not measured.

        ``genes``: positions; ``direction``: ±1 of every gene; ``models``: mask of those that are asked.
        """
        # Of a few genes at a time: copies of all would take longer than the test.
        asked = np.ix_(models, genes)
        before = self.before[asked] * direction[genes]
        found = np.array([remaining.p_of_less(before, own[asked] * direction[genes])[0] for own in self.after])
        ways = np.isfinite(found).sum(axis=0)
        least = np.where(np.isfinite(found), found, 1.0).min(axis=0)
        return np.where(ways > 0, np.minimum(1.0, least * ways), np.nan)

    def carried(self, order: np.ndarray, direction: np.ndarray, models: np.ndarray) -> np.ndarray:
        """Return the mask of the genes that composition explains in ``models`` (mask). ``order``: genes, best first.

        The best genes are tested until none of ``tested`` is excluded, so that no panel has an untested gene.
        """
        found = np.zeros(self.before.shape[1], dtype=bool)
        while self.after:
            best = order[~found[order]][: self.tested]
            explained = best[self.p(best, direction, models) <= self.level] if len(best) else best
            if not len(explained):
                break
            found[explained] = True
        return found


def read_held(paths: dict[str, str], models: list[str], genes: pd.Index, *, level: float, tested: int) -> Held:
    """Return the changes of ``models`` by gene. ``paths``: confounders/models/*.parquet, of models that have one."""
    tables = {model: pd.read_parquet(paths[model]) for model in models if model in paths}
    ways = dict.fromkeys(c for table in tables.values() for c in table if c.startswith(remaining.COMPOSITION))

    def changes(column: str) -> np.ndarray:
        table = remaining.by_feature(tables, "gene", column)
        return table.reindex(index=models, columns=genes).to_numpy(dtype=float)

    return Held(changes(remaining.BEFORE), tuple(map(changes, ways)), level, tested)

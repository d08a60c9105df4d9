"""Whether profiles cluster into states without supervision, after the models' own levels are removed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.cluster import hierarchy

from scripts.profiles.profiles import Profiles

STRUCTURE = [
    "adjustment", "n_samples", "n_models", "n_genes", "purity", "expected", "p", "permutations", "persisters_together",
    "pc1_share", "pc1_state", "pc2_share", "pc2_state", "note",
]  # fmt: skip
PLACES = ["sample", "model", "timepoint", "arm", "adjustment", "pc1", "pc2", "cluster", "leaf"]
BLIND, KNOWN = "blind", "known"
MOST_VARIABLE = 1_000
"""Genes with the largest variance after blind adjustment: what the tree is made of."""
DECIMALS = 6
"""Of components: linear algebra libraries differ in the last digits."""


def take_blocks(values: np.ndarray, blocks: np.ndarray, states: np.ndarray | None) -> np.ndarray:
    """Return samples × genes without the blocks' levels.

    Without ``states`` each block's mean is subtracted (limma's removeBatchEffect without a design). A model with more
    persisters than others is then displaced by part of the shift, but no agreement is imposed. With ``states`` the
    blocks' levels are estimated together with those of the states, which moves samples of one state closer together.
    """
    block = (blocks[:, None] == np.unique(blocks)[None, :]).astype(float)
    if states is None:
        return values - block @ (np.linalg.pinv(block) @ values)
    state = (states[:, None] == np.unique(states)[None, 1:]).astype(float)
    coefficients = np.linalg.pinv(np.column_stack([block, state])) @ values
    return values - block @ coefficients[: block.shape[1]]


def tree_of(adjusted: np.ndarray) -> np.ndarray:
    """Return Ward's tree of the samples (Euclidean), as scipy's linkage."""
    return hierarchy.linkage(np.round(adjusted, DECIMALS), method="ward")


def two_clusters(tree: np.ndarray) -> np.ndarray:
    """Return cluster 1 or 2 of each sample, by the first split of the tree."""
    return hierarchy.fcluster(tree, 2, criterion="maxclust")


def purity(clusters: np.ndarray, persister: np.ndarray) -> float:
    """Return the share of samples that belong to the majority of their cluster (persister or not)."""
    counts = [np.bincount(persister[clusters == cluster], minlength=2).max() for cluster in np.unique(clusters)]
    return float(np.sum(counts) / len(clusters))


def shuffle_within(labels: np.ndarray, blocks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the labels shuffled within each block."""
    result = labels.copy()
    for block in np.unique(blocks):
        own = np.flatnonzero(blocks == block)
        result[own] = labels[own[rng.permutation(len(own))]]
    return result


def exchange_states(states: np.ndarray, models: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the states with their names exchanged within each model: all samples of a state get the same new name.

    Samples of one state of a model are similar because they come from one treated tumour. They are not replicates of an
    effect shared by patients, and a relabelling must not separate them.
    """
    result = states.copy()
    for model in np.unique(models):
        own = models == model
        names = np.unique(states[own])
        result[own] = rng.permutation(names)[np.searchsorted(names, states[own])]
    return result


def components(adjusted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first two principal components (samples × 2) and their shares of the variance. Signs are fixed by the
    largest loading.
    """
    centred = adjusted - adjusted.mean(axis=0)
    left, size, right = np.linalg.svd(centred, full_matrices=False)
    left, size, right = left[:, :2], size, right[:2]
    signs = np.sign(right[np.arange(len(right)), np.abs(right).argmax(axis=1)])
    total = (size**2).sum()
    shares = size[:2] ** 2 / total if total > 0 else np.zeros(len(size[:2]))
    return np.round(left * size[:2] * signs, DECIMALS), shares


def share_of_state(component: np.ndarray, persister: np.ndarray) -> float:
    """Return the share of a component's variance that lies between persisters and the others (eta squared)."""
    total = ((component - component.mean()) ** 2).sum()
    groups = [component[persister == state] for state in (0, 1)]
    between = sum(len(own) * (own.mean() - component.mean()) ** 2 for own in groups if len(own))
    return float(between / total) if total > 0 else np.nan


def describe(profiles: Profiles, contrast: dict, permutations: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return one row (:data:`STRUCTURE`) per adjustment, and one (:data:`PLACES`) per adjustment and sample.

    The p-value is over models: the share of relabellings (:func:`exchange_states`, including the observed one) whose
    purity reaches the observed one. If the adjustment uses the states, it uses the exchanged states in the null.
    Effects of the adjustment itself are thus also present in the null.
    """
    samples = profiles.samples
    several = samples.groupby("block")["timepoint"].transform("nunique") > 1
    kept = samples[several & samples["timepoint"].isin([t for t in contrast.values() if t])]
    persister = (kept["timepoint"] == contrast["persister"]).to_numpy(dtype=int)
    complete = profiles.values.loc[kept.index].dropna(axis=1)
    if len(kept) < 4 or len(set(persister)) < 2:
        note = "fewer than four samples of models with several timepoints, or no persisters among them: no clusters"
        rows = [(name, len(kept), kept["model"].nunique(), 0, *[np.nan] * 9, note) for name in (BLIND, KNOWN)]
        return pd.DataFrame(rows, columns=STRUCTURE), pd.DataFrame(columns=PLACES)
    blocks, states = kept["block"].to_numpy(dtype=str), kept["timepoint"].to_numpy(dtype=str)
    values = complete.to_numpy()
    variance = take_blocks(values, blocks, None).var(axis=0)
    chosen = np.sort(np.argsort(-variance, kind="stable")[:MOST_VARIABLE])
    values, rows, places = values[:, chosen], [], []
    for name in (BLIND, KNOWN):
        rng = np.random.default_rng(seed)
        adjusted = take_blocks(values, blocks, states if name == KNOWN else None)
        tree = tree_of(adjusted)
        clusters = two_clusters(tree)
        observed, null = purity(clusters, persister), []
        for _ in range(permutations):
            shuffled = exchange_states(states, kept["model"].to_numpy(dtype=str), rng)
            again = two_clusters(tree_of(take_blocks(values, blocks, shuffled))) if name == KNOWN else clusters
            null.append(purity(again, (shuffled == contrast["persister"]).astype(int)))
        p = (1 + (np.array(null) >= observed - 1e-12).sum()) / (1 + permutations)
        places_of, shares = components(adjusted)
        together = np.bincount(clusters[persister == 1]).max() / persister.sum()
        numbers = [(shares[i], share_of_state(places_of[:, i], persister)) for i in range(2)]
        rows.append(
            (
                *(name, len(kept), kept["model"].nunique(), len(chosen), observed, np.mean(null), p, permutations),
                *(together, *numbers[0], *numbers[1], _note(kept, samples, name)),
            )
        )
        table = kept[["model", "timepoint", "arm"]].rename_axis("sample").reset_index()
        table = table.assign(adjustment=name, pc1=places_of[:, 0], pc2=places_of[:, 1], cluster=clusters)
        places.append(table.assign(leaf=np.argsort(hierarchy.leaves_list(tree)))[PLACES])
    return pd.DataFrame(rows, columns=STRUCTURE), pd.concat(places, ignore_index=True)


def _note(kept: pd.DataFrame, samples: pd.DataFrame, name: str) -> str:
    notes = []
    if name == KNOWN:
        notes.append("the adjustment used the states: it moves samples of one state together by construction")
    gone = [model for model in dict.fromkeys(samples["model"]) if model not in set(kept["model"])]
    if gone:
        notes.append(f"without a second timepoint, left out: {', '.join(gone)}")
    share = (
        kept.assign(on=kept["timepoint"]).groupby("block")["on"].agg(lambda own: own.value_counts(normalize=True).max())
    )
    if name == BLIND and (share > 0.6).any():
        notes.append(f"unequal timepoints in {', '.join(share.index[share > 0.6])}: displaced by part of the change")
    return "; ".join(notes)

"""Ligands and receptors of tumour and stroma, and how their expression changes over treatment.

A pair's score is the mean of the log2 expression of ligand and receptor, that is the logarithm of their geometric mean;
a complex counts as its least expressed subunit (Efremova et al. 2020). The model is the replicate.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np
import pandas as pd

from scripts.profiles.pseudobulk import log_cpm, size_factors
from scripts.stats import paired
from scripts.stroma.panels import subunits
from scripts.stroma.terms import DIRECTIONS, TO_HOST

PAIRS = [
    "direction", "lineage", "ligand", "receptor", "source", "n_models", "score_baseline", "score_persister", "k",
    "effect", "ci_low", "ci_high", "random_share", "p", "fdr",
]  # fmt: skip
KEYS = ["direction", "lineage", "ligand", "receptor"]
MIN_COUNT = 5
"""Mean count over samples that each gene of a pair needs on its side."""
SIMILAR, LEAST_SIMILAR, MOST_SIMILAR = 0.1, 40, 250
"""Share of a side's genes, those of the most similar expression, that stand for a gene of a pair; least and greatest
number of them. 250 on each side make 62,500 random pairs: enough for a p-value that passes the correction for some
thousand pairs.
"""


def thin_to_model(counts: pd.DataFrame, model: pd.Series, seed: int) -> pd.DataFrame:
    """Return samples × genes counts, each sample thinned to the smallest total of its model.

    Stromal cells of a lineage are few, and often fewer after treatment: at unequal depth the logarithm of small counts
    differs where expression does not. Each sample has a random stream of its own, by its name.
    """
    total = counts.sum(axis=1)
    least = total.groupby(model).transform("min")
    share = (least / total.where(total > 0)).fillna(1.0).to_numpy()
    drawn = [
        np.random.default_rng([seed, zlib.crc32(str(sample).encode())]).binomial(own, min(part, 1.0))
        for sample, own, part in zip(counts.index, counts.to_numpy(dtype=np.int64), share, strict=True)
    ]
    return pd.DataFrame(drawn, counts.index, counts.columns)


def express(counts: pd.DataFrame) -> pd.DataFrame:
    """Return samples × genes log2 counts per million of genes with :data:`MIN_COUNT` on average; by median of ratios
    (:func:`scripts.profiles.pseudobulk.size_factors`).
    """
    if not len(counts):
        return counts.iloc[:, :0].astype(float)
    return log_cpm(counts, size_factors(counts)).loc[:, (counts.mean() >= MIN_COUNT).to_numpy()]


def side(values: pd.DataFrame, names: Mapping[str, list[str]]) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return samples × complexes: the least expressed subunit's value; and by complex the gene of the lowest mean.

    ``names``: complex → its genes. Complexes with a gene that isn't measured are left out.
    """
    mean = values.mean()
    known = {name: genes for name, genes in names.items() if all(gene in values for gene in genes)}
    found = pd.DataFrame({name: values[genes].min(axis=1) for name, genes in known.items()}, index=values.index)
    return found, {name: mean[genes].idxmin() for name, genes in known.items()}


def similar(values: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return by gene the places of the genes of the nearest mean expression (:data:`SIMILAR`), without itself."""
    mean = values.mean().to_numpy()
    order = np.argsort(mean, kind="stable")
    found, n = {}, len(order)
    number = int(np.clip(round(SIMILAR * n), LEAST_SIMILAR, MOST_SIMILAR))
    for rank, place in enumerate(order):
        start = min(max(rank - number // 2, 0), max(n - number - 1, 0))
        window = order[start : start + number + 1]
        found[values.columns[place]] = window[window != place]
    return found


def random_share(observed: float, left: np.ndarray, right: np.ndarray) -> float:
    """Return the share of random pairs of genes that change at least as much, with the pair itself among them.

    ``left``, ``right``: changes of the genes that stand for ligand and receptor; all their pairs are taken.
    """
    drawn = np.abs(np.add.outer(left, right).ravel() / 2)
    drawn = drawn[np.isfinite(drawn)]
    return (1 + (drawn >= abs(observed) * (1 - 1e-9)).sum()) / (1 + len(drawn))


def score(
    tumour: pd.DataFrame,
    stroma: Mapping[str, pd.DataFrame],
    labels: pd.DataFrame,
    pairs: pd.DataFrame,
    orthologues: Mapping[str, str],
    baseline: str,
    persister: str,
) -> pd.DataFrame:
    """Return :data:`PAIRS`: one row per pair, lineage of the stroma and direction that some model can compare.

    Parameters
    ----------
    tumour
        Samples × genes (human symbols): log2 expression of the tumour cells.
    stroma
        By lineage, samples × genes of the stroma's species.
    labels
        By sample: model, timepoint, arm.
    pairs
        Ligand, receptor, source; human symbols, complexes joined.
    orthologues
        Human gene → gene of the stroma.
    baseline, persister
        Timepoints to compare.

    Notes
    -----
    p is the larger of two: that of a t over models, moderated over the pairs, and the share of random pairs of genes of
    similar expression that change as much in the mean over models. Genes of a compartment that rise together, be it by
    another depth, ambient RNA or state, don't make each of their pairs a finding. fdr is over all rows.
    """
    names = pd.unique(pd.concat([pairs["ligand"], pairs["receptor"]]))
    own = {name: name.split("_") for name in names}
    of_host = {name: genes for name in names if (genes := subunits(name, orthologues)) is not None}
    parts, tables = [], []
    for lineage, values in stroma.items():
        shared = [sample for sample in tumour.index if sample in values.index]
        left, right = tumour.loc[shared], values.loc[shared]
        sides = (side(left, own), side(right, of_host))
        like = (similar(left), similar(right))
        change = [paired.over_arms(paired.differences(table, labels, baseline, persister)) for table in (left, right)]
        gene_change = [table.mean().to_numpy() for table in change]
        when = labels.loc[shared, "timepoint"].to_numpy()
        for direction in DIRECTIONS:
            first, second = (0, 1) if direction == TO_HOST else (1, 0)
            (ligand, ligand_gene), (receptor, receptor_gene) = sides[first], sides[second]
            known = pairs[pairs["ligand"].isin(ligand.columns) & pairs["receptor"].isin(receptor.columns)]
            if known.empty:
                continue
            index = pd.MultiIndex.from_arrays(
                [[direction] * len(known), [lineage] * len(known), known["ligand"], known["receptor"]], names=KEYS
            )
            scores = (ligand[known["ligand"]].to_numpy() + receptor[known["receptor"]].to_numpy()) / 2
            scores = pd.DataFrame(scores, shared, index)
            found = paired.over_arms(paired.differences(scores, labels, baseline, persister))
            if not len(found):
                continue
            mean = found.mean().to_numpy()
            tables.append(found)
            parts.append(
                pd.DataFrame(
                    {
                        "source": known["source"].to_numpy(),
                        "score_baseline": scores.to_numpy()[when == baseline].mean(axis=0),
                        "score_persister": scores.to_numpy()[when == persister].mean(axis=0),
                        "random_share": [
                            random_share(
                                mean[number],
                                gene_change[first][like[first][ligand_gene[row.ligand]]],
                                gene_change[second][like[second][receptor_gene[row.receptor]]],
                            )
                            for number, row in enumerate(known.itertuples())
                        ],
                    },
                    index=index,
                )
            )
    if not parts:
        return pd.DataFrame(columns=PAIRS)
    return test(pd.concat(tables, axis=1), pd.concat(parts))


def test(change: pd.DataFrame, described: pd.DataFrame) -> pd.DataFrame:
    """Return :data:`PAIRS` from each model's change of each pair (models × pairs) and what else is known of the pairs
    (source, both scores, random_share).
    """
    found = paired.summarise(change, pd.Series(1.0, index=change.columns)).rename(columns={"n": "n_models"})
    table = found.drop(columns=["fdr"]).join(described)
    # maximum of both, missing where there is no t: two models have no p-value.
    table["p"] = np.maximum(table["p"].to_numpy(), table["random_share"].to_numpy())
    table["fdr"] = paired.false_discovery_rate(table["p"].to_numpy())
    table = table.rename_axis(KEYS).reset_index()
    return table.sort_values(["p", *KEYS], kind="stable", ignore_index=True)[PAIRS]


def sum_lineages(
    sums: Mapping[tuple[str, str], np.ndarray],
    cells: Mapping[tuple[str, str], int],
    genes: pd.Index,
    model: pd.Series,
    min_cells: int,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Return by lineage samples × genes log2 expression at the same depth in all samples of a model.

    Parameters
    ----------
    sums, cells
        By lineage and sample: counts of each gene, and cells. Sums of fewer than ``min_cells`` cells are left out.
    genes
        Names of the genes.
    model
        Model of each sample.
    seed
        Of the thinning.
    """
    found = {}
    for lineage in dict.fromkeys(name for name, _ in sums):
        own = {
            sample: counts
            for (name, sample), counts in sums.items()
            if name == lineage and cells[name, sample] >= min_cells
        }
        if own:
            table = pd.DataFrame(own, index=genes).T
            found[lineage] = express(thin_to_model(table, model.reindex(table.index), seed))
    return found

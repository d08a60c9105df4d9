"""Compare the network's factors with the regulons found by SCENIC: do activity and targets agree?"""

import h5py
import numpy as np
import pandas as pd
from scipy import stats

from scripts.activity.terms import AGREE, ALONE, ELSEWHERE, NEITHER, ONE, OPPOSITE
from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.expression import differential
from scripts.profiles import networks
from scripts.scenic.regulons import only_activating
from scripts.stats.paired import ALL_ARMS, false_discovery_rate

OPINIONS = [
    "tf", "agreement", "score", "model_effect", "model_fdr", "n_models", "regulon", "regulon_effect",
    "regulon_fdr", "regulon_k", "regulon_n", "network_targets", "regulon_targets", "shared_targets", "shared_p",
    "shared_fdr", "mrna_log_fc", "mrna_fdr",
]  # fmt: skip


def judge(row: pd.Series, fdr: float) -> str:
    """Return the agreement of the two estimates for a factor, each a change over models within ``fdr`` (BH)."""
    if not isinstance(row["regulon"], str):
        return ALONE
    if not np.isfinite(row["score"]):
        return ELSEWHERE
    sure = [row["model_fdr"] <= fdr, row["regulon_fdr"] <= fdr]
    if all(sure):
        return AGREE if np.sign(row["model_effect"]) == np.sign(row["regulon_effect"]) else OPPOSITE
    return ONE if any(sure) else NEITHER


def selected_genes(paths: list[str], models: list[str], least: int) -> set[str]:
    """Return the genes that SCENIC could find: selected in the groups of at least ``least`` models, as the consensus
    requires. ``paths``: the groups' selected expression; ``models``: the model of each.
    """
    import anndata

    found: dict[str, set[str]] = {}
    for path, model in zip(paths, models, strict=True):
        with h5py.File(path) as file:
            for gene in anndata.io.read_elem(file["var"]).index.astype(str):
                found.setdefault(gene, set()).add(model)
    return {gene for gene, own in found.items() if len(own) >= least}


def compare(
    factors: pd.DataFrame,
    effects: pd.DataFrame,
    regulons: pd.DataFrame,
    network: pd.DataFrame,
    selected: set[str],
    fdr: float,
) -> pd.DataFrame:
    """Return one row (:data:`OPINIONS`) per factor of the network or of a regulon.

    ``factors``: tf_activity.tsv of one contrast; ``effects``: effects.tsv of the same contrast, all arms; ``regulons``:
    consensus.tsv; ``selected``: the genes that a regulon can contain. Shared targets are compared with chance among the
    genes that both methods could find; other genes are not evidence of agreement. Regulons of repressed targets are
    left out: their activity decreases when that of their factor increases.
    """
    regulons = only_activating(regulons)
    effects = only_activating(effects)
    names = regulons.drop_duplicates("regulon").set_index("regulon")["tf"]
    scenic = effects.assign(tf=effects["regulon"].map(names)).rename(
        columns={"effect": "regulon_effect", "fdr": "regulon_fdr", "k": "regulon_k", "n": "regulon_n"}
    )
    columns = ["tf", "regulon", "regulon_effect", "regulon_fdr", "regulon_k", "regulon_n"]
    factors = factors.rename(columns={"effect": "model_effect", "fdr": "model_fdr"})
    table = factors.merge(scenic[columns], on="tf", how="outer")
    known = {tf: set(own) for tf, own in network.groupby("source")["target"]}
    found = {name: set(own) for name, own in regulons.groupby("regulon")["target"]}
    universe = set(network["target"]) & selected
    rows = []
    for row in table.itertuples():
        one, other = known.get(row.tf, set()), found.get(row.regulon, set())
        own, others = one & universe, other & universe
        both = len(own & others)
        p = stats.hypergeom.sf(both - 1, len(universe), len(own), len(others)) if own and others else np.nan
        rows.append((len(one), len(other), len(one & other), p))
    table[["network_targets", "regulon_targets", "shared_targets", "shared_p"]] = np.array(rows, dtype=float).reshape(
        -1, 4
    )
    table["shared_fdr"] = false_discovery_rate(table["shared_p"].to_numpy(dtype=float))
    table["agreement"] = [judge(row, fdr) for _, row in table.iterrows()]
    whole = [
        "n_models",
        "regulon_k",
        "regulon_n",
        "network_targets",
        "regulon_targets",
        "shared_targets",
    ]
    table[whole] = table[whole].astype(float).astype("Int64")
    order = {name: place for place, name in enumerate((AGREE, OPPOSITE, ONE, NEITHER, ELSEWHERE, ALONE))}
    table = table.assign(_order=table["agreement"].map(order), _strength=-table["score"].abs())
    return table.sort_values(["_order", "_strength", "tf"], kind="stable")[OPINIONS].reset_index(drop=True)


def main(snakemake) -> None:
    """Read both estimates; write the table and count their agreement."""
    params, source = snakemake.params, snakemake.input
    first = next(iter(differential.contrasts_of(params.contrast)))
    factors = read_labelled(source.activity)
    factors = factors[factors["contrast"] == first]
    if source.effects:
        effects = read_labelled(str(source.effects))
        effects = effects[(effects["contrast"] == first) & (effects["arm"] == ALL_ARMS)]
        regulons = read_labelled(str(source.regulons))
    else:
        effects = pd.DataFrame(columns=["regulon", "effect", "fdr", "k", "n"])
        regulons = pd.DataFrame(columns=["regulon", "tf", "target"])
    network = networks.read_network(str(source.network[0]))
    selected = selected_genes(list(source.selected), params.models, params.min_groups)
    table = compare(factors, effects, regulons, network, selected, params.fdr)
    table.to_csv(snakemake.output.table, sep="\t", index=False, float_format="%.6g")
    counts = table["agreement"].value_counts()
    job.log.info("; ".join(f"{name}: {n}" for name, n in counts.items()) or "no factors")


if __name__ == "__main__":
    job.run(main, snakemake)

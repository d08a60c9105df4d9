"""Hold the network's factors against the regulons that SCENIC found: do activity and targets agree?"""

import numpy as np
import pandas as pd
from scipy import stats

from scripts import job
from scripts.programme.contrasts import ALL_ARMS, false_discovery_rate
from scripts.programme.expression import differential, networks

OPINIONS = [
    "tf", "agreement", "score", "score_fdr", "model_effect", "model_fdr", "n_models", "regulon", "regulon_effect",
    "regulon_fdr", "regulon_k", "regulon_n", "network_targets", "regulon_targets", "shared_targets", "shared_p",
    "mrna_log_fc", "mrna_fdr",
]  # fmt: skip
AGREE, OPPOSITE, ONE, NEITHER, ALONE, ELSEWHERE = (
    "both, same direction", "both, opposite directions", "one of them", "neither", "no regulon", "not in the network",
)  # fmt: skip


def judge(row: pd.Series, fdr: float) -> str:
    """Return how the two opinions on a factor go together, each taken as a change over models within ``fdr`` (BH)."""
    if not isinstance(row["regulon"], str):
        return ALONE
    if not np.isfinite(row["score"]):
        return ELSEWHERE
    sure = [row["model_fdr"] <= fdr, row["regulon_fdr"] <= fdr]
    if all(sure):
        return AGREE if np.sign(row["model_effect"]) == np.sign(row["regulon_effect"]) else OPPOSITE
    return ONE if any(sure) else NEITHER


def compare(factors: pd.DataFrame, effects: pd.DataFrame, regulons: pd.DataFrame, network: pd.DataFrame, fdr: float):
    """Return one row (:data:`OPINIONS`) per factor that the network or a regulon has.

    ``factors``: tf_activity.tsv of one contrast; ``effects``: effects.tsv of it, all arms; ``regulons``: consensus.tsv.
    """
    names = regulons.drop_duplicates("regulon").set_index("regulon")["tf"]
    scenic = effects.assign(tf=effects["regulon"].map(names)).rename(
        columns={"effect": "regulon_effect", "fdr_mod": "regulon_fdr", "k": "regulon_k", "n": "regulon_n"}
    )
    columns = ["tf", "regulon", "regulon_effect", "regulon_fdr", "regulon_k", "regulon_n"]
    # Genes as replicates for the score, models as replicates for the opinion.
    factors = factors.assign(model_fdr=false_discovery_rate(factors["model_p"].to_numpy(dtype=float)))
    table = factors.rename(columns={"fdr": "score_fdr"}).merge(scenic[columns], on="tf", how="outer")
    known = {tf: set(own) for tf, own in network.groupby("source")["target"]}
    found = {name: set(own) for name, own in regulons.groupby("regulon")["target"]}
    # Targets that both could name.
    universe = set(network["target"]) | set(regulons["target"])
    rows = []
    for row in table.itertuples():
        one, other = known.get(row.tf, set()), found.get(row.regulon, set())
        shared = len(one & other)
        p = stats.hypergeom.sf(shared - 1, len(universe), len(one), len(other)) if one and other else np.nan
        rows.append((len(one), len(other), shared, p))
    table[["network_targets", "regulon_targets", "shared_targets", "shared_p"]] = np.array(rows, dtype=float).reshape(
        -1, 4
    )
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
    """Read both opinions; write the table and count how they go together."""
    params, source = snakemake.params, snakemake.input
    first = next(iter(differential.contrasts_of(params.contrast)))
    factors = pd.read_csv(source.activity, sep="\t", dtype={"tf": str}, keep_default_na=False, na_values=[""])
    factors = factors[factors["contrast"] == first]
    if source.effects:
        effects = pd.read_csv(str(source.effects), sep="\t", dtype={"arm": str, "regulon": str})
        effects = effects[(effects["contrast"] == first) & (effects["arm"] == ALL_ARMS)]
        regulons = pd.read_csv(str(source.regulons), sep="\t", dtype=str)
    else:
        effects = pd.DataFrame(columns=["regulon", "effect", "fdr_mod", "k", "n"])
        regulons = pd.DataFrame(columns=["regulon", "tf", "target"])
    network = networks.read_network(str(source.network[0]))
    table = compare(factors, effects, regulons, network, params.fdr)
    table.to_csv(snakemake.output.table, sep="\t", index=False, float_format="%.6g")
    counts = table["agreement"].value_counts()
    job.log.info("; ".join(f"{name}: {n}" for name, n in counts.items()) or "no factors")


if __name__ == "__main__":
    job.run(main, snakemake)

"""Infer the activity of transcription factors from their targets, for each contrast and each profile."""

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from scripts.activity import factor_activity
from scripts.base import job
from scripts.base.names import check_shared
from scripts.expression import differential
from scripts.expression.terms import with_level
from scripts.profiles import networks, profiles
from scripts.profiles.pseudobulk import ACTIVITY
from scripts.stats.paired import ALL_ARMS, over_arms, summarise

TF_ACTIVITY = [
    "contrast", "tf", "effect", "ci_low", "ci_high", "t", "p", "fdr", "same_direction", "models_agreeing", "n_models",
    "score", "ulm", "mlm", "n_targets", "mrna_log_fc", "mrna_ci_low", "mrna_ci_high", "mrna_t", "mrna_fdr",
]  # fmt: skip


def by_profile(data: profiles.Profiles, scores: pd.DataFrame) -> pd.DataFrame:
    """Return activity as rows (sample × factor), in the format of the stage's factor_activity.tsv for single cells.

    ``sd``: standard deviation between replicates of a model, timepoint and arm, pooled with equal weight per degree of
    freedom.
    """
    samples = data.samples
    group = samples[["block", "timepoint", "arm"]].agg("|".join, axis=1)
    centred = scores - scores.groupby(group).transform("mean")
    df = len(scores) - group.nunique()
    sd = np.sqrt((centred**2).sum() / df) if df else pd.Series(np.nan, index=scores.columns)
    table = scores.rename_axis("sample").reset_index().melt("sample", var_name="regulon", value_name="activity")
    labels = samples.loc[table["sample"], ["model", "timepoint", "arm", "replicate", "n_cells"]].reset_index(drop=True)
    return pd.concat([table, labels], axis=1).assign(sd=table["regulon"].map(sd))[ACTIVITY]


def over_models(scores: pd.DataFrame, data: profiles.Profiles, contrast: dict) -> pd.DataFrame:
    """Return, by contrast and factor, the paired change of activity over models, with equal weight per model."""
    parts = []
    for name, pair in differential.contrasts_of(contrast).items():
        changes = over_arms(differential.differences(scores, data.samples, *pair, contrast["baseline"]))
        found = summarise(changes, pd.Series(1.0, index=changes.columns), moderated=False)
        found = found.rename(columns={"n": "n_models", "k": "models_agreeing"})
        parts.append(found.assign(contrast=name).rename_axis("tf").reset_index())
    return pd.concat(parts, ignore_index=True)


def t_of_contrasts(whole: pd.DataFrame, contrast: dict) -> pd.DataFrame:
    """Return contrasts × genes: the t over patients of each contrast, or the t in these tumours if there is none.

    ``whole``: differential_expression.tsv over all arms. Only genes of all contrasts are included.
    """
    names = [name for name in differential.contrasts_of(contrast) if (whole["contrast"] == name).any()]
    rows = [with_level(whole[whole["contrast"] == name]).set_index("gene")["t"] for name in names]
    # A contrast without any t (no replicates) would remove all genes.
    table = pd.DataFrame({name: t for name, t in zip(names, rows, strict=True) if t.notna().any()}).T
    return table.dropna(axis=1)


def main(snakemake) -> None:
    """Read profiles, contrasts and the network; write activity by contrast and by profile."""
    params = snakemake.params
    data = profiles.read(snakemake.input.profiles).trusted
    table = differential.read(snakemake.input.expression)
    network = networks.read_network(str(snakemake.input.network[0]))
    whole = table[table["arm"] == ALL_ARMS]
    t = t_of_contrasts(differential.trusted(whole), params.contrast)
    measured = data.values.dropna(axis=1)
    check_shared(network["target"], measured.columns, "config, activity.network", "the study")
    with threadpool_limits(1):
        found = factor_activity.table_of_contrasts(t, factor_activity.usable_network(network, list(t.columns)))
        scores = factor_activity.infer(measured, factor_activity.usable_network(network, list(measured.columns)))[
            "consensus"
        ]
    by_profile(data, scores).to_csv(snakemake.output.profiles, sep="\t", index=False, float_format="%.6g")
    found = found.merge(over_models(scores, data, params.contrast), on=["contrast", "tf"], how="left")
    # Ordered by evidence over patients; without p-values, by the score.
    found["_contrast"] = pd.Categorical(found["contrast"], list(differential.contrasts_of(params.contrast)))
    found["_strength"] = -found["score"].abs()
    found = found.sort_values(["_contrast", "p", "_strength", "tf"], kind="stable")
    own = whole.rename(
        columns={
            "gene": "tf",
            "log_fc": "mrna_log_fc",
            "ci_low": "mrna_ci_low",
            "ci_high": "mrna_ci_high",
            "t": "mrna_t",
            "fdr": "mrna_fdr",
        }
    )
    own = own[["contrast", "tf", "mrna_log_fc", "mrna_ci_low", "mrna_ci_high", "mrna_t", "mrna_fdr"]]
    found = found.merge(own, on=["contrast", "tf"], how="left")
    found = found.reindex(columns=TF_ACTIVITY).astype({"models_agreeing": "Int64", "n_models": "Int64"})
    found.to_csv(snakemake.output.activity, sep="\t", index=False, float_format="%.6g")
    job.log.info("%d factors with %d targets or more", found["tf"].nunique(), factor_activity.MIN_TARGETS)
    if found.empty:
        job.log.warning("no factor of the network has enough targets, or no contrast can be compared")


if __name__ == "__main__":
    job.run(main, snakemake)

"""Measure which states of cells grow under treatment, and whether switches change in cycling and in other cells."""

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.growth import cycle, states, terms

SIGNATURE = "persister signature"
"""Name of the row of the programme's score among the features."""


def read_cells(path: str, scores: pd.DataFrame, baseline: str, quantile: float) -> pd.DataFrame:
    """Return a model's cells: labels, cluster, phase, total_counts, score, and like (whether they are persister-like).

    ``path``: clusters/{model}/cells.tsv.gz; ``scores``: of the model's cells (expression/signature_cells.parquet).
    """
    columns = ["cell", "sample", "timepoint", "arm", "cluster", "phase", "total_counts"]
    cells = read_labelled(path, "phase", usecols=columns)
    known = scores.set_index("cell")
    cells = cells.assign(score=known["score"].reindex(cells["cell"]).to_numpy(dtype=float))
    cells["model"] = known["model"].iloc[0] if len(known) else ""
    cells["like"] = states.call_programme(cells, baseline, quantile)
    return cells


def read_activity(paths: list[str], cells: pd.DataFrame, regulons: list[str]) -> np.ndarray:
    """Return cells × (regulons, and the signature's score last): NaN where a cell or a regulon isn't scored."""
    import pyarrow.parquet as pq

    parts = []
    for path in paths:
        known = [name for name in regulons if name in pq.read_schema(path).names]
        parts.append(pd.read_parquet(path, columns=known))
    activity = pd.concat(parts).reindex(index=cells["cell"], columns=regulons) if parts else pd.DataFrame()
    return np.column_stack([activity.to_numpy(dtype=float), cells["score"].to_numpy(dtype=float)])


def spread_of(scores: pd.DataFrame) -> float:
    """Return the standard deviation of the score between cells of a sample, pooled over the samples."""
    return float(np.sqrt((scores.groupby("sample")["score"].std() ** 2).mean()))


def describe_features(switches: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Return kind, tf, switch and sd by feature: the regulons in the order of switches.tsv, the signature last."""
    table = switches.set_index("regulon")[["tf", "verdict", "sd"]].rename(columns={"verdict": "switch"})
    table = table.assign(kind="regulon")
    table.loc[SIGNATURE] = {"tf": "", "switch": "", "sd": spread_of(scores), "kind": "programme"}
    return table.rename_axis("feature")


def main(snakemake) -> None:
    """Read cells, clusters, scores and activity, a model at a time; write shares, changes, clusters and switches."""
    source, params = snakemake.input, snakemake.params
    contrast, baseline = params.contrast, params.contrast["baseline"]
    scores = pd.read_parquet(source.scores)
    scores[["sample", "model"]] = scores[["sample", "model"]].astype(str)
    features = describe_features(read_labelled(source.switches), scores)
    activity = dict(zip(params.groups, source.activity, strict=True))
    shares, clusters, means = [], [], {group: [] for group in cycle.GROUPS}
    by_model = dict(list(scores.groupby("model", sort=False)))
    for model, path, sizes in zip(params.models, source.cells, source.clusters, strict=True):
        cells = read_cells(path, by_model.get(model, scores.iloc[:0]), baseline, params.settings["programme_quantile"])
        cells["model"] = model
        shares.append(states.count_states(cells, params.settings["min_cells"]))
        clusters.append(states.describe_clusters(cells, read_labelled(sizes), model, baseline))
        paths = [activity[group] for group in params.groups_of_models[model]]
        values = read_activity(paths, cells, list(features.index[:-1]))
        sample, phase = cells["sample"].to_numpy(), cells["phase"].to_numpy()
        for group, name, n, mean in cycle.average(values, sample, phase, params.settings["min_cells"]):
            means[group].append((name, n, mean))
    samples = pd.DataFrame(params.samples).astype(str).set_index("sample")
    joined = pd.concat(shares, ignore_index=True)
    ratios, parts = states.log_ratios(joined)
    rows = samples.reindex(ratios.index)
    changes = states.compare(ratios, parts, rows, contrast, params.days)
    tables = {
        group: pd.DataFrame([mean for _, _, mean in own], [name for name, _, _ in own], features.index)
        for group, own in means.items()
    }
    numbers = {group: pd.Series({name: n for name, n, _ in own}, dtype=float) for group, own in means.items()}
    found = cycle.compare(tables, numbers, samples, contrast, features, params.fdr)
    for table, name in ((joined, "shares"), (changes, "changes"), (found, "switches")):
        table.to_csv(snakemake.output[name], sep="\t", index=False, float_format="%.6g")
    table = pd.concat(clusters, ignore_index=True)
    table.to_csv(snakemake.output["clusters"], sep="\t", index=False, float_format="%.6g")
    main_row = changes[(changes["headline"] == "yes") & (changes["ratio"] == terms.MAIN)].iloc[0]
    job.log.info("%s: log2 ratio %+.2f, p %.2g, %d models", terms.MAIN, *main_row[["effect", "p", "n"]])
    job.log.info("%s", found["verdict"].value_counts().to_dict())


if __name__ == "__main__":
    job.run(main, snakemake)

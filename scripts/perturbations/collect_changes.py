"""Collect the log fold changes of all perturbations in one table: given tables, and those of the study's samples."""

import pandas as pd

from scripts.base import job
from scripts.base.tables import ALL_ARMS, read_labelled
from scripts.perturbations.tables import check_overlap, read_p, read_table
from scripts.perturbations.terms import CHANGES, LISTED


def main(snakemake) -> None:
    """Read the tables that the config names and those of the study's own samples; write changes and their list."""
    source, params = snakemake.input, snakemake.params
    programme = read_labelled(source.expression, usecols=["contrast", "arm", "gene"])
    genes = pd.Index(programme.loc[programme["arm"] == ALL_ARMS, "gene"].unique())
    changes, listed = [], []
    files = list(source.tables)
    for entry, number in zip(params.ready, params.files, strict=True):
        path = files[number]
        change = read_table(path, entry["column"], entry["name"])
        check_overlap(change, genes, f"{path} (perturbation {entry['name']})")
        own = pd.DataFrame({"gene": change.index, "log_fc": change.to_numpy(), "perturbation": entry["name"]})
        if entry["p_column"]:
            own["p"] = own["gene"].map(read_p(path, entry["p_column"], entry["name"]))
        changes.append(own)
        row = {"perturbation": entry["name"], "tf": entry["factor"], "direction": entry["direction"]}
        row |= {"dose": entry["dose"] or "", "validated": "yes" if entry["validated"] else "no"}
        listed.append(row | {"source": "ready table"})
    if getattr(source, "measured", None):
        measured = pd.read_parquet(source.measured)
        for name, own in measured.groupby("perturbation", sort=False):
            check_overlap(own.set_index("gene")["log_fc"], genes, f"samples of the perturbation {name}")
        changes.append(measured)
        listed += read_labelled(source.listed, "dose", "validated").to_dict("records")
    table = pd.concat(changes, ignore_index=True).reindex(columns=CHANGES)
    table.astype({"log_fc": float, "p": float}).to_parquet(snakemake.output.changes, index=False)
    pd.DataFrame(listed).reindex(columns=LISTED).to_csv(snakemake.output.listed, sep="\t", index=False)
    job.log.info("%d perturbations, %d genes", len(listed), table["gene"].nunique())


if __name__ == "__main__":
    job.run(main, snakemake)

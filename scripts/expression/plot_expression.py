"""Draw what expression profiles say: volcano, heat map, states, treatments, relapse."""

import pandas as pd

from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.expression import differential, figures, signature
from scripts.profiles import profiles
from scripts.stats.paired import ALL_ARMS
from scripts.switches.plot_switches import DPI


def main(snakemake) -> None:
    """Read the stage's tables; write a figure each."""
    params, source, output = snakemake.params, snakemake.input, snakemake.output
    data = profiles.read(source.profiles)
    table = differential.read(source.expression)
    genes = pd.read_csv(source.signature, sep="\t", dtype={"gene": str}, keep_default_na=False)
    orders = {"timepoint": params.timepoints, "model": params.models, "arm": params.arms}
    rows = signature.persister_rows(table, params.contrast)
    n = int(rows["n_models"].max()) if len(rows) else 0
    told = f"{params.contrast['persister']} − {params.contrast['baseline']}"
    structure, places = (read_labelled(path) for path in (source.structure, source.places))
    treatment = read_labelled(source.treatment, "subject", "other")
    likeness = read_labelled(source.likeness).set_index("unit")
    relapse = read_labelled(source.reversibility, "models")
    n_relapse = int(relapse["n_models"].max()) if len(relapse) else 0
    drawn = {
        output.volcano: figures.draw_volcano(rows, genes, params.fdr, f"{told}, {ALL_ARMS}, {n} models as blocks"),
        output.heatmap: figures.draw_heatmap(
            data.values, data.samples, genes, orders, f"The signature over {len(data.samples)} profiles of "
            f"{data.samples['model'].nunique()} models",
        ),
        output.states: figures.draw_states(structure, places, orders, f"States, {places['model'].nunique()} models"),
        output.treatment: figures.draw_treatment(likeness, treatment, f"{told} by model and arm, {n} models"),
        output.reversibility: figures.draw_reversibility(
            relapse, f"Relapse between untreated and persister, {n_relapse} models"
        ),
    }  # fmt: skip
    for path, figure in drawn.items():
        figure.savefig(path, dpi=DPI)


if __name__ == "__main__":
    job.run(main, snakemake)

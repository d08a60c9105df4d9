"""Draw the gene sets and published signatures that change most."""

from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.expression import differential, figures
from scripts.switches.plot_switches import DPI


def main(snakemake) -> None:
    """Read the table; write the figure of the persister contrast."""
    params = snakemake.params
    table = read_labelled(snakemake.input.table, "collection", "gene_set")
    name = next(iter(differential.contrasts_of(params.contrast)))
    rows = table[table["contrast"] == name]
    n = int(rows["n_models"].max()) if len(rows) else 0
    figure = figures.draw_gene_sets(
        rows, params.fdr, f"{params.contrast['persister']} − {params.contrast['baseline']}, {n} models"
    )
    figure.savefig(snakemake.output.figure, dpi=DPI)


if __name__ == "__main__":
    job.run(main, snakemake)

"""Draw the rules of this run and their dependencies."""

import tempfile
from pathlib import Path

from scripts.base import job
from scripts.base.workflow import ask
from scripts.report import rulegraph


def main(snakemake) -> None:
    """Write the picture; the target ``findings`` itself, which makes nothing, is left out."""
    with tempfile.TemporaryDirectory(dir=snakemake.resources.get("tmpdir")) as folder:
        dot = ask(["findings", "--rulegraph", "dot"], snakemake.config, Path(folder))
    names, edges = rulegraph.read_dot(dot)
    names = [name for name in names if name != "findings"]
    edges = [edge for edge in edges if "findings" not in edge]
    job.log.info("%d rules, %d edges", len(names), len(edges))
    figure = rulegraph.draw(names, edges, snakemake.params.stages)
    figure.savefig(snakemake.output.figure, dpi=150)


if __name__ == "__main__":
    job.run(main, snakemake)

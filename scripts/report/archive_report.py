"""Make Snakemake's own report of all findings: an archive with every figure, its caption, and the jobs behind it."""

import shutil
import tempfile
from pathlib import Path

from scripts.base import job
from scripts.base.workflow import ask


def main(snakemake) -> None:
    """Write report.zip; whole, or not at all."""
    targets = ["findings", snakemake.input.rulegraph]
    with tempfile.TemporaryDirectory(dir=snakemake.resources.get("tmpdir")) as name:
        # The archive's folder is named after the file, so the name stays.
        made = Path(name) / Path(snakemake.output.archive).name
        ask([*targets, "--report", str(made), "--report-stylesheet", snakemake.input.stylesheet],
            snakemake.config, Path(name))  # fmt: skip
        shutil.move(made, snakemake.output.archive)
    job.log.info("%s: %.1f MB", snakemake.output.archive, Path(snakemake.output.archive).stat().st_size / 1e6)


if __name__ == "__main__":
    job.run(main, snakemake)

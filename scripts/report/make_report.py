"""Make Snakemake's report of all findings, as one page and as an archive for large studies."""

import shutil
import tempfile
from pathlib import Path

from scripts import job
from scripts.report.workflow import ask


def main(snakemake) -> None:
    """Write report.html and report.zip; both whole, or neither."""
    targets = ["findings", snakemake.input.rulegraph]
    with tempfile.TemporaryDirectory(dir=snakemake.resources.get("tmpdir")) as name:
        folder = Path(name)
        made = {}
        for path in (snakemake.output.html, snakemake.output.archive):
            # The archive's folder is named after the file, so the name stays.
            made[path] = folder / Path(path).name
            ask([*targets, "--report", str(made[path]), "--report-stylesheet", snakemake.input.stylesheet],
                snakemake.config, folder)  # fmt: skip
        for path, temporary in made.items():
            shutil.move(temporary, path)
            job.log.info("%s: %.1f MB", Path(path).name, Path(path).stat().st_size / 1e6)


if __name__ == "__main__":
    job.run(main, snakemake)

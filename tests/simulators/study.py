"""A small study that is right, to be broken in one place at a time."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scripts.base import job
from scripts.study.load import load_study

CONFIG = {
    "check_files": False,
    "timepoints": ["untreated", "persister", "relapse"],
    "contrast": {"baseline": "untreated", "persister": "persister", "relapse": "relapse"},
    "arms": [
        {"arm": "untreated", "drugs": []},
        {"arm": "AC", "drugs": ["doxorubicin", "cyclophosphamide"]},
        {"arm": "cisplatin", "drugs": ["cisplatin"]},
    ],
    "models": [{"model": "A", "arms": ["untreated", "AC"]}, {"model": "B", "arms": ["untreated", "AC", "cisplatin"]}],
    "references": {
        "graft": {"species": "human", "prefix": "GRCh38_", "fasta": "human.fa.gz", "gtf": "human.gtf.gz"},
        "host": {"species": "mouse", "prefix": "GRCm39_", "fasta": "mouse.fa.gz", "gtf": "mouse.gtf.gz"},
    },
    "regulons": {
        "databases": [{"path": "hg38_10kbp_v10_clust.feather"}, {"path": "hg38_500bp_v10_clust.feather"}],
        "motif_annotations": {"path": "motifs-v10nr_clust-nr.hgnc-m0.001-o0.0.tbl"},
        "tfs": {"path": "allTFs_hg38.txt"},
    },
}
SAMPLES = """\
sample	model	timepoint	arm	replicate	assay	matrix	column
A_untreated	A	untreated	untreated	1	scrna
A_AC	A	persister	AC	1	scrna
B_untreated	B	untreated	untreated	1	scrna	data/B_untreated.h5ad
B_AC	B	persister	AC	1	scrna	data/B_AC.h5ad
B_bulk1	B	untreated	untreated	1	profile	data/B.tsv	control1
B_bulk2	B	persister	cisplatin	1	profile	data/B.tsv	treated1
"""
UNITS = """\
sample	unit	fq1	fq2
A_untreated	L001	reads/a_L001_R1.fastq.gz	reads/a_L001_R2.fastq.gz
A_untreated	L002	reads/a_L002_R1.fastq.gz	reads/a_L002_R2.fastq.gz
A_AC	L001	reads/b_L001_R1.fastq.gz	reads/b_L001_R2.fastq.gz
"""


@dataclass
class Draft:
    """A study in ``folder``. Sheets are text or bytes; ``config`` lacks their paths until :meth:`write`."""

    folder: Path
    config: dict = field(default_factory=lambda: copy.deepcopy(CONFIG))
    samples: str | bytes = SAMPLES
    units: str | bytes = UNITS

    def put(self, sheet: str, row: int, column: str, value: str) -> None:
        """Change one cell of a sheet; the header is row 1."""
        lines = [line.split("\t") for line in getattr(self, sheet).splitlines()]
        if column not in lines[0]:
            lines[0].append(column)
        number = lines[0].index(column)
        lines[row - 1] += [""] * (number + 1 - len(lines[row - 1]))
        lines[row - 1][number] = value
        setattr(self, sheet, "\n".join("\t".join(line) for line in lines) + "\n")

    def append(self, sheet: str, row: str) -> None:
        """Add a row, its cells separated by blanks."""
        setattr(self, sheet, getattr(self, sheet) + "\t".join(row.split(" ")) + "\n")

    def set(self, key: str, value: object) -> None:
        """Set a key of the config, given as a.b.c; numbers are indices. ``...`` removes it."""
        *path, last = [int(step) if step.isdigit() else step for step in key.split(".")]
        part = self.config
        for step in path:
            part = part[step] if isinstance(step, int) else part.setdefault(step, {})
        if value is ...:
            del part[last]
        else:
            part[last] = value

    def write(self) -> dict:
        """Write the sheets; return the config that names them."""
        for name in ("samples", "units"):
            text = getattr(self, name)
            (self.folder / f"{name}.tsv").write_bytes(text if isinstance(text, bytes) else text.encode())
        paths = {name: str(self.folder / f"{name}.tsv") for name in ("samples", "units")}
        return paths | self.config

    def load(self):
        """Return the study."""
        return load_study(self.write())

    def problems(self) -> list[str]:
        """Return the lines of the message with which the study is refused, paths of the sheets cut to their names."""
        with pytest.raises(job.UserError) as refused:
            self.load()
        return str(refused.value).replace(f"{self.folder}/", "").split("\n")


@pytest.fixture
def draft(tmp_path) -> Draft:
    """Return a study that is right."""
    return Draft(tmp_path)

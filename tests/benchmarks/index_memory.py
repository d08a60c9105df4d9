"""Peak memory of kallisto's indices, without introns and with them, on random genomes of several sizes. Prints a table.

    python tests/benchmarks/index_memory.py [megabases …]

A genome is like a mammal's in this alone: a gene each 60,000 bases of 30,000 with five exons of 300, so that half of it
is unspliced transcripts. Random sequence has no repeats.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

APART, LENGTH, EXON, EXONS = 60_000, 30_000, 300, 5
RUN = """
import resource, sys
from pathlib import Path
from types import SimpleNamespace
from scripts.references import index_kb
from scripts.study.resources import find_own_tools

class Resources(dict):
    pass

folder, introns = Path(sys.argv[1]), sys.argv[2] == "yes"
find_own_tools()
index_kb.main(SimpleNamespace(
    input=SimpleNamespace(fasta=str(folder / "genome.fa"), gtf=str(folder / "annotation.gtf")),
    output=SimpleNamespace(index=str(folder / "index.idx"), t2g=str(folder / "t2g.txt")),
    params=SimpleNamespace(introns=introns), resources=Resources(), threads=1, rule="index_kb"))
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def write_genome(folder: Path, megabases: int) -> float:
    """Write genome.fa and annotation.gtf; return their size (GB)."""
    rng = np.random.default_rng(megabases)
    genome = np.frombuffer(b"ACGT", dtype="S1")[rng.integers(0, 4, megabases * 1_000_000)].tobytes().decode()
    (folder / "genome.fa").write_text(f">c1\n{genome}\n")
    lines = []
    for number, start in enumerate(range(10_000, len(genome) - LENGTH, APART)):
        tags = f'gene_id "H_g{number}"; gene_name "g{number}"; gene_biotype "protein_coding";'
        more = f'{tags} transcript_id "t{number}";'
        strand = "+-"[number % 2]
        lines.append(f"c1\tx\tgene\t{start + 1}\t{start + LENGTH}\t.\t{strand}\t.\t{tags}\n")
        lines.append(f"c1\tx\ttranscript\t{start + 1}\t{start + LENGTH}\t.\t{strand}\t.\t{more}\n")
        for place in np.linspace(0, LENGTH - EXON, EXONS).astype(int):
            lines.append(f"c1\tx\texon\t{start + place + 1}\t{start + place + EXON}\t.\t{strand}\t.\t{more}\n")
    (folder / "annotation.gtf").write_text("".join(lines))
    return sum((folder / name).stat().st_size for name in ("genome.fa", "annotation.gtf")) / 1e9


def main(sizes: list[int]) -> None:
    """Measure each size with introns and without."""
    print(
        "| genome, Mb | index | input, GB | peak memory, GB | GB per GB of input | CPU s |\n|---|---|---|---|---|---|"
    )
    for megabases in sizes:
        for introns in ("no", "yes"):
            with tempfile.TemporaryDirectory() as name:
                given, before = write_genome(Path(name), megabases), resource.getrusage(resource.RUSAGE_CHILDREN)
                done = subprocess.run(
                    [sys.executable, "-c", RUN, name, introns], cwd=ROOT, capture_output=True, text=True, check=False
                )
                if done.returncode:
                    raise SystemExit(done.stderr[-2000:])
                peak = int(done.stdout.split()[-1]) / 1e6
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            kind = "with introns" if introns == "yes" else "without"
            print(f"| {megabases} | {kind} | {given:.3f} | {peak:.2f} | {peak / given:.1f} | {cpu:.0f} |", flush=True)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [8, 32])

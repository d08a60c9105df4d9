"""Real 3' reads and their twins, read 2 reversed as a 5' kit reads it, through both counters on the mini reference."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import anndata
import numpy as np
import pytest

from scripts.base.files import open_bytes
from scripts.counts import collect_counts, count_kb, count_starsolo
from scripts.reads import check_reads, detect_chemistry
from scripts.references import index_kb, index_star, join_genomes, provide_whitelist
from scripts.study.resources import find_own_tools

DATA = Path(__file__).parents[3] / "shared" / "data"
LISTS = ["v2", "v3"]
LANES = {"pbmc5k_v31": 2, "mouse_v2": 1}
COMPLEMENT = bytes.maketrans(b"ACGTN", b"TGCAN")
RAW = ("matrix", "barcodes", "features", "info", "library")
STAR = shutil.which("STAR") is not None

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(not (DATA / "reads").is_dir(), reason=f"the real reads are not there ({DATA / 'reads'})"),
]
COUNTERS = ["kb", pytest.param("starsolo", marks=pytest.mark.skipif(not STAR, reason="STAR is not installed"))]
MADE: dict[str, Path] = {}


@pytest.fixture
def references(tmp_path_factory, make_job):
    """Return the folder of indices and whitelists, made by the first test that asks."""
    if "folder" not in MADE:
        find_own_tools()
        folder = MADE["folder"] = tmp_path_factory.mktemp("references")
        given = {f"joined_{end}": next((DATA / "reference/mini_barnyard").glob(f"*.{name}.gz"))
                 for end, name in (("fasta", "fa"), ("gtf", "gtf"))}  # fmt: skip
        made = {"fasta": folder / "genome.fa", "gtf": folder / "annotation.gtf", "genes": folder / "genes.tsv"}
        join_genomes.main(make_job(
            input=given, output=made, params={"prefixes": {"graft": "GRCh38_", "host": "mm10_"}}
        ))  # fmt: skip
        given = {"fasta": made["fasta"], "gtf": made["gtf"]}
        output = {"index": folder / "kb.idx", "t2g": folder / "t2g.txt"}
        index_kb.main(make_job(input=given, output=output, params={"introns": False}))
        if STAR:
            output = {"index": folder / "star"}
            index_star.main(make_job(input=given, output=output, params={"sjdb_overhang": 100}, mem_mb=8000))
        for name in LISTS:
            output = {"text": folder / f"{name}.txt.gz", "packed": folder / f"{name}.npy"}
            provide_whitelist.main(make_job(output=output, wildcards={"chemistry": name}))
    return MADE["folder"]


def reads_of(sample: str, folder: Path, *, twin: bool) -> dict[str, list[Path]]:
    """Return the lanes' files, or those of twins whose read 2 is its reverse complement."""
    ones = sorted((DATA / "reads" / sample).glob("*_R1_*"))
    twos = sorted((DATA / "reads" / sample).glob("*_R2_*"))
    if twin:
        for number, path in enumerate(twos):
            with open_bytes(path) as handle:
                lines = handle.read().split(b"\n")
            lines[1::4] = [line.translate(COMPLEMENT)[::-1] for line in lines[1::4]]
            lines[3::4] = [line[::-1] for line in lines[3::4]]
            twos[number] = folder / f"twin{number}_R2.fastq.gz"
            twos[number].write_bytes(gzip.compress(b"\n".join(lines), 1))
    assert len(ones) == len(twos) == LANES[sample]
    return {"fq1": ones, "fq2": twos}


@pytest.mark.parametrize("counter", COUNTERS)
@pytest.mark.parametrize(("sample", "kit"), [("pbmc5k_v31", "10x 3' v3 / v3.1"), ("mouse_v2", "10x 3' v2")])
def test_reversed_twins_give_the_forward_umis(references, tmp_path, make_job, counter, sample, kit):
    """At least .98 of the UMIs. Counted forward the twins had 9 % and 13 % of them, exit 0.

    Of the same barcode and gene are .984 (kb) and .976 (STARsolo, which clips poly-A tails, but no poly-T).
    """
    counted, libraries = {}, {}
    lists = [references / f"{name}.npy" for name in LISTS]
    for twin in (False, True):
        folder = tmp_path / str(twin)
        folder.mkdir()
        given = reads_of(sample, folder, twin=twin)
        checks = []
        for unit, pair in enumerate(zip(given["fq1"], given["fq2"], strict=True)):
            checks.append(folder / f"{unit}.json")
            checks[-1].write_text(json.dumps({"unit": str(unit), **check_reads.check_pair(*map(str, pair))}))
        wildcards = {"sample": sample}
        detect_chemistry.main(make_job(
            input={**given, "whitelists": lists}, output={"_": [folder / "chemistry.json"]}, wildcards=wildcards,
            params={"units": [str(n) for n in range(len(checks))], "chemistries": LISTS, "configured": "auto",
                    "sample_reads": 100_000, "min_overlap": 0.5, "max_short_read1": 0.05},
        ))  # fmt: skip
        given |= {"checks": checks, "chemistry": folder / "chemistry.json", "whitelists": lists}
        files = {name: folder / name for name in RAW}
        params = {"chemistries": LISTS, "introns": False, "strand": "auto", "sample_reads": 100_000,
                  "max_short_read1": 0.05}  # fmt: skip
        if counter == "kb":
            own, main = {"index": references / "kb.idx", "t2g": references / "t2g.txt"}, count_kb.main
            files |= {name: folder / name for name in ("bus", "ec", "transcripts")}
        else:
            own, main = {"index": references / "star"}, count_starsolo.main
            files["bam"] = folder / "a.bam"
        main(make_job(
            input=given | own, output=files, params=params, wildcards=wildcards, threads=2, mem_mb=4000
        ))  # fmt: skip
        collect_counts.main(make_job(
            input={name: files[name] for name in ("matrix", "barcodes", "features", "library")}
            | {"chemistry": given["chemistry"], "genes": references / "genes.tsv"},
            output={"_": [folder / "c.h5ad"]}, params={"aligner": counter}, wildcards=wildcards,
        ))  # fmt: skip
        counted[twin] = anndata.read_h5ad(folder / "c.h5ad")
        libraries[twin] = json.loads((folder / "library").read_text())
    one, other = counted[False], counted[True]
    assert [libraries[twin]["strand"] for twin in (False, True)] == ["forward", "reverse"]
    assert libraries[False]["kit"] == kit
    shared = one.obs_names.intersection(other.obs_names)
    both = np.minimum(one[shared].X.toarray(), other[shared].X.toarray()).sum()
    assert both >= (0.98 if counter == "kb" else 0.97) * one.X.sum()
    assert 0.98 <= other.X.sum() / one.X.sum() <= 1.02

"""Files in an object store, as config and sheets name them: tests against a store are in dag/test_object_store.py."""

import pytest

from scripts.base.job import UserError


def test_addresses_become_the_paths_of_copies(draft):
    """In sheets and config; the study knows the address of each copy, and misses no file that isn't fetched yet."""
    draft.put("units", 2, "fq1", "s3://lab/run-1/a_R1.fastq.gz")
    draft.set("references.graft.fasta", "s3://lab/genome.fa")
    draft.set("regulons.tfs", {"path": "s3://lab/deep/tfs.txt"})
    study = draft.load()
    copies = {
        "results/inputs/lab/run-1/a_R1.fastq.gz": "s3://lab/run-1/a_R1.fastq.gz",
        "results/inputs/lab/genome.fa": "s3://lab/genome.fa",
        "results/inputs/lab/deep/tfs.txt": "s3://lab/deep/tfs.txt",
    }
    assert study.stored == copies
    assert set(copies) <= {*study.units["fq1"], *study.genomes.values(), *study.regulon_files}


def test_copies_lie_where_the_results_do(draft):
    draft.set("pathvars", {"results": "out/mine"})
    draft.set("references.graft.fasta", "s3://lab/genome.fa")
    assert list(draft.load().stored) == ["out/mine/inputs/lab/genome.fa"]


def test_the_same_file_is_one_copy(draft):
    """As of a table of profiles that many samples are columns of."""
    for part in ("fasta", "gtf"):
        draft.set(f"references.graft.{part}", "s3://lab/both")
    assert len(draft.load().stored) == 1


@pytest.mark.parametrize(
    "address", ["s3://a.fastq.gz", "s3://lab/../a.fastq.gz", "s3:///a.fastq.gz", "s3://lab//a.fastq.gz"]
)
def test_what_is_no_file_of_a_store_is_refused_with_its_place(draft, address):
    draft.put("units", 3, "fq2", address)
    with pytest.raises(UserError, match=r"units\.tsv, row 3, column fq2: 's3://.*' is no file of an object store"):
        draft.load()


@pytest.mark.parametrize("address", ["s3://lab", "s3://lab/", "s3://lab/folder/"])
def test_a_bucket_or_a_folder_is_refused(draft, address):
    draft.set("references.host.gtf", address)
    with pytest.raises(UserError, match=r"config, references\.host\.gtf: 's3://.*not of a folder"):
        draft.load()


@pytest.mark.parametrize("store", ["s3://lab/", "lab", "gs://lab/a", "s3://lab/{a}", 3])
def test_a_store_of_results_is_an_address(draft, store):
    draft.set("store", store)
    with pytest.raises(UserError, match=r"config, store: .* an address without a slash at its end"):
        draft.load()

"""Databases, motifs and factors are checked before anything heavy starts."""

import json

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather

from scripts.base import job
from scripts.regulons import check_databases, databases
from scripts.regulons.check_databases import check

GENES = [f"G{i}" for i in range(200)]
SETTINGS = {"rank_threshold": 50, "auc_threshold": 0.05, "min_database_overlap": 0.5}


def write(path, *, index="motifs", version=2, genes=GENES):
    table = pa.table({**{g: pa.array([1, 2], pa.int16()) for g in genes}, index: ["m1", "m2"]})
    feather.write_feather(table, path, version=version, **({"compression": "uncompressed"} if version == 2 else {}))
    return path


@pytest.mark.parametrize("version", [1, 2])
def test_names_are_read_from_both_versions(tmp_path, version):
    names = databases.read_names(write(tmp_path / "a.rankings.feather", version=version))
    assert list(names.genes) == GENES and names.motifs == {"m1", "m2"}


@pytest.fixture
def names(tmp_path):
    return [databases.read_names(write(tmp_path / "a.feather"))]


ANNOTATED = pd.DataFrame({"motif": ["m1", "other"], "tf": ["G3", "G4"]})


def test_a_sound_set_is_offered(names):
    offer = check(names, ANNOTATED, ["G3", "G4"], GENES, SETTINGS)
    assert offer["tfs_with_motif"] == ["G3"] and len(offer["genes"]) == 200


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"settings": SETTINGS | {"rank_threshold": 5000}},
            r"rank_threshold: 5000 ranks of 200 genes .* choose less than 200",
        ),
        ({"settings": SETTINGS | {"rank_threshold": 200}}, "rank_threshold: 200 ranks of 200 genes"),
        ({"settings": SETTINGS | {"auc_threshold": 0.5}}, "auc_threshold: 0.5 of 200 genes .* are 100 ranks"),
        ({"settings": SETTINGS | {"auc_threshold": 0.001}}, "are 0 ranks"),
        ({"annotated": ANNOTATED.iloc[1:]}, "motif_annotations: none of its motifs"),
        ({"tfs": ["JUN"]}, r"tfs: no factor \(JUN"),
        ({"annotation": [f"Actb{i}" for i in range(9)]}, "has 0% of the databases' genes .*species is the same"),
    ],
)
def test_what_cannot_work_is_refused(names, change, message):
    given = {"annotated": ANNOTATED, "tfs": ["G3"], "annotation": GENES, "settings": SETTINGS} | change
    with pytest.raises(job.UserError, match=message):
        check(names, given["annotated"], given["tfs"], given["annotation"], given["settings"])


def test_a_file_that_is_no_database_is_refused(tmp_path):
    other = write(tmp_path / "x.feather", index="name")
    with pytest.raises(job.UserError, match="no column motifs"):
        databases.read_names(other)
    cut = tmp_path / "cut.feather"
    cut.write_bytes(write(tmp_path / "a.feather").read_bytes()[:-200])
    with pytest.raises(job.UserError, match="can't be read as a Feather file"):
        databases.read_names(cut)


def test_tables_of_another_kind_are_refused(tmp_path):
    path = tmp_path / "motifs.tbl"
    path.write_text("motif\ttf\nm1\tG3\n")
    with pytest.raises(job.UserError, match="#motif_id and gene_name"):
        databases.read_annotated(path)
    path.write_text("\n# nothing\n")
    with pytest.raises(job.UserError, match="no factor"):
        databases.read_tfs(path)


KNOWN = {f"G{i}" for i in range(73)}
MEASURED = [f"G{i}" for i in range(100)]


def test_sound_data_with_many_clones_are_taken_with_a_warning(caplog):
    """PC9 cells and a database of hg19: 73 % of all genes, since half of the others are clones and long non-coding."""
    assert databases.check_overlap(MEASURED, KNOWN, None, 0.5, "group M") == pytest.approx(0.73)
    assert "know 73% of 100 genes; 100% of theirs are detected, less than 80 % and more than" in caplog.text
    assert "(50 %)" in caplog.text and "unknown: G73, G74" in caplog.text


def test_only_coding_genes_are_judged_where_the_annotation_tells(caplog):
    coding = {f"G{i}" for i in range(80)}
    assert databases.check_overlap(MEASURED, KNOWN, coding, 0.5, "group M") == pytest.approx(73 / 80)
    assert not caplog.text
    with pytest.raises(job.UserError, match=r"know 55% of 60 protein-coding genes \(73% of all 100\), less than .*60%"):
        databases.check_overlap(MEASURED, KNOWN, set(MEASURED[40:]), 0.6, "group M")


@pytest.mark.parametrize("coding", [None, {"ENSG1"}])
def test_other_names_are_refused(coding):
    with pytest.raises(job.UserError, match=r"know 0% of .*Check that species, release and naming"):
        databases.check_overlap(MEASURED, {"ENSG1", "ENSG2"}, coding, 0.5, "group M")


def test_coding_genes_are_offered_where_the_annotation_tells(names):
    assert check(names, ANNOTATED, ["G3"], GENES, SETTINGS)["coding"] is None
    assert check(names, ANNOTATED, ["G3"], GENES, SETTINGS, GENES[:5])["coding"] == GENES[:5]


MOTIFS = (
    "#motif_id\tgene_name\tmotif_similarity_qvalue\torthologous_identity\tdescription\n"
    "m1\tG3\t0\t1\tgene is directly annotated\n"
)


@pytest.mark.parametrize("told", [True, False])
def test_the_overlap_is_judged_on_coding_genes_where_the_table_of_genes_tells_them(tmp_path, make_job, told, caplog):
    """Cells of 100 known coding genes and 150 clones: 40 % of all are known, 100 % of the coding ones."""
    coding = pd.DataFrame({"symbol": GENES, "species": "graft", "biotype": "protein_coding"})
    clones = [f"RP11-{i}" for i in range(150)]
    table = pd.concat([coding, pd.DataFrame({"symbol": clones, "species": "graft", "biotype": "lncRNA"})])
    (table if told else table.assign(biotype="")).to_csv(tmp_path / "genes.tsv", sep="\t", index=False)
    (tmp_path / "motifs.tbl").write_text(MOTIFS)
    (tmp_path / "tfs.txt").write_text("G3\n")
    files = {"databases": [write(tmp_path / "a.feather")], "motifs": tmp_path / "motifs.tbl"}
    files |= {"tfs": tmp_path / "tfs.txt", "genes": tmp_path / "genes.tsv"}
    made = {"_": tmp_path / "databases.json"}
    check_databases.main(make_job(input=files, output=made, params={"settings": SETTINGS}))
    offer = json.loads(made["_"].read_text())
    measured, known = [*GENES[:100], *clones], set(offer["genes"])
    coding = set(offer["coding"]) if offer["coding"] else None
    if told:
        assert databases.check_overlap(measured, known, coding, 0.5, "group M") == 1
    else:
        with pytest.raises(job.UserError, match="know 40% of 250 genes; 50% of theirs are detected, less than"):
            databases.check_overlap(measured, known, coding, 0.5, "group M")

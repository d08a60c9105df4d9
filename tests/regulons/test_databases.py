"""Databases, motifs and factors are checked before anything heavy starts."""

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather

from scripts.base import job
from scripts.regulons import databases
from scripts.regulons.check_databases import check

GENES = [f"G{i}" for i in range(200)]
SETTINGS = {"rank_threshold": 50, "auc_threshold": 0.05, "min_database_overlap": 0.8}


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
        ({"annotation": [f"Actb{i}" for i in range(9)]}, "has 0% of the databases' genes .*same species"),
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

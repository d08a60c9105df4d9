import subprocess
import sys
from functools import partial

import numpy as np
import pandas as pd
import pytest
from prunable import ROOT, as_database, simulate_demo, write_database

from scripts.regulons import pyscenic_compat as compat
from scripts.scenic import cistarget, motif_table
from scripts.scenic.modules import modules_from_adjacencies


def test_import_leaves_numpy_alone_and_brings_no_front_end():
    code = (
        "import sys, numpy, logging\n"
        "import scripts.regulons.pyscenic_compat\n"
        "assert 'object' not in vars(numpy), 'the alias leaked'\n"
        "assert 'pyscenic.prune' not in sys.modules and 'arboreto' not in sys.modules\n"
        "assert not logging.getLogger('pyscenic').handlers\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_alias_that_was_there_stays(monkeypatch):
    monkeypatch.setitem(vars(np), "object", object)
    with compat.on_current_packages():
        assert vars(np)["object"] is object
    assert vars(np)["object"] is object


@pytest.fixture(scope="module")
def demo():
    return simulate_demo(80)


def test_pruning_is_pyscenics_own_path_from_file_to_regulons(demo, tmp_path):
    """Everything that we put between (database, annotations, tables), against ctxcore reading the files itself."""
    path = tmp_path / "demo.genes_vs_motifs.rankings.feather"
    write_database(path, demo["ranks"])
    table = tmp_path / "motifs.tbl"
    demo["table"].to_csv(table, sep="\t", index=False)
    modules = modules_from_adjacencies(demo["adjacencies"], demo["expression"], demo["genes"], min_genes=10)[::7]
    with compat.on_current_packages():
        transform, utils = compat.pyscenic.transform, compat.pyscenic.utils
        motifs = transform.modules2df(
            compat.ctxcore.rnkdb.opendb(str(path), name="demo"),
            [compat.to_regulon(module) for module in modules],
            utils.load_motif_annotations(str(table)),
            module2features_func=partial(
                transform.module2features_auc1st_impl, rank_threshold=100, auc_threshold=0.05, nes_threshold=2.5,
                filter_for_annotation=True,
            ),
        )  # fmt: skip
        regulons = transform.df2regulons(motifs)
    ours = compat.prune_modules(
        modules,
        [cistarget.Database.load(path, demo["genes"], name="demo")],
        motif_table.load_annotations(table),
        rank_threshold=100,
        nes_threshold=2.5,
        leading_edge="pyscenic",
    )
    assert len(ours) == len(motifs) > 10
    key = ["tf", "motif", "nes"]
    theirs = motifs.droplevel(0, axis=1).reset_index().rename(columns={"TF": "tf", "MotifID": "motif", "NES": "nes"})
    theirs, ours_sorted = theirs.sort_values(key, ignore_index=True), ours.sort_values(key, ignore_index=True)
    pd.testing.assert_frame_equal(theirs[key], ours_sorted[key])
    found = compat.regulons_from_motifs(ours)
    expected = {regulon.name: dict(regulon.gene2weight) for regulon in regulons}
    assert {name: dict(zip(t["target"], t["weight"], strict=True)) for name, t in found.groupby("regulon")} == expected


def test_nothing_is_printed(demo, capfd):
    modules = compat.modules_from_adjacencies(demo["adjacencies"], demo["expression"], demo["genes"], min_genes=10)[:3]
    annotations = demo["table"].rename(columns={"#motif_id": "motif", "gene_name": "tf", "description": "annotation"})
    found = compat.prune_modules(
        modules,
        [as_database(demo["ranks"])],
        annotations[motif_table.ANNOTATIONS],
        rank_threshold=60,
        nes_threshold=0.5,
    )
    regulons = compat.regulons_from_motifs(found)
    assert len(regulons)
    compat.score_cells(demo["expression"][:5], demo["genes"], {"R": dict.fromkeys(demo["genes"][:5], 1.0)})
    assert capfd.readouterr() == ("", "")

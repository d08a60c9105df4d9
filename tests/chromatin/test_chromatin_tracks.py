"""Peaks as a ranking database: pySCENIC and our kernels read it, and prune a module to the genes with peaks."""

import numpy as np
import pandas as pd
import pytest

from scripts.chromatin import make_tracks, tracks
from scripts.scenic import cistarget, motif_table
from scripts.scenic.modules import Module


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return database, motif table, targets with a peak and those without, of 600 genes with one or two starts."""
    folder = tmp_path_factory.mktemp("tracks")
    rng = np.random.default_rng(0)
    genes = [f"G{i:03d}" for i in range(600)]
    at = np.arange(600) * 200_000 + 50_000
    starts = pd.DataFrame({"gene": genes, "chromosome": "1", "position": at, "length": np.nan})
    second = starts.iloc[::3].assign(position=lambda t: t["position"] + 500)
    starts = pd.concat([starts, second], ignore_index=True)
    targets = list(rng.choice(genes, 30, replace=False))
    own, others = targets[:24], list(rng.choice(sorted(set(genes) - set(targets)), 40, replace=False))
    place = dict(zip(genes, at, strict=True))
    centre = np.array([place[gene] for gene in own + others]) + rng.integers(-3000, 3000, 64)
    peaks = pd.DataFrame({"chromosome": "1", "start": centre, "end": centre + 300, "signal": rng.gamma(3, 3, 64) + 3})
    rankings = tracks.make_rankings(starts, {"F_persister": peaks}, reach=50_000, random=60, seed=1)
    tracks.write_database(rankings, folder / "peaks.genes_vs_tracks.rankings.feather")
    motifs = folder / "motifs.tbl"
    tracks.annotate({"x": "OTHER"}).replace({"track__x": "known_motif"}).to_csv(motifs, sep="\t", index=False)
    text = make_tracks.join_annotations(str(motifs), {"F_persister": "TF1"})
    (folder / "joined.tbl").write_text(text)
    return folder / "peaks.genes_vs_tracks.rankings.feather", folder / "joined.tbl", own, targets[24:], rankings


def test_each_track_ranks_all_genes_once(made):
    rankings = made[4]
    assert rankings.shape == (61, 600) and rankings.index[0] == "track__F_persister"
    assert (np.sort(rankings.to_numpy(), axis=1) == np.arange(600)).all()
    assert rankings.loc["track__F_persister", made[2]].max() < 64  # before all genes without a peak
    again = made[4].loc["random__1", made[2]]
    assert again.median() > 150


def test_signals_add_up_and_halve_with_distance():
    starts = pd.DataFrame(
        {"gene": ["A", "A", "B"], "chromosome": "1", "position": [1000, 90_000, 200_000], "length": 1.0}
    )
    peaks = pd.DataFrame(
        {"chromosome": "1", "start": [900, 11_000, 60_000], "end": [1100, 11_100, 60_200], "signal": [2.0, 4.0, 8.0]}
    )
    found = tracks.score_genes(starts, peaks, 50_000)
    # A's first start: 2 within, 4 at 10 kb; its second: 8 at 29,801 bp.
    assert found["A"] == pytest.approx(2 + 4 * 0.5) and found["B"] == 0
    assert tracks.score_genes(starts.iloc[1:2], peaks, 50_000)["A"] == pytest.approx(8 * 0.5 ** (29_801 / 10_000))


def test_random_tracks_keep_scores_within_genes_of_as_many_starts():
    rng = np.random.default_rng(3)
    scores, strata = rng.random(50), rng.integers(1, 4, 50)
    found = tracks.exchange(scores, strata, rng)
    assert not np.array_equal(found, scores)
    for stratum in (1, 2, 3):
        assert sorted(found[strata == stratum]) == sorted(scores[strata == stratum])


def module_of(genes: list[str], tf: str = "TF1") -> Module:
    """Return a module of genes of equal weight."""
    return Module(tf, "top50perTarget", "+", np.array(genes, dtype=object), np.ones(len(genes)))


def test_our_kernel_prunes_a_module_to_the_genes_with_peaks(made):
    path, table, own, without, rankings = made
    database = cistarget.Database.load(path)
    annotations = motif_table.load_annotations(table)
    assert dict(zip(annotations["motif"], annotations["tf"], strict=True)) == {
        "known_motif": "OTHER", "track__F_persister": "TF1",
    }  # fmt: skip
    options = {"rank_threshold": 100, "auc_threshold": 0.1}
    found = cistarget.prune([module_of(own + without)], [database], annotations, **options)
    assert found["motif"].tolist() == ["track__F_persister"] and found["nes"].iloc[0] > 3
    kept = set(found["targets"].iloc[0])
    assert len(kept & set(own)) >= 20 and len(kept - set(own)) <= 1
    chance = [gene for gene in rankings.columns[::20] if gene not in own]
    assert cistarget.prune([module_of(chance)], [database], annotations, **options).empty


def test_pyscenics_reader_and_pruning_take_it(made):
    """The ranking database of ctxcore, and pySCENIC's own pruning: the same track and targets."""
    from scripts.regulons import pyscenic_compat

    path, table, own, without, rankings = made
    theirs = pyscenic_compat.ctxcore.rnkdb.opendb(str(path), name="tracks")
    assert theirs.total_genes == 600 and set(theirs.genes) == set(rankings.columns)
    loaded = theirs.load_full()
    pd.testing.assert_frame_equal(
        loaded.loc[rankings.index, rankings.columns], rankings, check_dtype=False, check_names=False, check_freq=False
    )
    module = module_of(own + without)
    options = {"rank_threshold": 100, "auc_threshold": 0.1}
    annotations = motif_table.load_annotations(table)
    found = pyscenic_compat.prune_modules([module], [cistarget.Database.load(path)], annotations, **options)
    ours = cistarget.prune([module], [cistarget.Database.load(path)], annotations, leading_edge="pyscenic", **options)
    assert found["motif"].tolist() == ["track__F_persister"]
    assert set(found["targets"].iloc[0]) == set(ours["targets"].iloc[0])
    assert found["nes"].iloc[0] == pytest.approx(ours["nes"].iloc[0], rel=1e-5)

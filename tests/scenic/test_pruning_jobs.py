"""The jobs from networks to a group's regulons, with either engine, of activated and repressed targets."""

import anndata
import numpy as np
import pandas as pd
import pytest
import yaml
from prunable import ROOT, simulate_demo, write_database
from scipy import sparse

from scripts.regulons import (
    consensus,
    consensus_over_seeds,
    databases,
    mean_network,
    null,
    prune_modules,
    pyscenic_compat,
    scoring,
)
from scripts.scenic import cistarget, motif_table

SETTINGS = {
    "engine": "native", "min_module_genes": 10, "repressors": True, "min_targets": 3, "rank_threshold": 50,
    "auc_threshold": 0.05, "nes_threshold": 2.5, "leading_edge": "pyscenic", "motif_similarity_fdr": 0.001,
    "orthologous_identity": 0.0, "min_seeds": 2, "max_false_share": 1.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Write expression, database, motif table and the networks of three seeds."""
    folder, demo = tmp_path_factory.mktemp("group"), simulate_demo(80)
    # FOSL1 turned round represses its targets: the network stays, its sign changes.
    expression = demo["expression"].toarray()
    column = demo["genes"].index("FOSL1")
    expression[:, column] = expression[:, column].max() - expression[:, column]
    anndata.AnnData(sparse.csr_matrix(expression), var=pd.DataFrame(index=demo["genes"])).write_h5ad(
        folder / "expression.h5ad"
    )
    write_database(folder / "demo.feather", demo["ranks"])
    demo["table"].to_csv(folder / "motifs.tbl", sep="\t", index=False)
    networks = []
    for seed in (1, 2, 3):
        noise = np.random.default_rng(seed).uniform(0.7, 1.3, len(demo["adjacencies"]))
        networks.append(folder / f"{seed}.parquet")
        edges = demo["adjacencies"].assign(importance=demo["adjacencies"]["importance"] * noise)
        edges.to_parquet(networks[-1], index=False)
    return {"expression": folder / "expression.h5ad", "databases": [folder / "demo.feather"],
            "motifs": folder / "motifs.tbl", "networks": networks}  # fmt: skip


def prune(files, network, folder, make_job, **settings) -> dict:
    """Run prune_modules; return its outputs."""
    folder.mkdir(exist_ok=True)
    output = {"motifs": folder / "motifs.parquet", "regulons": folder / "regulons.tsv"}
    output["candidates"] = folder / "candidates.parquet"
    inputs = {name: files[name] for name in ("expression", "databases", "motifs")} | {"adjacencies": network}
    prune_modules.main(make_job(input=inputs, output=output, params={"settings": SETTINGS | settings}))
    return output


def agree(files, runs, networks, folder, make_job, seeds=None, **settings) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run consensus_over_seeds; return regulons and their test."""
    inputs = {
        "regulons": [run["regulons"] for run in runs], "candidates": [run["candidates"] for run in runs],
        "adjacencies": networks, "databases": files["databases"], "motifs": files["motifs"],
        "families": ROOT / "resources" / "factors" / "families.tsv",
    }  # fmt: skip
    if seeds:
        inputs["seeds"] = seeds
    output = {"regulons": folder / "agreed.tsv", "exchanged": folder / "exchanged.tsv"}
    consensus_over_seeds.main(make_job(input=inputs, output=output, params={"settings": SETTINGS | settings}))
    return pd.read_csv(output["regulons"], sep="\t"), pd.read_csv(output["exchanged"], sep="\t")


@pytest.mark.full
def test_engines_agree_on_repressed_targets(files, tmp_path, make_job):
    """pySCENIC's own functions give the same regulons, NAME(+) and NAME(-), from all of its modules."""
    found = {}
    for engine in ("native", "pyscenic"):
        made = prune(files, files["networks"][0], tmp_path / engine, make_job, engine=engine)
        found[engine] = pd.read_csv(made["regulons"], sep="\t")
    pd.testing.assert_frame_equal(found["native"], found["pyscenic"])
    names = found["native"].drop_duplicates("regulon")
    assert "FOSL1(-)" in set(names["regulon"]) and "FOSL1(+)" not in set(names["regulon"])
    assert (names["regulon"].str[:-3] == names["tf"]).all()
    without = prune(files, files["networks"][0], tmp_path / "without", make_job, repressors=False)
    activating = found["native"][found["native"]["regulon"].str.endswith("(+)")].reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.read_csv(without["regulons"], sep="\t"), activating)


def test_seeds_agree_and_the_null_counts_the_same_regulons(files, tmp_path, make_job):
    own = {"leading_edge": "motif"}
    runs = [
        prune(files, network, tmp_path / str(number), make_job, **own)
        for number, network in enumerate(files["networks"])
    ]
    agreed, tested = agree(files, runs, files["networks"], tmp_path, make_job)
    assert agreed.columns.tolist() == consensus.SEEDS and tested.columns.tolist() == null.EXCHANGED
    assert agreed["seeds"].between(2, 3).all() and (tested["status"] == consensus.KEPT).all()
    sizes = agreed.groupby("regulon").size()
    assert sizes.to_dict() == tested.set_index("regulon")["targets"].to_dict()
    strict, _ = agree(files, runs, files["networks"], tmp_path, make_job, max_false_share=0.05)
    passed = set(tested.loc[tested["false_share"] <= 0.05, "regulon"])
    assert set(strict["regulon"]) == passed and 0 < len(passed) < len(sizes)


def test_the_mean_network_is_pruned_once(files, tmp_path, make_job):
    output = {"adjacencies": tmp_path / "mean.parquet", "seeds": tmp_path / "seeds.parquet"}
    inputs = {"adjacencies": files["networks"], "expression": files["expression"]}
    mean_network.main(make_job(input=inputs, output=output, params={"settings": SETTINGS}))
    run = prune(files, output["adjacencies"], tmp_path / "mean", make_job, leading_edge="motif")
    agreed, tested = agree(files, [run], [output["adjacencies"]], tmp_path, make_job, seeds=output["seeds"])
    assert len(agreed) and agreed["seeds"].between(2, 3).all()
    assert agreed.groupby("regulon").size().to_dict() == tested.set_index("regulon")["targets"].to_dict()
    pairs = ["regulon", "target"]
    whole = pd.read_csv(run["regulons"], sep="\t")
    assert set(agreed[pairs].itertuples(index=False)) <= set(whole[pairs].itertuples(index=False))
    strict, _ = agree(files, [run], [output["adjacencies"]], tmp_path, make_job, seeds=output["seeds"], min_seeds=3)
    assert (strict["seeds"] == 3).all() and 0 < len(strict) <= len(agreed)


def test_motifs_of_other_releases_are_not_exchanged(files, tmp_path, make_job):
    """Motifs that no database has can't be given to anybody."""
    own = pd.read_csv(files["motifs"], sep="\t")
    more = own.assign(**{"#motif_id": "v99__" + own["#motif_id"]})
    pd.concat([own, more]).to_csv(tmp_path / "motifs.tbl", sep="\t", index=False)
    run = prune(files, files["networks"][0], tmp_path / "run", make_job, leading_edge="motif")
    with_more = files | {"motifs": tmp_path / "motifs.tbl"}
    found = [agree(f, [run], files["networks"][:1], tmp_path, make_job, min_seeds=1)[1] for f in (files, with_more)]
    pd.testing.assert_frame_equal(*found)
    assert databases.read_names(files["databases"][0]).motifs >= set(own["#motif_id"])


PUBLISHED = {
    "engine": "pyscenic", "importance": "published", "join": "edges", "leading_edge": "pyscenic", "repressors": False,
    "min_seeds": 1, "max_false_share": 1.0, "activity_score": "aucell", "activity_auc_threshold": 0.2,
    "activity_own_gene": True, "max_target_share": 1.0,
}  # fmt: skip
"""The published method: pySCENIC's functions, GRNBoost2's importances, all regulons, AUCell of own gene and targets."""


@pytest.mark.full
def test_options_of_the_published_method_give_pyscenics_regulons_and_activities(files, tmp_path, make_job):
    """The config takes them, and a group's regulons and activities are those of pySCENIC 0.12.1 called by itself."""
    schema = yaml.safe_load((ROOT / "config" / "schemas" / "config.schema.yaml").read_text())
    known = schema["properties"]["regulons"]["properties"]
    for name, value in PUBLISHED.items():
        assert name in known and value in known[name].get("enum", [value])
    run = prune(files, files["networks"][0], tmp_path / "run", make_job, **PUBLISHED)
    agreed, _ = agree(files, [run], files["networks"][:1], tmp_path, make_job, **PUBLISHED)
    expression = anndata.read_h5ad(files["expression"])
    genes = expression.var_names.tolist()
    network = pd.read_parquet(files["networks"][0])
    modules = pyscenic_compat.modules_from_adjacencies(
        network, expression.X, genes, min_genes=SETTINGS["min_module_genes"], only_activating=True
    )
    found = pyscenic_compat.prune_modules(
        modules,
        [cistarget.Database.load(files["databases"][0], genes, min_overlap=0.0)],
        motif_table.load_annotations(files["motifs"]),
        leading_edge="pyscenic",
        **{name: SETTINGS[name] for name in ("rank_threshold", "auc_threshold", "nes_threshold")},
    )
    alone = pyscenic_compat.regulons_from_motifs(found, min_targets=SETTINGS["min_targets"])
    edges = ["regulon", "target"]
    both = agreed.merge(alone, on=edges, how="outer", suffixes=("", "_alone"), indicator=True)
    assert (both["_merge"] == "both").all() and agreed["regulon"].nunique() > 5
    np.testing.assert_allclose(both["weight"], both["weight_alone"], rtol=1e-5)
    own = scoring.score(expression.X, genes, scoring.sets_from(agreed, PUBLISHED), PUBLISHED, scales=None, seed=1)
    weights = {name: part.set_index("target")["weight"].to_dict() for name, part in alone.groupby("regulon")}
    theirs = pyscenic_compat.score_cells(expression.X, genes, weights, auc_threshold=0.2, seed=1)
    np.testing.assert_allclose(own.to_numpy(), theirs[own.columns].to_numpy(), rtol=0, atol=1e-6)
    assert own.to_numpy().std() > 0

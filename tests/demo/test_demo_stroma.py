"""The demo's stroma against what was planted: macrophages grow in persisters, and a ligand of the tumour with them."""

import pandas as pd
import pytest
import yaml
from checkout import ROOT, only_whole

pytestmark = only_whole
MAIN = "persister vs untreated"


@pytest.fixture(scope="module")
def read(results):
    """Return a function that reads a table of the stage."""
    return lambda name: pd.read_csv(results / "stroma" / name, sep="\t")


@pytest.fixture(scope="module")
def planted() -> dict[str, float]:
    """Return what multiplies the share of each lineage in persisters."""
    return yaml.safe_load((ROOT / "config" / "demo" / "network.yaml").read_text())["host_changes"]["persister"]


def test_every_lineage_is_named(read, droplets):
    cells = read("cells.tsv.gz")
    true = pd.concat([table["stroma"].rename_axis("barcode").reset_index().assign(sample=sample)
                      for sample, table in droplets.items()])  # fmt: skip
    both = cells.assign(barcode=cells["cell"].str.split(":").str[1]).merge(true, on=["sample", "barcode"])
    single = both[both["stroma"].fillna("") != ""]
    assert len(single) > 1000 and (single["lineage"] == single["stroma"]).mean() > 0.95
    assert set(read("clusters.tsv")["lineage"].dropna()) == {"fibroblast", "macrophage", "endothelial", "pericyte"}


def test_the_planted_lineage_alone_rises(read, planted):
    changes = read("changes.tsv")
    main = changes[changes["contrast"] == MAIN].set_index("lineage")
    assert list(planted) == ["macrophage"] and main["n_models"].eq(5).all()
    assert list(main.index[main["verdict"] == "rises"]) == ["macrophage"]
    # Relative to the geometric mean of four lineages: three quarters of the planted log ratio.
    assert main.loc["macrophage", "ci_low"] > 0.5 and main.loc["macrophage", "k"] == 5
    relapse = changes[changes["contrast"] == "relapse vs untreated"]
    assert set(relapse["verdict"]) == {"too few models"} and relapse["p"].isna().all()


def test_a_target_of_the_planted_factor_leads_the_pairs(read):
    """INHBA is a target of FOSL1, and endoglin a gene of the stroma."""
    pairs = read("pairs.tsv")
    assert len(pairs) > 20 and (pairs["p"].dropna() >= pairs.loc[pairs["p"].notna(), "random_share"]).all()
    best = pairs[(pairs["direction"] == "tumour to stroma") & (pairs["ligand"] == "INHBA")]
    assert best["ci_low"].max() > 0 and best["p"].min() < 0.05
    assert pairs["fdr"].le(0.05).mean() < 0.2


def test_the_report_tells_it(results):
    text = (results / "report" / "report.html").read_text()
    assert "macrophage rises" in text

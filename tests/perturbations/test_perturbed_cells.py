"""Factors switched on in single cells, as libraries and as samples of a pool: from matrices to the column tested."""

from pathlib import Path

import anndata
import in_process
import numpy as np
import pandas as pd
import pytest

from scripts.demo.plan import load_plan
from scripts.demo.simulate_line import RAISED, switched
from scripts.demo.simulate_molecules import simulate_droplets
from scripts.references.barcodes import unpack

ROOT = Path(__file__).parents[2]
MODELS = ("HBCx95", "HBCx39", "HBCx172", "HBCx218")
CELLS = 200
GAIN = {"off": 0.0, "FOSL1": 2.0, "KLF4": 0.0}
"""What is planted in the lines: FOSL1 drives its targets, KLF4's own mRNA rises and nothing follows."""
CONFIG = """\
samples: samples.tsv
timepoints: [untreated, persister]
contrast: {{baseline: untreated, persister: persister}}
arms: [{{arm: untreated, drugs: []}}, {{arm: AC, drugs: [doxorubicin]}}, {{arm: cisplatin, drugs: [cisplatin]}}]
models: [{models}]
cells:
  composition: pure
  pools: {{pool: {{assignments: assignments.tsv}}}}
  doublets: {{enabled: false}}
  empty_drops: {{min_counts: 150, min_fraction_of_median: 0.05, simulations: 1000}}
  qc: {{method: fixed, min_counts: 200, min_genes: 80}}
clusters: {{n_top_genes: 200, n_pcs: 10, subsamples: 3, resolutions: [0.2, 0.6]}}
regulons: {{given: {{path: regulons.gmt}}, min_targets: 6}}
profiles: {{min_cells: 20}}
expression: {{signature_size: 40, signature_sizes: [10, 40]}}
published: {{shipped: false}}
"""
COLUMNS = ["sample", "model", "timepoint", "arm", "replicate", "assay", "matrix", "pool", "tag", "role", "factor",
           "direction", "control"]  # fmt: skip


def draw(plan, model: str, timepoint: str, seed: int, factor: str = "off"):
    """Return droplets × genes of the tumour: cells, then empty droplets."""
    own = switched(plan, factor, GAIN[factor]) if factor != "off" else plan
    library = {"model": model, "timepoint": timepoint, "arm": "AC", "graft_cells": CELLS, "host_cells": 0}
    library |= {"ambient": 0.08, "doublet_rate": 0.0, "empty_droplets": 400}
    counts, truth = simulate_droplets(own, pd.Series(library), np.random.default_rng(seed))
    symbols = plan.of_species("graft")["symbol"].to_list()
    counts = counts[:, : len(symbols)].tolil()
    if factor != "off":
        counts[:, symbols.index(factor)] = np.round(RAISED * counts[:, symbols.index(factor)].toarray())
    return counts.tocsr(), (truth["kind"] == "cell").to_numpy(), symbols


def write(path: Path, parts: list, seed: int) -> pd.Series:
    """Write one matrix of several draws; return the draw of each cell by its barcode."""
    from scipy import sparse

    counts = sparse.vstack([part[0] for part in parts]).tocsr().astype(np.int32)
    numbers = np.random.default_rng(seed).choice(2**32, counts.shape[0], replace=False).astype(np.uint32)
    barcodes = unpack(numbers).astype(str)
    of, cell = np.repeat(range(len(parts)), [part[0].shape[0] for part in parts]), np.concatenate([p[1] for p in parts])
    anndata.AnnData(counts, obs=pd.DataFrame(index=barcodes), var=pd.DataFrame(index=parts[0][2])).write_h5ad(path)
    return pd.Series(of[cell], index=barcodes[cell])


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> Path:
    """Return the results of a study of three models with two lines, one of them a pool of three samples."""
    folder = tmp_path_factory.mktemp("perturbed")
    plan = load_plan(ROOT / "config" / "demo" / "network.yaml", 7).without_clusters()
    rows, seed = [], 0
    for model in MODELS:
        for timepoint, arm in (("untreated", "untreated"), ("persister", "AC"), ("persister", "cisplatin")):
            seed += 1
            name = f"{model}_{arm}"
            write(folder / f"{name}.h5ad", [draw(plan, model, timepoint, seed)], seed)
            rows.append((name, model, timepoint, arm, f"{name}.h5ad", "", "", "", "", "", ""))
    for name, factor in (("lone_off", "off"), ("lone_on", "FOSL1")):
        seed += 1
        write(folder / f"{name}.h5ad", [draw(plan, "line", "untreated", seed, factor)], seed)
        told = ("", "", "") if factor == "off" else (factor, "gain", "lone_off")
        rows.append((name, "lone", "untreated", "untreated", f"{name}.h5ad", "", "", "perturbation", *told))
    parts = [draw(plan, "line", "untreated", 50 + number, factor) for number, factor in enumerate(GAIN)]
    of = write(folder / "pool.h5ad", parts, 99)
    tags = [f"tag_{factor}" for factor in GAIN]
    pd.DataFrame({"barcode": of.index, "tag": [tags[number] for number in of]}).to_csv(
        folder / "assignments.tsv", sep="\t", index=False
    )
    for factor, tag in zip(GAIN, tags, strict=True):
        told = ("", "", "") if factor == "off" else (factor, "gain", "pooled_off")
        rows.append(
            (f"pooled_{factor}", "pooled", "untreated", "untreated", "pool.h5ad", "pool", tag, "perturbation", *told)
        )
    sheet = pd.DataFrame(rows, columns=[name for name in COLUMNS if name not in ("replicate", "assay")])
    sheet["replicate"], sheet["assay"] = "1", "scrna"
    sheet[COLUMNS].to_csv(folder / "samples.tsv", sep="\t", index=False)
    models = ", ".join(f"{{model: {model}, arms: [untreated, AC, cisplatin]}}" for model in MODELS)
    (folder / "config.yaml").write_text(CONFIG.format(models=models))
    regulons = plan.network["regulons"]
    (folder / "regulons.gmt").write_text(
        "".join("\t".join([f"{tf}(+)", "planted", *own["targets"]]) + "\n" for tf, own in regulons.items())
    )
    wanted = [
        "results/perturbations/factors.tsv",
        "results/switches/switches.tsv",
        "results/perturbations/mrna_bins.tsv",
    ]
    options = ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder), "--cores", "1", "--configfile"]
    said = in_process.snakemake(folder, *options, str(folder / "config.yaml"), "--", *wanted)
    assert said.code == 0, said.text
    return folder / "results"


@pytest.mark.full
def test_a_factor_switched_on_in_single_cells_and_in_a_pool_is_tested(found):
    factors = pd.read_csv(found / "perturbations" / "factors.tsv", sep="\t").set_index("tf")["tested"]
    table = pd.read_csv(found / "perturbations" / "perturbations.tsv", sep="\t").set_index("perturbation")
    print(table.T.to_string(), factors)
    assert len(table) == 3 and {"FOSL1_gain_lone", "FOSL1_gain_pooled", "KLF4_gain_pooled"} == set(table.index)
    assert factors["FOSL1"] == "switched on"
    assert factors["KLF4"] != "switched on"
    switches = pd.read_csv(found / "switches" / "switches.tsv", sep="\t").set_index("tf")
    assert switches.loc["FOSL1", "tested"] == "switched on"


@pytest.mark.full
def test_lines_take_no_part_in_what_the_study_learns(found):
    profiles = anndata.read_h5ad(found / "profiles" / "profiles.h5ad")
    assert set(profiles.obs["model"]) == set(MODELS)

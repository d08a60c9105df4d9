"""Perturbations as bulk counts of the samples sheet: from sheet and matrices to changes, p-values and verdicts."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from simulators.perturbations import simulate
from simulators.study import draft  # noqa: F401

from scripts.perturbations import collect_changes, compare_perturbations, measure_perturbations
from scripts.perturbations.terms import CHANGES, LISTED

COLUMNS = ("role", "factor", "direction", "dose", "control")
FACTORS = {"T10": 0.8, "T11": 0.0}
"""Share of the programme that more of a factor brings; the mRNA of both changes four-fold."""
SIDES = {
    "up10": ("T10", "gain", 3), "up11": ("T11", "gain", 3), "ko10": ("T10", "loss", 3), "one11": ("T11", "loss", 1),
}  # fmt: skip
CONTROLS = {"off": 3, "alone": 1}
DISPERSION = 0.03
"""Squared coefficient of variation between replicates, beyond counting."""


def draw(study, rng: np.random.Generator) -> pd.DataFrame:
    """Return genes × samples of bulk counts: replicates vary among each other, and have unlike depth."""
    names = [*study.effect.index, *FACTORS]
    level = pd.Series(rng.lognormal(6, 0.8, len(names)), index=names)
    level[list(FACTORS)] = 400.0
    columns = {}
    for name, (factor, direction, n) in {**SIDES, **{c: ("", "", n) for c, n in CONTROLS.items()}}.items():
        change = pd.Series(0.0, index=names)
        if factor:
            sign = 1 if direction == "gain" else -1
            change[study.effect.index] = sign * FACTORS[factor] * study.effect
            change[factor] = sign * 2.0
        for number in range(n):
            varied = rng.gamma(1 / DISPERSION, DISPERSION, len(names))
            columns[f"{name}_{number}"] = rng.poisson(level * 2**change * varied * rng.choice([0.5, 1.0, 2.0]))
    return pd.DataFrame(columns, index=pd.Index(names, name="gene"))


def run(job, inputs: dict, params: dict, folder, suffix: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run a script of the stage; return its changes and its list."""
    output = SimpleNamespace(changes=folder / f"{suffix}.parquet", listed=folder / f"{suffix}.tsv")
    job.main(SimpleNamespace(input=SimpleNamespace(**inputs), params=SimpleNamespace(**params), output=output))
    return pd.read_parquet(output.changes), pd.read_csv(output.listed, sep="\t", keep_default_na=False, na_values=[""])


@pytest.fixture(scope="module")
def simulated():
    """Return the study that the programme is learned from."""
    return simulate(np.random.default_rng(1))


@pytest.fixture
def measured(draft, simulated):  # noqa: F811
    """Return the measured changes and their list, of a sheet whose counts are in two tables."""
    counts = draw(simulated, np.random.default_rng(6))
    first = [name for name in counts if name.startswith(("up", "off"))]
    (draft.folder / "data").mkdir(exist_ok=True)
    for table, columns in (("a.tsv", first), ("b.tsv", [name for name in counts if name not in first])):
        counts[columns].sample(frac=1, random_state=0).to_csv(draft.folder / "data" / table, sep="\t")
    row = 7
    for name in counts:
        row += 1
        side, number = name.rsplit("_", 1)
        table = draft.folder / "data" / ("a.tsv" if name in first else "b.tsv")
        model = "single" if side in ("one11", "alone") else "line"
        draft.append("samples", f"{name} {model} cultured control {row} profile {table} {name}")
        factor, direction, _ = SIDES.get(side, ("", "", 0))
        control = "" if not factor else "alone_0" if model == "single" else f"off_{number}"
        for column, value in zip(COLUMNS, ("perturbation", factor, direction, "", control), strict=True):
            draft.put("samples", row, column, value)
    study = draft.load()
    params = {
        "cells": study.perturbed_cells, "profiles": study.perturbed_rows, "sheet": "samples.tsv", "min_cells": 20,
        "perturbations": study.measured_perturbations,
    }  # fmt: skip
    return counts, *run(measure_perturbations, {"cells": []}, params, draft.folder, "measured")


def test_changes_have_the_planted_sign_and_size(measured, simulated):
    _, changes, listed = measured
    assert list(changes) == CHANGES and list(listed) == LISTED
    assert list(listed["perturbation"]) == ["T10_gain_line", "T11_gain_line", "T10_loss_line", "T11_loss_single"]
    assert listed[["n_perturbed", "n_control"]].to_numpy().tolist() == [[3, 3], [3, 3], [3, 3], [1, 1]]
    assert set(listed["source"]) == {"samples"} and set(listed["validated"]) == {"no"}
    wide = changes.pivot(index="gene", columns="perturbation", values="log_fc")
    planted = simulated.effect[simulated.effect.abs() > 0.5]
    for name, share in (("T10_gain_line", 0.8), ("T10_loss_line", -0.8), ("T11_gain_line", 0.0)):
        slope = stats.linregress(planted, wide.loc[planted.index, name]).slope
        assert slope == pytest.approx(share, abs=0.12), name
        still = wide.loc[simulated.effect.index[simulated.effect == 0], name]
        assert still.median() == pytest.approx(0, abs=0.08), "depth of the libraries is none of it"
    own = {name: wide.loc[name.split("_")[0], name] for name in wide}
    signs = {"T10_gain_line": 2, "T11_gain_line": 2, "T10_loss_line": -2, "T11_loss_single": -2}
    assert own == pytest.approx(signs, abs=0.9), "the single sample varies most"


def test_the_replicate_is_the_unit_of_p(measured, simulated):
    """No p-value of one sample a side, however many reads; else at most chance where nothing changes."""
    counts, changes, _ = measured
    p = changes.pivot(index="gene", columns="perturbation", values="p")
    assert p["T11_loss_single"].isna().all() and changes.query("perturbation == 'T11_loss_single'")["log_fc"].all()
    still = simulated.effect.index[simulated.effect == 0]
    assert (p.loc[still, "T11_gain_line"] <= 0.05).mean() == pytest.approx(0.05, abs=0.025)
    moved = simulated.effect.index[simulated.effect.abs() > 1]
    assert (p.loc[moved, "T10_gain_line"] <= 0.05).mean() > 0.6
    # With reads as the unit, a third of the idle genes would have p ≤ 0.05.
    on, off = (counts[[f"{side}_{n}" for n in range(3)]].sum(axis=1) for side in ("up11", "off"))
    both, rate = on + off, on.sum() / (on.sum() + off.sum())
    z = ((on - rate * both) / np.sqrt(both * rate * (1 - rate)))[still]
    assert (2 * stats.norm.sf(z.abs()) <= 0.05).mean() > 0.3
    # Ten times as many reads of the same samples leave p as it is, but for the half count that is added.
    sides = [[f"{side}_{n}" for n in range(3)] for side in ("up10", "off")]
    deeper = measure_perturbations.contrast(counts.T * 10.0, *sides)["p"]
    both = deeper.index.intersection(p.index)
    assert np.abs(np.log10(deeper[both]) - np.log10(p.loc[both, "T10_gain_line"])).median() < 0.01


def test_values_of_each_platform_are_taken_to_one_scale(tmp_path):
    """Counts stay; logarithmic intensities of an array are taken back; a gene in two rows counts once."""
    (tmp_path / "bulk.tsv").write_text("gene\ta\tb\nX\t7\t3\nY\t900\t20\nX\t5\t0\n")
    (tmp_path / "array.tsv").write_text("gene\tc\nX\t3.5\nY\t10\n")
    rows = [
        {"sample": sample, "matrix": str(tmp_path / f"{table}.tsv"), "column": column, "platform": platform}
        for sample, table, column, platform in (
            ("s1", "bulk", "b", ""), ("s2", "array", "c", ""), ("s3", "bulk", "a", "bulk"),
        )
    ]  # fmt: skip
    found = measure_perturbations.counts_of_profiles(rows, "samples.tsv")
    assert {name: own.to_dict() for name, own in found.items()} == {
        "s1": {"X": 3, "Y": 20}, "s2": {"X": 2**3.5, "Y": 2**10}, "s3": {"X": 12, "Y": 900},
    }  # fmt: skip
    assert measure_perturbations.counts_of_profiles([], "samples.tsv") == {}


def test_the_factor_that_brings_the_programme_is_on_and_the_idle_one_is_contradicted(measured, simulated, tmp_path):
    """The factor's own mRNA has a p-value over replicates, which shows that the idle one was raised."""
    _, changes, listed = measured
    genes = pd.DataFrame({"contrast": "c", "arm": "all arms", "gene": simulated.effect.index})
    genes.to_csv(tmp_path / "expression.tsv", sep="\t", index=False)
    changes.to_parquet(tmp_path / "in.parquet")
    listed.to_csv(tmp_path / "in.tsv", sep="\t", index=False)
    inputs = {
        "expression": tmp_path / "expression.tsv", "tables": [], "measured": tmp_path / "in.parquet",
        "listed": tmp_path / "in.tsv",
    }  # fmt: skip
    table, names = run(collect_changes, inputs, {"ready": [], "files": []}, tmp_path, "out")
    names = names.assign(dose="")
    found = compare_perturbations.compare(names, table, simulated.programme, 0.05).set_index("perturbation")
    wanted = {"T10_gain_line": "moves the programme", "T10_loss_line": "moves the programme"}
    wanted |= {"T11_gain_line": "no effect", "T11_loss_single": "unclear"}
    assert found["verdict"].to_dict() == wanted
    assert found.loc["T10_gain_line", "programme_share_low"] > 0.4
    assert (found.loc[["T10_gain_line", "T11_gain_line"], "factor_changed"] == "own mRNA").all()
    alone = found.loc["T11_loss_single"]
    assert np.isnan(alone["own_p"]) and alone["own_log_fc"] < -1 and alone["factor_changed"] == "not shown"
    assert "its own mRNA has no p-value" in alone["note"] and alone["programme_share_high"] < 0.2
    factors = compare_perturbations.tested_factors(found.reset_index()).set_index("tf")["tested"]
    assert factors.to_dict() == {"T10": "switched on", "T11": "contradicted"}


def test_a_ready_table_with_p_values_is_judged_by_them(simulated, tmp_path):
    rng = np.random.default_rng(8)
    change = simulated.perturb(rng, 0.0)
    change["T11"] = 2.0
    (tmp_path / "expression.tsv").write_text(
        "contrast\tarm\tgene\n" + "".join(f"c\tall arms\t{gene}\n" for gene in simulated.effect.index)
    )
    verdicts = {}
    for p, validated in (("0.001", False), ("0.4", False), ("NA", False), ("", False), ("NA", True)):
        table = pd.DataFrame({"gene": change.index, "log_fc": change.to_numpy(), "padj": "0.5"})
        table.loc[table["gene"] == "T11", "padj"] = p
        table.to_csv(tmp_path / "t.tsv", sep="\t", index=False)
        entry = {"name": "x", "factor": "T11", "direction": "gain", "dose": "", "column": "log_fc"}
        entry |= {"p_column": "padj" if p else "", "validated": validated}
        inputs = {"expression": tmp_path / "expression.tsv", "tables": [tmp_path / "t.tsv"]}
        changes, listed = run(collect_changes, inputs, {"ready": [entry], "files": [0]}, tmp_path, "ready")
        found = compare_perturbations.compare(listed.assign(dose=""), changes, simulated.programme, 0.05).iloc[0]
        verdicts[p, validated] = (found["factor_changed"], found["verdict"])
    assert verdicts == {
        ("0.001", False): ("own mRNA", "no effect"), ("0.4", False): ("not shown", "unclear"),
        ("NA", False): ("not shown", "unclear"), ("", False): ("not shown", "unclear"),
        ("NA", True): ("stated", "no effect"),
    }  # fmt: skip

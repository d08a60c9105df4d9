"""The stage chromatin on CUT&Tag of MDA-MB-468 and the study's profiles; the figures that its docs print."""

import re
import shutil
from pathlib import Path

import anndata
import in_process
import numpy as np
import pandas as pd
import pytest

from scripts.chromatin import changes, enrichment, promoters, rotation
from scripts.chromatin.peaks import overlaps, read_peaks

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
PEAKS, SETUP = DATA / "peaks", ROOT / "tests" / "real" / "study_profiles"
PAGE = (ROOT / "resources" / "docs" / "chromatin.md").read_text(encoding="utf-8").split("## Real data", 1)[1]
TEXT = re.sub(r"\s+", " ", PAGE)
SETS = {"untreated": "FOSL1_untreated", "5-FU persisters": "FOSL1_persister", "over-expression": "FOSL1_gain"}
WINDOWS = {"promoter": "promoter", "distal": "promoter or distal"}
STATES = {"untreated": "WT", "persister": "5FU"}
pytestmark = pytest.mark.skipif(
    not (PEAKS.is_dir() and (DATA / "study_profiles").is_dir()), reason="../shared/data/peaks isn't here"
)


def table_of(first: str) -> pd.DataFrame:
    """Return the table of the page whose first column has this name, as text."""
    lines = [line for line in PAGE.split(f"\n| {first} |", 1)[1].split("\n\n", 1)[0].splitlines() if line]
    header, _, *rows = [f"| {first} |{lines[0]}", *lines[1:]]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in (header, *rows)]
    return pd.DataFrame(cells[1:], columns=cells[0])


def printed(text: str):
    """Return a number of the page as it may be measured again: within 5 % and the last digit."""
    text = text.replace(",", "")
    digits = len(text.split("e")[0].partition(".")[2]) if "e" not in text else 12
    return pytest.approx(float(text), rel=0.05, abs=0.51 * 10.0**-digits)


@pytest.fixture(scope="module")
def peaks() -> dict[str, pd.DataFrame]:
    """Return the peaks of FOSL1 and H3K27ac in both states, and of FOSL1 over-expressed."""
    names = [f"{subject}_{state}" for subject in ("FOSL1", "H3K27ac") for state in STATES.values()]
    return {name: read_peaks(PEAKS / f"{name}.narrowPeak.gz") for name in (*names, "FOSL1_GOF")}


@pytest.fixture(scope="module")
def moved(peaks) -> dict[str, pd.DataFrame]:
    """Return gained, lost and kept peaks of FOSL1 and of H3K27ac."""
    states = [STATES[state] for state in ("untreated", "persister")]
    return {
        subject: changes.change_of_peaks(*(peaks[f"{subject}_{state}"] for state in states))
        for subject in ("FOSL1", "H3K27ac")
    }


@pytest.fixture(scope="module")
def stage(tmp_path_factory) -> Path:
    """Return the results of tests/real/study_profiles/chromatin.yaml (1 min)."""
    folder = tmp_path_factory.mktemp("real") / "run"
    folder.mkdir()
    (folder.parent / "shared").symlink_to(DATA.parent)
    shutil.copy(SETUP / "samples.tsv", folder)
    configs = [ROOT / "config" / "config.yaml", SETUP / "config.yaml", SETUP / "chromatin.yaml"]
    options = ["--snakefile", ROOT / "Snakefile", "--directory", folder, "--cores", "1", "--configfile", *configs]
    said = in_process.snakemake(folder, *map(str, options), "--config", "samples=samples.tsv", "--", "chromatin")
    assert said.code == 0, said.text
    return folder / "results" / "study_peaks"


def read(stage: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(stage / "chromatin" / name, sep="\t", keep_default_na=False, na_values=[""])


def shifted(own: pd.DataFrame, by: int) -> pd.DataFrame:
    return own.assign(start=own["start"] + by, end=own["end"] + by)


@pytest.mark.parametrize("state", STATES)
def test_fosl1_binds_active_chromatin(peaks, state):
    """Nearly nine of ten peaks share a base with a peak of H3K27ac of their state; moved ones 1 in 20."""
    own, mark = (peaks[f"{subject}_{STATES[state]}"] for subject in ("FOSL1", "H3K27ac"))
    by_chance = np.mean([overlaps(shifted(own, by), mark).mean() for by in (-promoters.SHIFT, promoters.SHIFT)])
    share = overlaps(own, mark).mean()
    assert share > 0.85 and by_chance < 0.06
    said = re.search(
        r"(\d+) % of its peaks in untreated cells and (\d+) % in persisters .* (\d+) % and (\d+) % do so if .* moved",
        TEXT,
    )
    place = list(STATES).index(state) + 1
    assert (int(said[place]), int(said[place + 2])) == (round(100 * share), round(100 * by_chance))
    other = peaks[f"H3K27ac_{STATES['persister' if state == 'untreated' else 'untreated']}"]
    assert share > overlaps(own, other).mean() + 0.1, "its own state's chromatin"


def test_over_expressed_fosl1_binds_outside_of_it_too(peaks):
    share = overlaps(peaks["FOSL1_GOF"], peaks["H3K27ac_WT"]).mean()
    assert share == pytest.approx(0.47, abs=0.005) and "After over-expression, 47 % of its peaks overlap" in TEXT


def test_where_fosl1_arrives_chromatin_is_activated_and_where_it_leaves_it_is_not(moved):
    """Of gained FOSL1 peaks 35 % lie in gained H3K27ac and 2 % in lost; of lost ones 25 % in lost and 3 % in gained."""
    own, mark = moved["FOSL1"], moved["H3K27ac"]
    found = {
        (a, b): overlaps(own[own["change"] == a], mark[mark["change"] == b]).mean()
        for a in ("gained", "lost") for b in ("gained", "lost")
    }  # fmt: skip
    assert found["gained", "gained"] > 10 * found["gained", "lost"]
    assert found["lost", "lost"] > 5 * found["lost", "gained"]
    said = re.search(
        r"gained FOSL1 peaks, (\d+) % lie in gained H3K27ac and (\d+) % in lost; of lost FOSL1 peaks, (\d+) % lie in "
        r"lost H3K27ac and (\d+) % in gained", TEXT
    )  # fmt: skip
    order = [("gained", "gained"), ("gained", "lost"), ("lost", "lost"), ("lost", "gained")]
    assert [int(text) for text in said.groups()] == [round(100 * found[key]) for key in order]


@pytest.mark.full
@pytest.mark.parametrize("state", STATES)
def test_genes_near_fosl1_are_near_h3k27ac_more_than_genes_of_like_expression(stage, state):
    data = anndata.read_h5ad(stage / "profiles" / "profiles.h5ad", backed="r")
    mean = pd.Series(np.asarray(data.X[:]).mean(axis=0), index=data.var_names)
    genes = pd.read_parquet(stage / "chromatin" / "genes.parquet")
    genes = genes[genes["gene"].isin(mean.index)].reset_index(drop=True)
    genes["expression"] = genes["gene"].map(mean)
    own, mark = ((genes[f"set|{subject}_{state}"] <= 2_000).to_numpy() for subject in ("FOSL1", "H3K27ac"))
    found = rotation.compare(mark, own, enrichment.covariates_of(genes))
    assert found.expected < 0.6 * (own & mark).sum() and found.low > np.log(10) and found.p < 1e-6
    # By neither count all genes: expression alone brings more than half of them near the mark.
    assert found.expected > 0.4 * own.sum()


@pytest.mark.full
def test_enrichment_is_that_of_the_page(stage):
    table = read(stage, "enrichment.tsv").set_index(["peak_set", "window", "regulon"])
    counts = table.groupby(level=["peak_set", "window"]).size()
    assert (counts == 591).all() and len(counts) == 10 and "591 networks" in PAGE
    told = table_of("targets")
    assert len(told) >= 10
    for row in told.to_dict("records"):
        tf, n = re.fullmatch(r"(\w+) \((\d+)\)", row["targets"]).groups()
        own = table.loc[(SETS[row["peaks"]], WINDOWS[row["window"]], tf)]
        assert (own["targets"], own["near"]) == (int(n), int(row["near"])), row
        low, high = row["95 % CI"].split("–")
        pairs = {"expected": row["expected"], "odds_ratio": row["odds ratio"], "ci_low": low, "ci_high": high}
        pairs |= {"p": row["p"], "fdr": row["FDR"], "others_odds_ratio": row["odds ratio, others"]}
        for column, text in pairs.items():
            assert own[column] == printed(text), (row, column)


@pytest.mark.full
def test_no_network_is_marked_by_h3k27ac_and_fosl1_s_peaks_in_persisters_mark_nfkb_most(stage):
    """Peaks of a mark tell no factor from another once expression is alike; FOSL1's don't single out AP-1."""
    table = read(stage, "enrichment.tsv")
    assert (table.loc[table["mark"] == "H3K27ac", "fdr"] > 0.05).all()
    own = table[(table["peak_set"] == "FOSL1_persister") & (table["window"] == "promoter")].sort_values("p")
    shown = own[own["fdr"] <= 0.05]
    assert list(own["regulon"][:2]) == ["NFKB", "TP53"]
    assert set(shown["regulon"]) == {"NFKB", "TP53", "RXRA", "SP1", "AP1", "ATF1", "EGR1"}
    assert all(name in PAGE for name in shown["regulon"])
    untreated = table[(table["peak_set"] == "FOSL1_untreated") & (table["fdr"] <= 0.05)]
    assert not {"FOSL1", "JUN", "AP1"} & set(untreated["regulon"])


@pytest.mark.full
def test_fosl1_s_own_network_is_unclear(stage):
    table = read(stage, "support.tsv").set_index("regulon")
    row = table.loc["FOSL1"]
    assert (row["verdict"], row["comparisons"], row["targets"]) == ("unclear", 6, 27) and row["p"] > 0.05
    assert (table.drop("FOSL1")["verdict"] == "no peaks").all()


@pytest.mark.full
def test_gained_and_lost_peaks_over_deciles_are_those_of_the_page(stage):
    """Neither mark nor factor is gained at genes that rise; both are lost, and also kept, at genes that fall."""
    table = read(stage, "trends.tsv").set_index(["subject", "change"])
    told = table_of("peaks").set_index(["peaks", "change"])
    assert set(told.index) == set(table.index) and len(told) == 6
    for key, row in told.iterrows():
        own = table.loc[key]
        assert (own["peaks"], own["near"]) == tuple(int(row[c].replace(",", "")) for c in ("number", "genes near")), key
        pairs = (("odds_ratio_per_decile", "odds ratio per decile"), ("p", "p"), ("fdr", "FDR"))
        for column, name in pairs:
            assert own[column] == printed(row[name]), (key, column)
    assert (table.loc[[("FOSL1", "gained"), ("H3K27ac", "gained")], "fdr"] > 0.05).all()
    for subject in ("FOSL1", "H3K27ac"):
        ratio = table["odds_ratio_per_decile"][subject]
        assert ratio["lost"] < ratio["kept"] < 1 and ratio["gained"] > ratio["kept"]


@pytest.mark.full
def test_deciles_of_h3k27ac_hold_all_genes_and_lose_most_where_genes_fall(stage):
    table = read(stage, "deciles.tsv").query("subject == 'H3K27ac'")
    wide = table.pivot(index="decile", columns="change", values="share")
    sizes = table.groupby("change")["genes"].sum()
    assert len(wide) == 10 and (sizes == 9386).all()
    assert wide.loc[1:3, "lost"].mean() > 1.25 * wide.loc[8:10, "lost"].mean()
    assert wide.loc[1:3, "gained"].mean() == pytest.approx(wide.loc[8:10, "gained"].mean(), rel=0.1)

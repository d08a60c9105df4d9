"""The demo's published signatures against what was planted: one follows the programme, the other has none of it."""

import pandas as pd
import pytest
from checkout import only_whole

pytestmark = only_whole


@pytest.fixture(scope="module")
def read(results):
    """Return a function that reads a table of the demo, given as stage/name."""
    return lambda name: pd.read_csv(results / name, sep="\t")


def test_the_related_signature_agrees_and_the_unrelated_one_does_not(read, truth):
    planted = pd.read_csv(truth / "published.tsv", sep="\t").set_index("signature")["verdict"]
    found = read("published/signatures.tsv").set_index("signature")
    assert found["verdict"].to_dict() == planted.to_dict() and set(planted) == {"agrees", "not shown"}
    # Measured: 0.60 and -0.02 log2.
    assert found.loc["related", "effect"] > 0.3 > 0.1 > abs(found.loc["unrelated", "effect"])


def test_regulators_of_the_related_signature_are_those_of_the_study(read):
    """Measured: 0.81 (0.38 to 0.95) and -0.08."""
    found = read("published/agreement.tsv").set_index("ranking")
    assert found.loc["related", "correlation_low"] > 0
    assert found.loc["unrelated", "correlation_low"] < 0 < found.loc["unrelated", "correlation_high"]


def test_a_panel_is_positive_in_more_persisters_of_every_patient(read):
    positive = read("markers/markers_positive.tsv")
    # Blood holds no single cell: the panel of secreted proteins is judged by samples.
    units = positive.groupby("pool")["unit"].unique().map(list).to_dict()
    assert units == {"all genes": ["cells"], "surface": ["cells"], "secreted": ["samples"]}
    assert (positive["positive_persister"] > positive["positive_untreated"]).all()
    assays = read("markers/markers_assays.tsv").set_index("pool")
    assert assays["cells_needed"].notna().to_dict() == {"all genes": True, "surface": True, "secreted": False}
    assert (assays["positive_persister"] > assays["positive_untreated"] + 0.3).all()

"""What the report is made of follows from the study's design; all that is exported is described."""

from made_up import HEADERS, STAGES, Results

from scripts.base.columns import describe
from scripts.report.inputs import results_of, tables_of

SETS = {"gene_sets": [{"path": "sets/hallmarks.gmt"}], "signatures": [{"path": "sets/published.up.txt"}]}


def test_what_is_read_depends_on_the_design(tmp_path):
    network = {"path": "network.tsv"}
    cells = set(results_of(Results(tmp_path, "scrna", {"network": None}).study))
    profiles = set(results_of(Results(tmp_path, "profile", {"network": network}).study))
    alone = set(results_of(Results(tmp_path, "profile", {"network": None, "gene_sets": [], "signatures": []}).study))
    for files in (cells, profiles):
        assert {"markers/markers.tsv", "switches/perturbation_shares.tsv", "confounders/confounders.tsv"} <= files
    of_cells = {"activity/activity.tsv", "clusters/figures", "clusters/A/clusters.tsv", "regulons/figures"}
    assert of_cells <= cells and "activity/network_comparison.tsv" not in cells
    assert {"activity/network_comparison.tsv", "activity/profile_activity.tsv"} <= profiles
    assert not of_cells & profiles
    assert alone & {"switches/switches.tsv", "markers/markers.tsv", "expression/gene_sets.tsv"} == set()
    assert {"expression/state_places.tsv", "expression/treatment.tsv", "activity/reversibility.tsv"} <= alone


def test_every_column_that_is_exported_is_described(tmp_path):
    study = Results(tmp_path, settings={"network": {"path": "network.tsv"}, **SETS}).study
    exported = {path for path in tables_of(study) if path.startswith(STAGES)}
    tables = {path for path in HEADERS if path.endswith(".tsv")}
    # The design has libraries, so its activity is of regulons; the network's comes in addition.
    assert exported == tables
    for table in exported:
        for column in HEADERS[table]:
            assert describe(table, column).description

"""Verdicts stand once: names, order and meaning are those of tables, methods and programmes of genes."""

from pathlib import Path

import pandas as pd
import pytest

from scripts.activity import verdicts as activity
from scripts.base import columns
from scripts.base.calibration import LEAST_TRIALS, rates_of_verdict, worst_error
from scripts.base.verdicts import decide, describe, meaning
from scripts.chromatin import verdicts as chromatin
from scripts.confounders import verdicts as confounders
from scripts.figure import words
from scripts.figure.verdicts import list_rules
from scripts.growth import verdicts as growth
from scripts.perturbations import verdicts as perturbations
from scripts.published import verdicts as published
from scripts.regulons import verdicts as regulons
from scripts.stroma import verdicts as stroma
from scripts.switches import targets
from scripts.switches import verdicts as switches

ROOT = Path(__file__).parents[2]
LISTS = {
    "switches": switches.VERDICTS,
    "mrna": switches.MRNA,
    "confounders": confounders.VERDICTS,
    "markers": confounders.MARKER_VERDICTS,
    "reversibility": activity.VERDICTS,
    "network changes": regulons.NETWORK_CHANGES,
    "chromatin": chromatin.VERDICTS,
    "perturbations": perturbations.PERTURBATIONS,
    "tested": perturbations.TESTED,
    "published": published.PLACES,
    "simulation": switches.SIMULATIONS,
    "growth": growth.VERDICTS,
    "clusters": growth.CLUSTER_VERDICTS,
    "stroma": stroma.VERDICTS,
}
SECTIONS = [path.stem for path in words.FOLDER.glob("*.yaml") if words.has_section(path.stem)]
NAMES = {"fdr": "statistics.fdr", "min_effect": "switches.min_effect"}


@pytest.mark.parametrize("name", LISTS)
def test_each_verdict_has_one_name_and_a_meaning(name):
    found = describe(LISTS[name], **NAMES)
    assert len(found) == len(LISTS[name]) and all(len(text) > 10 for text in found.values())


@pytest.mark.parametrize(
    ("table", "column", "name"),
    [
        ("switches/switches.tsv", "verdict", "switches"),
        ("switches/switches.tsv", "mrna", "mrna"),
        ("confounders/programme_verdict.tsv", "verdict", "confounders"),
        ("confounders/marker_composition.tsv", "verdict", "markers"),
        ("activity/reversibility.tsv", "verdict", "reversibility"),
        ("regulons/network_change_factors.tsv", "change", "network changes"),
        ("chromatin/support.tsv", "verdict", "chromatin"),
        ("growth/switches_by_cycle.tsv", "verdict", "growth"),
        ("growth/common_changes.tsv", "verdict", "clusters"),
        ("perturbations/perturbations.tsv", "verdict", "perturbations"),
        ("perturbations/factors.tsv", "tested", "tested"),
        ("published/signatures.tsv", "verdict", "published"),
        ("switches/switches.tsv", "tested", "tested"),
        ("switches/perturbation_judged.tsv", "verdict", "simulation"),
        ("stroma/changes.tsv", "verdict", "stroma"),
    ],
)
def test_the_dictionary_says_what_the_rules_say(table, column, name):
    text = columns.describe(table, column).description
    assert text.endswith(f"the first whose rule applies: {meaning(LISTS[name], **NAMES)}")


@pytest.mark.parametrize("stage", sorted(path.parent.name for path in ROOT.glob("scripts/*/verdicts.py")))
def test_a_stage_with_verdicts_tells_their_rules_and_error_rates_in_the_report(stage):
    if stage in ("base", "figure"):  # what verdicts are, and how they are told
        return
    texts = words.read(stage)["texts"]
    told = [name for name, entry in texts.items() if "verdict_measured" in entry]
    # Rules of a table that another stage's section shows are told there.
    shown = {block for other in SECTIONS for block in words.read(other)["blocks"]} | set(words.read(stage)["blocks"])
    assert told and all({name, f"{stage}/{name}"} & shown for name in told)
    for name in told:
        assert all(place in texts[name]["verdict_measured"] for place in ("{name}", "{rule}", "{rate}", "{truth}"))


def test_rules_are_told_of_verdicts_that_occur_with_the_largest_error():
    made = list_rules("switches", switches.VERDICTS, {"shared switch": "3 regulons"}, fdr=0.05, min_effect="0.5 sd")
    ((key, values),) = made.parts
    worst = worst_error("switches", "shared switch")
    assert key == "verdict_measured" and values["number"] == "3 regulons" and worst.items() <= values.items()
    rates = rates_of_verdict("switches", "shared switch")
    counted = rates[(rates["bound"] == "at most") & (rates["trials"] >= LEAST_TRIALS)]
    assert worst["rate"] == f"{counted['rate'].max():.1%}"
    made = list_rules("reversibility", activity.VERDICTS, {"unclear": "1 feature"})
    assert [key for key, _ in made.parts] == ["verdict"] and list_rules("x", activity.VERDICTS, {}) is None


def test_a_rate_of_few_trials_is_not_printed():
    """One hit in three trials was printed as an error of 33.3 %."""
    told = worst_error("confounders", "persister programme")
    assert int(told["trials"].replace(",", "")) >= LEAST_TRIALS
    rates = rates_of_verdict("confounders", "persister programme")
    assert (rates["trials"] < LEAST_TRIALS).any()


def test_every_known_programme_has_a_verdict():
    names = [verdict.name for verdict in switches.VERDICTS]
    assert [name for name in names if name in targets.PROGRAMMES] == list(targets.PROGRAMMES)


def test_the_first_rule_that_applies_decides():
    evidence = switches.Evidence(n=5, same_direction=0.95, fdr=0.01, effect=1, limit=0.05, fdr_least=0.01, arm="A")
    assert decide(switches.VERDICTS, evidence) is switches.SHARED
    assert pd.isna(evidence.enrichment_p) and evidence.is_enriched


def test_a_note_says_what_remains_or_what_was_not_measured():
    kept, gone = confounders.Remaining(0.9, less=1, more=0.001), confounders.Remaining(0.124, less=0.001, more=0.99)
    evidence = confounders.Evidence(n=4, p=0.001, fdr=0.05, remaining={"cell cycle": kept, "hypoxia": gone})
    verdict = decide(confounders.VERDICTS, evidence)
    assert verdict.name == "hypoxia alone" and verdict.note.format_map(evidence.places).startswith("12% of")
    assert evidence.not_measured == ["dissociation stress", "composition"]

"""Every malformed input of the corpus is met with its one line; what it is made from is taken; the judge can fail."""

import pytest
from bad_inputs import run
from corpus import CASES, SOUND
from corpus.case import Case, Outcome, judge


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_a_bad_input_is_met_with_one_clear_line(case, tmp_path):
    verdict = judge(case, tmp_path)
    assert verdict.clear, f"{verdict.why}\n{verdict.message}"


@pytest.mark.parametrize("case", SOUND, ids=[case.title for case in SOUND])
def test_the_sound_input_that_bad_ones_are_made_from_is_taken(case, tmp_path):
    """Without this, a case could be refused for something else than its fault."""
    outcome = case.run(tmp_path)
    assert (outcome.code, outcome.lines) == (0, []), outcome.log


def test_the_corpus_has_cases_of_every_entry_and_none_twice():
    """Issue 5 asks for 60 in all."""
    entries = {"samples sheet", "units sheet", "config", "snakemake", "reads", "matrix", "genomes", "provided file"}
    entries |= {"databases", "pruning", "samples", "network", "activity"}
    assert {case.entry for case in CASES} >= entries
    assert len(CASES) == len({case.title for case in CASES}) >= 60


@pytest.mark.parametrize(
    ("outcome", "clear", "traceback"),
    [
        (Outcome(1, ["error in x: a.tsv, row 1: wrong; correct it"]), True, False),
        (Outcome(0, ["error in x: a.tsv, row 1: wrong; correct it"]), False, False),
        (Outcome(1, ["error in x: a.tsv, row 1: wrong; correct it", "more"]), False, False),
        (Outcome(1, ["error in x: a.tsv, row 1: other; correct it"]), False, False),
        (Outcome(1, ["error in x: wrong"]), False, False),
        (Outcome(1, ["error in x: a.tsv, row 1: wrong; correct it"], left=["half.tsv"]), False, False),
        (Outcome(1, ["internal error in x: KeyError: 'wrong'; correct it"]), False, True),
        (Outcome(1, ["error in x: wrong; y"], "Traceback (most recent call last):\n"), False, True),
        (Outcome(1, []), False, False),
    ],
)
def test_the_judge_tells_a_clear_line_from_others(tmp_path, outcome, clear, traceback):
    verdict = judge(Case("x", "y", "wrong", lambda folder: outcome), tmp_path)
    assert (verdict.clear, verdict.traceback) == (clear, traceback)


def test_a_run_counts_what_it_met(tmp_path):
    def broken(folder):
        raise KeyError("x")

    cases = [CASES[0], Case("x", "left alone", "", broken)]
    found = run(tmp_path, cases)
    assert (found["bad_inputs"], found["clear_messages"], found["tracebacks"]) == (2, 1, 1)
    assert len(found["failures"]) == 1 and "x: left alone" in found["failures"][0]

"""Peaks in the config: each set once, of a factor or a mark, with promoters to compare them with."""

import pytest

from scripts.base.job import UserError

SET = {"name": "a", "factor": "FOSL1", "sample": "L", "state": "persister", "peaks": "peaks/a.narrowPeak"}


def said(draft, **section) -> str:
    """Return what is said of a section of peaks."""
    draft.config["chromatin"] = {"peaks": [SET], **section}
    with pytest.raises(UserError) as raised:
        draft.load()
    return str(raised.value)


def test_a_study_without_peaks_has_none_of_the_stage(draft):
    study = draft.load()
    assert study.peak_sets == [] and not study.has_chromatin and not study.has_tracks and study.peak_files == []
    draft.config["chromatin"] = {"promoters": "promoters.tsv"}
    assert not draft.load().has_chromatin


@pytest.mark.parametrize(
    ("section", "where", "what"),
    [
        ({"peaks": [SET, {**SET, "factor": "JUN"}]}, "chromatin.peaks[1].name", "'a' is also peaks[0]; rename one"),
        ({"peaks": [SET, {**SET, "name": "b"}]}, "chromatin.peaks[1]", "FOSL1 of L has peaks[0] for"),
        ({"peaks": [{**SET, "mark": "H3K27ac"}]}, "chromatin.peaks[0]", "has both factor and mark"),
        ({"peaks": [{**SET, "factor": ""}]}, "chromatin.peaks[0]", "has no factor and no mark"),
        ({"promoter_window": 50_000}, "chromatin.distal_window", "50000 is not above promoter_window"),
        ({"peaks": [], "tracks": True}, "chromatin.tracks", "is true, but no entry of chromatin.peaks has a factor"),
        ({"peaks": [{**SET, "peaks": "a b.bed"}]}, "chromatin.peaks[0].peaks", "'a b.bed'"),
    ],
)
def test_mistakes_are_named_with_their_place(draft, section, where, what):
    message = said(draft, **section)
    assert f"config, {where}: {what}" in message and "\n" not in message


def test_without_a_genome_promoters_must_be_given(draft):
    draft.config["chromatin"] = {"peaks": [SET]}
    draft.config["units"] = None
    draft.config["references"] = None
    with pytest.raises(UserError, match=r"config, chromatin.promoters: is missing; give a GTF"):
        draft.load()

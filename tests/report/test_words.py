"""Captions of Snakemake's report and words of the page: true of cells where there are cells, of profiles where not."""

from types import SimpleNamespace

import jinja2
import pytest
from docutils.core import publish_parts
from made_up import ROOT, Results, config, draw_stages
from made_up_evidence import everything

from scripts.figure.words import read
from scripts.report import bind
from scripts.report.page import inline

CAPTIONS = ROOT / "resources" / "captions"
OF_BOTH = ("switches_table",)
OF_CELLS = ("activity over cells", "cells of a sample", "pseudobulk", "persister cells", "regulon", "tumour cells")
NETWORK = {"network": {"path": "network.tsv"}}


def caption(name: str, cells: bool, files: tuple = ()) -> str:
    """Return a caption as the report of a study with cells, or with profiles alone, has it."""
    params = SimpleNamespace(
        contrast=SimpleNamespace(baseline="untreated", persister="persister", relapse="relapse"),
        fdr=0.05,
        min_effect=0.5,
        unit="AUC" if cells else "score",
        groups={"A_1": "A"} if cells else {},
        members=cells,
        note="",
    )
    job = SimpleNamespace(params=params, config=config(**NETWORK), wildcards=SimpleNamespace())
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    return environment.from_string((CAPTIONS / f"{name}.rst").read_text()).render(snakemake=job, files=files)


@pytest.mark.parametrize("name", OF_BOTH)
def test_captions_of_a_study_of_profiles_speak_of_factors_and_replicates(name):
    text = " ".join(caption(name, cells=False).split())
    assert [word for word in OF_CELLS if word in text] == []
    assert "factor" in text and text.startswith("**")


@pytest.mark.parametrize("name", OF_BOTH)
def test_captions_of_a_study_with_cells_speak_of_regulons(name):
    text = " ".join(caption(name, cells=True).split())
    assert "regulon" in text and "between the replicates" not in text and text.startswith("**")


@pytest.mark.parametrize("cells", [True, False])
@pytest.mark.parametrize("name", [*OF_BOTH, "confounders_table", "markers_table", "workflow"])
def test_captions_are_text_that_snakemakes_report_can_set(name, cells):
    strict = {"report_level": 2, "halt_level": 2, "warning_stream": False}
    publish_parts(caption(name, cells), writer="html", settings_overrides=strict)


def test_what_holds_of_cells_is_not_said_of_profiles_alone():
    cells = caption(
        "workflow", cells=True, files=(SimpleNamespace(target="barnyard.png", labels={"n": "2 libraries."}),)
    )
    assert all(f"*{step}*" in cells for step in ("Counts", "Species", "Clusters", "Regulons", "Ambient RNA"))
    profiles = caption("workflow", cells=False)
    assert not any(f"*{step}*" in profiles for step in ("Counts", "Species", "Cells", "Clusters", "Regulons"))
    assert "profiles alone" in profiles


def said(source) -> str:
    """Return all words of the sections on activity, figures' and tables' too."""
    parts = []
    stages = ("design", "expression", "activity", "switches", "confounders")
    draw_stages(source, *stages)
    for section in [bind.build(source, name) for name in stages]:
        parts += [section.lead, *(str(block) for block in section.blocks if isinstance(block, str))]
        for block in (*section.figures, *section.tables):
            parts += [block.title, block.caption]
            parts += (
                [block.question, block.alt, getattr(block, "interpretation", "")] if block in section.figures else []
            )
    return str(inline(" ".join(parts)))


def test_the_page_of_a_study_of_profiles_claims_nothing_of_cells(tmp_path):
    tables = everything()
    tables["profile_activity.tsv"] = tables["activity.tsv"]
    text = said(Results(tmp_path, "profile", NETWORK, tables=tables).write())
    of_cells = ("activity over cells", "between the cells of a sample", "persister cells</", "cells of G1")
    for words in (*of_cells, "inside samples"):
        assert words not in text, words
    for words in ("transcription factors’ regulons", "factors&#39; regulons", "a regulon more", "every other regulon"):
        assert words not in text, words
    assert "between the replicates of a model" in text and "{" not in text


def test_the_page_of_a_study_with_cells_speaks_of_them(tmp_path):
    text = said(Results(tmp_path, "scrna", tables=everything()).write())
    for words in (
        "activity over cells",
        "between the cells of a sample",
        "inside samples",
        "persister cells",
        "every other regulon",
    ):
        assert words in text, words
    assert "between the replicates" not in text and "{" not in text


def test_the_family_wise_error_is_explained_as_one_of_whole_models():
    table = read("switches")["tables"]["switches"]
    reading = (ROOT / "resources" / "docs" / "reading-the-report.md").read_text()
    for text in (table["caption"], caption("switches_table", cells=True), reading):
        words = " ".join(text.split())
        assert "fwer" in text and "flips the signs of whole models" in words

"""Sections bound from what stages made: blocks in order, words with their numbers, and what is said of missing ones."""

import altair as alt
import pandas as pd
import pytest
import yaml
from made_up import config, samples

from scripts.figure import export, words
from scripts.figure.figure import Figure, Panel, Table
from scripts.report import bind, make_report
from scripts.report.page import Drawn
from scripts.report.page import Table as Shown
from scripts.report.source import Source

CELLS = {
    "section": {
        "title": "Cells",
        "lead": "Of {ones}.",
        "absent": {"not_run": "No library.", "none_found": "Nothing.", "too_few": "{n} are too few."},
    },
    "blocks": ["verdict", "rows", "dots", "other/more", "libraries"],
    "figures": {
        "dots": {
            "title": "Dots", "question": "Is it {persister}?", "caption": "Each dot.", "interpretation": "Else none.",
            "alt": "Dots.", "notes": {"gap": "By {value}."}, "absent": {"too_few": "Only {n}."},
        }
    },
    "tables": {
        "rows": {"title": "Rows", "caption": "All."},
        "libraries": {"file": "cells/{sample}.t.tsv", "title": "L", "caption": "c", "drop_empty": True, "limit": 2},
    },
    "texts": {"verdict": {"first": "It is {what}.", "second": "**Truly**."}},
}  # fmt: skip
OTHER = {"figures": {"more": {"title": "More", "question": "More?", "caption": "c", "alt": "Dots."}}}


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Return a folder of results, with words of its own."""
    folder = tmp_path / "words"
    folder.mkdir()
    (folder / "terms.yaml").write_text((words.FOLDER / "terms.yaml").read_text())
    for name, content in (("cells", CELLS), ("other", OTHER)):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(content))
    read, terms, of_figure = words.read, words.terms, words.of_figure
    monkeypatch.setattr(words, "read", lambda stage, where=folder: read(stage, where))
    monkeypatch.setattr(words, "terms", lambda config, cells: terms(config, cells, folder))
    monkeypatch.setattr(words, "of_figure", lambda stage, name, places: of_figure(stage, name, places, folder))
    for stage in ("cells", "other"):
        (tmp_path / stage / "figures").mkdir(parents=True)
    return tmp_path


def figure(**options) -> Figure:
    """Return a figure of two dots."""
    chart = alt.Chart(alt.NamedData("t")).mark_point().encode(x="x:Q")
    return Figure(panels=(Panel(chart, "p", {}, "A"),), data={"t": pd.DataFrame({"x": [1, 2]})}, n="2 dots.", **options)


def source(root, *files, assay="scrna") -> Source:
    """Return what the report may read."""
    return Source(root, frozenset(files), config(), samples(assay))


def test_blocks_come_in_the_order_of_the_words_with_their_numbers(study):
    of_cells, of_other = study / "cells" / "figures", study / "other" / "figures"
    export.save("dots", figure(notes={"gap": {"value": 3}}), of_cells, title="", alt="")
    export.save("more", figure(), of_other, title="", alt="")
    parts = [["first", {"what": "so"}], ["second", {}]]
    export.write_json(of_cells / "verdict.json", {"kind": "text", "as": "warning", "parts": parts})
    frame = pd.DataFrame({"name": ["a", "b"], "n": [1234567, 2], "none": [float("nan")] * 2})
    export.save_table("rows", Table(frame, "cells/all.tsv"), of_cells)
    for sample, value in (("S1", 1), ("S2", 2), ("S3", 3)):
        (study / "cells" / f"{sample}.t.tsv").write_text(f"value\tnothing\n{value}\t\n")
    files = ["cells/figures", "other/figures", *(f"cells/S{i}.t.tsv" for i in (1, 2, 3))]
    made = bind.build(source(study, *files), "cells")
    verdict, rows, dots, more, libraries = made.blocks
    assert made.lead == "Of regulons." and made.absent == ""
    assert "It is so. <strong>Truly</strong>." in verdict and 'class="warning"' in verdict
    assert (dots.question, dots.note, dots.n, dots.interpretation) == (
        "Is it persister?",
        "By 3.",
        "2 dots.",
        "Else none.",
    )
    assert dots.panels[0].model == "A" and dots.store["data"] == {"t": {"x": [1, 2]}} and more.title == "More"
    assert rows.frame.to_dict("list")["n"] == [1234567, 2] and rows.source == "cells/all.tsv"
    assert rows.frame["none"].dtype == float
    assert libraries.frame.to_dict("list") == {"sample": ["S1", "S2", "S3"], "value": [1, 2, 3]}
    assert len(libraries.rows) == 2 and libraries.source == "cells/<sample>.t.tsv"
    assert isinstance(rows, Shown) and isinstance(more, Drawn) and more.folder == of_other


def test_a_figure_that_was_not_drawn_leaves_a_sentence_if_there_is_one(study):
    of_cells = study / "cells" / "figures"
    export.write_json(of_cells / "dots.json", {"kind": "absent", "reason": "too_few", "values": {"n": 1}})
    export.save_table("rows", Table(pd.DataFrame({"n": [1]}), "a.tsv"), of_cells)
    made = bind.build(source(study, "cells/figures"), "cells")
    assert isinstance(made.blocks[0], Shown) and "Only 1." in made.blocks[1] and len(made.blocks) == 2
    export.write_json(of_cells / "dots.json", {"kind": "absent", "reason": "nothing", "values": {}})
    assert len(bind.build(source(study, "cells/figures"), "cells").blocks) == 1


def test_a_section_without_figures_and_tables_says_why(study):
    assert bind.build(source(study, assay="profile"), "cells").absent == "No library."
    assert bind.build(source(study, "cells/figures"), "cells").absent == "Nothing."
    absent = {"kind": "absent", "reason": "too_few", "values": {"n": 1}}
    export.write_json(study / "cells" / "figures" / "dots.json", absent)
    made = bind.build(source(study, "cells/figures"), "cells")
    assert made.absent == "1 are too few." and made.blocks == ()


def test_what_nobody_gave_to_the_report_is_not_read(study):
    export.save("dots", figure(), study / "cells" / "figures", title="", alt="")
    assert bind.build(source(study), "cells").blocks == ()


def test_a_block_without_words_is_a_mistake(study, monkeypatch):
    monkeypatch.setitem(words.read("cells"), "blocks", ["unheard"])
    with pytest.raises(KeyError, match="unheard"):
        bind.build(source(study, "cells/figures"), "cells")


def test_files_of_a_figure_are_copied_for_papers_and_no_others(study):
    of_cells = study / "cells" / "figures"
    for name in ("dots", "dots_more"):
        export.save(name, figure(), of_cells, title="", alt="")
    (of_cells / "dots-2.png").write_bytes(b"")
    drawn = Drawn("dots", "T", "Why?", "c", "", "a", "", {"n": "2"}, of_cells)
    (study / "out").mkdir()
    make_report.copy(drawn, study / "out")
    names = {path.name for path in (study / "out").iterdir()}
    assert names == {"dots.svg", "dots.pdf", "dots.png", "dots.tsv", "dots-2.png"}
    assert (study / "out" / "dots.pdf").read_bytes().startswith(b"%PDF")

"""The words of all stages: those of each figure are there, ask a question, and can be set by page and report."""

import re
from importlib import import_module
from pathlib import Path

import jinja2
import pytest
import yaml
from docutils.core import publish_parts

from scripts.figure import rule, words
from scripts.study.config import complete, merged

ROOT = Path(__file__).parents[2]
STAGES = sorted(path.parent.name for path in (ROOT / "scripts").glob("*/figures.py") if "FIGURES" in path.read_text())
FILES = sorted(path.stem for path in words.FOLDER.glob("*.yaml") if path.stem != "terms")
SECTION, FIGURE = {"title", "lead", "absent"}, {*words.OF_FIGURE, "notes", "absent"}
TABLE = {"file", "title", "caption", "shown", "columns", "limit", "drop_empty", "absent"}


@pytest.fixture(scope="module")
def config() -> dict:
    """Return the demo's complete config."""
    shipped = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    return complete(merged(shipped, yaml.safe_load((ROOT / "config" / "demo" / "config.yaml").read_text())))


def blocks_of(name: str) -> list[tuple[str, str]]:
    """Return stage and name of the blocks of a section."""
    blocks = [block.rpartition("/") for block in words.read(name).get("blocks", [])]
    return [(stage or name, block) for stage, _, block in blocks]


def test_there_are_stages_that_draw():
    assert {"cells", "counts"} <= set(STAGES) and set(STAGES) <= set(FILES)


@pytest.mark.parametrize("stage", STAGES)
def test_everything_that_a_stage_shows_has_words_and_the_other_way_round(stage):
    found, entries = words.read(stage), import_module(f"scripts.{stage}.figures").FIGURES
    from_files = {name for name, entry in found.get("tables", {}).items() if "file" in entry}
    known = {*found.get("figures", {}), *found.get("tables", {}), *found.get("texts", {})}
    assert set(entries) == known - from_files
    shown = {block for name in FILES for block in blocks_of(name)}
    assert {(stage, name) for name in known} <= shown, "made, and shown nowhere"


@pytest.mark.parametrize("name", FILES)
def test_files_of_words_hold_what_is_known_and_no_more(name):
    found = words.read(name)
    assert set(found) <= {"section", "blocks", "figures", "tables", "texts"}
    assert set(found.get("section", {})) <= SECTION and ("section" in found) == ("blocks" in found)
    for figure, entry in found.get("figures", {}).items():
        assert set(entry) <= FIGURE and re.fullmatch(r"[a-z][a-z0-9_]*", figure), figure
        assert entry["question"].strip().endswith("?"), figure
        assert len(entry["caption"]) + len(entry.get("interpretation", "")) > 150 and len(entry["alt"]) > 40, figure
    for table, entry in found.get("tables", {}).items():
        assert set(entry) <= TABLE and {"title", "caption"} <= set(entry), table
        assert len([column for column in entry.get("shown", []) if column != "note"]) <= 8, table
    for stage, block in blocks_of(name):
        kinds = [kind for kind in ("figures", "tables", "texts") if block in words.read(stage).get(kind, {})]
        assert len(kinds) == 1, f"{stage}/{block}"


@pytest.mark.parametrize("cells", [True, False])
@pytest.mark.parametrize("stage", STAGES)
def test_captions_are_text_that_snakemakes_report_can_set(stage, cells, config):
    template = (ROOT / "resources" / "captions" / "figure.rst").read_text()
    params = rule.params_of(stage, config, cells)
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    for name in words.read(stage).get("figures", {}):
        job = {"params": {"figures": params}, "wildcards": {"figure": f"{name}-2"}}
        text = environment.from_string(template).render(snakemake=job)
        strict = {"report_level": 2, "halt_level": 2, "warning_stream": False}
        html = publish_parts(text, writer="html", settings_overrides=strict)["body"]
        assert "<strong>" in html and "?" in html and "{" not in text, name


def test_terms_are_those_of_the_study(config):
    cells, profiles = (words.terms(config, cells=given) for given in (True, False))
    assert words.fill("{ones} in {persister}", cells) == f"regulons in {config['contrast']['persister']}"
    assert words.fill("{ones}", profiles) == "factors"
    assert words.fill("{config[cells][seed]}", cells) == str(config["cells"]["seed"])
    with pytest.raises(KeyError, match="unheard"):
        words.fill("{unheard}", cells)


def test_marks_are_taken_out_or_set_as_the_report_has_them():
    text = "`code`, **strong**, *em* and [a link](https://example.org/a)"
    assert words.without_marks(text) == "code, strong, em and a link"
    assert words.as_rst(text) == "``code``, **strong**, *em* and `a link <https://example.org/a>`__"


def test_other_words_draw_again(config, tmp_path):
    (tmp_path / "a.yaml").write_text("1")
    before = rule.hash_of(tmp_path, "*.yaml")
    assert rule.hash_of(tmp_path, "*.yaml") == before
    (tmp_path / "a.yaml").write_text("2")
    assert rule.hash_of(tmp_path, "*.yaml") != before
    params = rule.params_of("cells", config, cells=True)
    assert params["style"]["models"][0] == config["models"][0]["model"]
    assert "waterfall" in params["words"]["attrition"]["alt"].lower()

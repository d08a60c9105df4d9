"""The config: defaults, what no config may hold, and that schema, rules, scripts and README agree."""

from __future__ import annotations

import copy
import inspect
import re
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

from scripts.base import job
from scripts.cells.doublets import expected_rate
from scripts.cells.empty_drops import call_cells
from scripts.cells.qc import quality_limits
from scripts.cells.species import RULES
from scripts.clusters.link_clusters import link_stages
from scripts.clusters.links import link
from scripts.clusters.markers import select_markers
from scripts.references.chemistries import KITS
from scripts.study.config import cells_settings, complete
from scripts.study.document import README, keys_of, renewed, tables
from scripts.study.load import load_study
from scripts.study.schema import read_schema

ROOT = Path(__file__).parents[2]
SCHEMA = read_schema("config")
KEYS = {name: entry for name, entry, _ in keys_of(SCHEMA, SCHEMA)}

DEMO = {"network": "network.yaml", "libraries": "libraries.tsv", "bulk": []}

# A key changed: key, new value (... removes it), place of the message, and some of its words.
BAD = {
    "unknown section": ("regulon", {}, "regulon", "is not a key; did you mean 'regulons'?"),
    "key of an old section": ("programme", {"fdr": 0.1}, "programme.fdr", "has moved to statistics.fdr; rename it"),
    "old section without keys": ("programme", {}, "programme", "has moved to the sections activity, expression"),
    "old key": ("prepare", "rules/demo.smk", "prepare", "has moved to input_rules; rename it"),
    "old role": ("contrast.recovered", "relapse", "contrast.recovered", "has moved to contrast.relapse"),
    "old note": ("regulons.standin_note", "x", "regulons.standin_note", "has moved to regulons.synthetic_data_note"),
    "removed key": (
        "switches.perturbation.networks",
        200,
        "switches.perturbation.networks",
        "was removed: the effect of",
    ),
    "unknown key": ("clusters.n_pc", 20, "clusters.n_pc", "is not a key; did you mean 'n_pcs'?"),
    "strange key": ("colour", "red", "colour", "is not a key; remove it"),
    "unknown key below": ("cells.qc.min_umis", 1, "cells.qc.min_umis", "is not a key"),
    "unknown key of a model": ("models.0.name", "A", "models[0].name", "is not a key"),
    "unknown key of an override": (
        "cells.overrides.A_AC",
        {"expected": 1},
        "cells.overrides.A_AC.expected",
        "did you mean",
    ),
    "unknown key of a file": ("regulons.tfs.md5", "x", "regulons.tfs.md5", "is not a key"),
    "key that YAML read as true": ("cells", {True: 1}, "cells", "key true is not text; put it in quotes"),
    "sample that YAML read as a number": ("cells.overrides", {7: {}}, "cells.overrides", "key 7 is not text"),
    "override of no name": ("cells.overrides", {"a b": {}}, "cells.overrides.a b", "the key is not a name of letters"),
    "no models": ("models", ..., "models", "is missing; give a list of {model, profiling, arms}"),
    "empty models": ("models", [], "models", "the list is empty; give a list of {model, profiling, arms}"),
    "models as a section": ("models", {"A": {}}, "models", "is not a list of {model, profiling, arms}"),
    "model without arms": ("models.0.arms", ..., "models[0].arms", "is missing; give a list of arms"),
    "model that is a number": ("models.0.model", 39, "models[0].model", "39 is not a name of letters, digits"),
    "arm that YAML read as false": ("arms.1.arm", False, "arms[1].arm", "put it in quotes"),
    "timepoint twice": ("timepoints", ["a", "b", "a"], "timepoints", "'a' is listed twice; remove one"),
    "timepoint with a blank": ("timepoints.1", "week 3", "timepoints[1]", "is not a name of letters"),
    "contrast without persister": ("contrast.persister", ..., "contrast.persister", "is missing; give a timepoint"),
    "samples without a path": ("samples", None, "samples", "null is not a path"),
    "results that look like an option": ("pathvars.results", "-rf", "pathvars.results", "is not a folder"),
    "input_rules no rules": ("input_rules", "demo.py", "input_rules", "is not the path of a .smk file, or null"),
    "check_files in words": ("check_files", "sometimes", "check_files", "'sometimes' is not true or false"),
    "number in words": (
        "cells.expected_cells",
        "many",
        "cells.expected_cells",
        "is not auto or a whole number of at least 1",
    ),
    "no whole number": ("cells.expected_cells", 0.5, "cells.expected_cells", "0.5 is not auto or a whole number"),
    "true for a number": ("clusters.n_pcs", True, "clusters.n_pcs", "true is not a whole number"),
    "number below its range": (
        "clusters.n_neighbors",
        1,
        "clusters.n_neighbors",
        "1 is not a whole number of at least 2",
    ),
    "per cent for a fraction": (
        "reads.min_whitelist_overlap",
        50,
        "reads.min_whitelist_overlap",
        "a number from 0 to 1",
    ),
    "fraction at its open end": (
        "clusters.subsample_fraction",
        1,
        "clusters.subsample_fraction",
        "above 0 and below 1",
    ),
    "infinite": ("cells.qc.max_counts", float("inf"), "cells.qc.max_counts", "inf is not a usable number"),
    "not a number": ("regulons.nes_threshold", float("nan"), "regulons.nes_threshold", "nan is not a usable number"),
    "seed below zero": ("regulons.seeds", [1, -1], "regulons.seeds[1]", "-1 is not a whole number of at least 0"),
    "seed twice": ("regulons.seeds", [1, 2, 1], "regulons.seeds", "1 is listed twice; remove one"),
    "no seeds": ("regulons.seeds", [], "regulons.seeds", "the list is empty"),
    "one seed, not a list": ("regulons.seeds", 3, "regulons.seeds", "3 is not a list of different whole numbers"),
    "resolution of zero": ("clusters.resolutions", [0, 1], "clusters.resolutions[0]", "0 is not a number above 0"),
    "choice misspelt": (
        "counts.aligner",
        "star",
        "counts.aligner",
        "'star' is not kb or starsolo; did you mean 'starsolo'?",
    ),
    "unknown choice": (
        "reads.chemistry",
        "5prime",
        "reads.chemistry",
        "'5prime' is not auto, v2, v3, v4, multiome,",
    ),
    "unknown score": ("clusters.regress", ["depth"], "clusters.regress[0]", "is not cycle, stress or hypoxia"),
    "unknown grouping": ("regulons.group_by", ["timepoint"], "regulons.group_by", "[model] or [model, timepoint]"),
    "rate in words": ("cells.doublets.rate", "high", "cells.doublets.rate", "is not auto or a number from 0 to 1"),
    "rate too high": ("cells.doublets.rate", 2, "cells.doublets.rate", "is not auto or a number from 0 to 1"),
    "value for a section": ("clusters", 5, "clusters", "5 is not a section of keys; correct it"),
    "list for a section": ("cells.qc", [2000], "cells.qc", "[2000] is not a section of keys"),
    "null for a value": ("cells.qc.min_counts", None, "cells.qc.min_counts", "null is not a number of at least 0"),
    "checksum cut": ("regulons.tfs.sha256", "abc", "regulons.tfs.sha256", "'abc' is not 64 hexadecimal digits"),
    "address without protocol": ("regulons.tfs.url", "example.org/tfs.txt", "regulons.tfs.url", "is not a web address"),
    "database as text": ("regulons.databases", ["a.feather"], "regulons.databases[0]", "is not a file: {path: …}"),
    "path with blanks": (
        "references.graft.fasta",
        "my genome.fa",
        "references.graft.fasta",
        "is not a path without blanks",
    ),
    "line break": (
        "regulons.synthetic_data_note",
        "a\nb",
        "regulons.synthetic_data_note",
        "has a line break or an invisible character",
    ),
    "demo without a seed": ("demo", DEMO, "demo.seed", "is missing; give a whole number of at least 0"),
}


@pytest.mark.parametrize(("key", "value", "place", "words"), BAD.values(), ids=BAD.keys())
def test_mistake_is_named_with_its_key(draft, key, value, place, words):
    config = draft.write()
    draft.config = config
    draft.set(key, value)
    with pytest.raises(job.UserError) as refused:
        load_study(config)
    (message,) = str(refused.value).splitlines()
    assert message.startswith(f"config, {place}: ") and words in message


@pytest.mark.parametrize("config", [None, [], "text", 3, {}], ids=repr)
def test_config_that_is_none(config):
    with pytest.raises(job.UserError, match=r"^config"):
        load_study(config)


def test_missing_keys_take_the_schemas_defaults(draft):
    study = draft.load()
    assert study.config["cells"]["qc"]["min_counts"] == 500 and study.config["cells"]["seed"] == 0
    assert study.config["regulons"]["seeds"] == [1, 2, 3, 4, 5] and study.config["regulons"]["min_seeds"] == 3
    assert (
        study.config["input_rules"] is None
        and study.config["demo"] is None
        and study.config["report"] == {"max_points": 2000}
    )
    for name, entry in KEYS.items():
        if "default" in entry and not re.match(
            r"contrast|models|arms|references|demo|units|check_files|perturbations\[\]|chromatin\.peaks\[", name
        ):
            value = study.config
            for step in name.split("."):
                value = value[step]
            assert (
                name in ("regulons.databases", "regulons.motif_annotations", "regulons.tfs")
                or value == entry["default"]
            )


def test_given_config_is_left_alone_and_defaults_are_not_shared(draft):
    given = draft.write()
    before = copy.deepcopy(given)
    first = load_study(given).config
    first["regulons"]["seeds"].append(6)
    assert given == before
    assert load_study(given).config["regulons"]["seeds"] == [1, 2, 3, 4, 5]


def test_sections_left_empty_are_sections_of_defaults(draft):
    filled = draft.load().config
    for section in ("reads", "counts", "cells", "clusters", "statistics", "switches", "markers", "report"):
        draft.config[section] = None
    draft.config["cells"] = {"qc": None}
    assert draft.load().config == filled


def test_order_of_keys_does_not_depend_on_the_config(draft):
    # Snakemake repeats a job when the text of its params changes.
    settings = draft.load().config["clusters"]
    draft.config["clusters"] = {"seed": 0, "links": {"min_score": 0.6, "permutations": 100}, "n_pcs": 30}
    assert repr(draft.load().config["clusters"]) == repr(settings)


def test_values_given_on_the_command_line_as_text(draft):
    draft.config["cells"] = {"expected_cells": "400", "doublets": {"rate": "0.1", "enabled": "False"}}
    draft.config["clusters"] = {"resolutions": ["0.5", "1"], "n_pcs": 20.0}
    draft.config["contrast"]["relapse"] = "null"
    config = draft.load().config
    assert config["cells"]["expected_cells"] == 400 and config["cells"]["doublets"]["rate"] == 0.1
    assert config["cells"]["doublets"]["enabled"] is False and config["clusters"]["resolutions"] == [0.5, 1]
    assert repr(config["clusters"]["n_pcs"]) == "20" and config["contrast"]["relapse"] is None


def test_text_stays_text(draft):
    draft.config["models"][0]["profiling"] = "10"
    draft.config["regulons"]["synthetic_data_note"] = "true"
    config = draft.load().config
    assert config["models"][0]["profiling"] == "10" and config["regulons"]["synthetic_data_note"] == "true"


def test_overrides_are_laid_over_the_settings_of_all(draft):
    draft.config["cells"] = {
        "expected_cells": 1000,
        "qc": {"min_genes": 500},
        "overrides": {"A_AC": {"qc": {"min_counts": 700}, "expected_cells": 200.0}},
    }
    study = draft.load()
    own, other = study.cells_config("A_AC"), study.cells_config("A_untreated")
    assert (own["qc"]["min_counts"], own["qc"]["min_genes"], own["expected_cells"]) == (700, 500, 200)
    assert (other["qc"]["min_counts"], other["qc"]["min_genes"], other["expected_cells"]) == (500, 500, 1000)
    assert "overrides" not in own and list(own) == list(other)
    assert own["species"] == cells_settings(study.config, "A_untreated")["species"]


def test_null_takes_a_file_back_where_one_config_is_laid_over_another(draft):
    draft.config["regulons"]["tfs"] = {"path": None, "url": "https://example.org/tfs.txt", "sha256": "0" * 64}
    assert draft.load().config["regulons"]["tfs"] == {"url": "https://example.org/tfs.txt", "sha256": "0" * 64}
    draft.config["regulons"]["tfs"] = {"path": "tfs.txt", "url": None, "sha256": None}
    assert draft.load().config["regulons"]["tfs"] == {"path": "tfs.txt"}


def test_cell_line_has_no_host(draft):
    draft.config["references"]["host"] = None
    assert draft.load().config["references"]["host"] is None


def test_joined_genomes_need_prefixes_only(draft):
    draft.config["references"] = {
        "joined": {"fasta": "both.fa", "gtf": "both.gtf"},
        "graft": {"prefix": "GRCh38_"},
        "host": {"prefix": "mm10_"},
    }
    assert draft.load().config["references"]["joined"]["fasta"] == "both.fa"


def test_regulons_need_no_databases_before_they_are_made(draft):
    draft.config["regulons"] = {}
    regulons = draft.load().config["regulons"]
    assert regulons["databases"] == [] and regulons["tfs"] == {} and regulons["motif_annotations"] == {}


# -- schema, scripts, rules, shipped configs and README agree


def keywords(function) -> set[str]:
    """Return the keyword-only parameters of a function."""
    return {p.name for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY}


def test_sections_are_what_the_scripts_take():
    cells = complete({})["cells"]
    assert set(cells["empty_drops"]) == keywords(call_cells) - {"expected_cells", "seed"}
    assert set(cells["qc"]) == keywords(quality_limits)
    assert keywords(expected_rate) - {"n_droplets", "chemistry"} <= set(cells["doublets"])
    clusters = complete({})["clusters"]
    assert set(clusters["markers"]) == keywords(select_markers)
    assert set(clusters["links"]) == keywords(link) | (keywords(link_stages) - {"seed"})


def test_choices_are_what_the_scripts_know():
    assert set(KEYS["cells.species.method"]["enum"]) == set(RULES)
    assert set(KEYS["reads.chemistry"]["enum"]) == {"auto", *KITS}


def test_rules_ask_for_keys_of_the_schema():
    text = "\n".join(path.read_text() for path in (ROOT / "rules").rglob("*.smk"))
    asked = set(re.findall(r'within=config,\s*dpath="([\w/]+)"', text))
    asked |= {"/".join(re.findall(r'\["(\w+)"\]', chain)) for chain in re.findall(r'config((?:\["\w+"\])+)', text)}
    assert len(asked) > 30
    known = {name.replace(".", "/") for name in KEYS}
    known |= {name.rsplit("/", depth)[0] for name in known for depth in range(name.count("/") + 1)}
    known |= {f"regulons/{key}/{part}" for key in ("tfs", "motif_annotations") for part in ("path", "url", "sha256")}
    known |= {f"references/{genome}/prefix" for genome in ("graft", "host")}
    assert asked - known == set()


def test_every_key_is_described_and_has_a_default_or_must_be_given():
    without = []
    for name, entry, required in keys_of(SCHEMA, SCHEMA):
        assert entry.get("description"), name
        if not required and "default" not in entry and "properties" not in entry:
            without.append(name)
    assert without == [
        "pathvars.results",
        "pathvars.logs",
        "pathvars.benchmarks",
        "models[].profiling",
    ]


def test_every_section_is_strict():
    def walk(part):
        if isinstance(part, dict):
            if "properties" in part and part.get("type") != "string":
                assert part.get("additionalProperties") is False, part
            for value in part.values():
                walk(value)

    for name in ("config", "samples", "units"):
        walk(read_schema(name))
        assert read_schema(name)["additionalProperties"] is False


def test_shipped_config_repeats_no_default():
    def walk(part, place=""):
        for key, value in part.items():
            name = f"{place}.{key}" if place else key
            if name in KEYS and "default" in KEYS[name]:
                assert value != KEYS[name]["default"], f"{name} is in config/config.yaml and in the schema"
            if isinstance(value, dict):
                walk(value, name)

    walk(yaml.safe_load((ROOT / "config" / "config.yaml").read_text()))


WHOLE = ["config/demo/config.yaml", "tests/real/reads/config.yaml", "tests/real/pc9/config.yaml"]
LAID_OVER = {
    "config/demo/reduced/config.yaml": "config/demo/config.yaml",
    "tests/real/study_profiles/config.yaml": "config/config.yaml",
}


@pytest.mark.parametrize("path", [*WHOLE, *LAID_OVER])
def test_configs_of_other_studies(path, monkeypatch):
    """Those that stand alone, and those that are laid over another as Snakemake does it."""
    monkeypatch.chdir(ROOT)
    config = yaml.safe_load(Path(LAID_OVER.get(path, path)).read_text())
    update_config(config, yaml.safe_load(Path(path).read_text()))
    study = load_study(config, check_files=False)
    assert len(study.samples) and (study.groups or path == "tests/real/study_profiles/config.yaml")


def test_readme_has_the_schemas_tables():
    text = README.read_text()
    assert text == renewed(text), "run: python -m scripts.study.document"


def test_readmes_tables_have_a_row_for_each_key():
    made = tables()
    for name in ("cells.qc.max_pct_mt", "regulons.min_groups", "models[].arms", "references.host"):
        assert f"\n| `{name}` | " in made["config"]
    assert "| `cells.qc.max_pct_mt` | `25` | a number above 0 and up to 100 | mitochondrial UMIs" in made["config"]
    assert "| a genome | `gtf` |" in made["config"] and "| a file | `sha256` |" in made["config"]
    for name in ("samples", "units"):
        assert made[name].count("\n| `") == len(read_schema(name)["properties"])


def test_readme_without_marks_is_not_overwritten():
    with pytest.raises(ValueError, match="marks of the table samples"):
        renewed("# no tables here\n")

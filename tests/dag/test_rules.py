"""Every rule says where its log and benchmark go, what it needs and in which environment it runs; every stage is a
target.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake.io import get_flag_value, is_flagged

from scripts.study import stages
from scripts.study.resources import DECLARED, read_measured
from scripts.study.stages import stage_of

ROOT = Path(__file__).parents[2]
STAGES = [*stages.STAGES, "biopsy", "report"]


@pytest.fixture
def local(parsed, rules) -> set[str]:
    """Return the names of the rules that run where Snakemake runs, whatever the executor."""
    return {name for name, rule in rules.items() if name in parsed.workflow._localrules or rule.norun}


@pytest.fixture
def running(rules) -> dict:
    """Return the rules that run something; the others are targets."""
    return {name: rule for name, rule in rules.items() if not rule.norun}


def test_the_walk_sees_the_workflow(rules, running, local):
    """Were these attributes renamed in Snakemake, the tests below would pass on nothing."""
    assert len(running) > 40
    assert {"count_kb", "count_starsolo", "infer_network", "make_report"} <= set(running)
    assert {"all", *STAGES} <= set(rules) - set(running)
    assert {"tabulate_attrition", "archive_report"} <= local
    assert "count_kb" not in local


def test_every_rule_that_runs_something_has_log_and_environment(running):
    assert [name for name, rule in running.items() if not rule.log] == []
    assert [name for name, rule in running.items() if not rule.conda_env] == []


def test_every_job_of_its_own_has_benchmark_memory_and_runtime(running, local):
    own = {name: rule for name, rule in running.items() if name not in local}
    assert len(own) > 30
    assert [name for name, rule in own.items() if not rule.benchmark] == []
    lacking = [name for name, rule in own.items() if not {"mem_mb", "runtime"} <= set(rule.resources)]
    assert lacking == []


def test_rules_that_run_beside_snakemake_ask_for_nothing(running, local):
    """Memory and time that they declared would reach no cluster. One asks for its own number of libraries."""
    assert len(local & set(running)) > 10
    for name in local & set(running):
        assert not {"mem_mb", "runtime"} & set(running[name].resources), name
        assert running[name].resources["_cores"].value == 1, name


def test_what_a_rule_asks_for_is_measured_by_its_own_name(rules):
    """Also where a rule is another one with other files: its benchmarks bear its own name."""
    asked = []
    for path in {rule.snakefile for rule in rules.values()}:
        for text in re.split(r"^(?=rule |use rule )", Path(path).read_text(), flags=re.MULTILINE)[1:]:
            name = re.match(r"(?:use rule \w+ as|rule) (\w+)", text)[1]
            asked += [(name, given) for given in re.findall(r"=(?:memory|minutes)\(\s*\"(\w+)\"", text)]
    assert len(asked) > 80
    assert [pair for pair in asked if pair[0] != pair[1]] == []


class Stored(list):
    """Input in a storage, whose size Snakemake knows."""

    def __init__(self, size_gb: float):
        """Hold one file of this size."""
        super().__init__([SimpleNamespace(is_storage=True)])
        self.size_gb, self.size_mb, self.size = size_gb, 1000 * size_gb, 1e9 * size_gb


def ask(rule, resource: str, size_gb: float, attempt: int) -> int:
    """Return what a rule asks for: memory in MB, time in minutes."""
    files = Stored(size_gb)
    return rule.resources[resource].evaluate(None, input=files, attempt=attempt, threads=1).value


def memory(rule, size_gb: float, attempt: int) -> int:
    """Return the memory that a rule asks for (MB)."""
    return ask(rule, "mem_mb", size_gb, attempt)


def test_memory_and_time_grow_with_the_attempt_and_never_fall_with_the_input(running, local):
    for name, rule in running.items():
        if name in local:
            continue
        for resource, least in (("mem_mb", 500), ("runtime", 1)):
            first = ask(rule, resource, 1, 1)
            assert ask(rule, resource, 1, 3) == 3 * first, name
            assert ask(rule, resource, 10, 1) >= first >= ask(rule, resource, 0, 1) >= least, name


def test_the_table_of_measurements_is_of_rules_that_there_are_and_that_follow_it(rules):
    table = read_measured()
    assert len(table) > 5 and set(table) <= set(rules)
    by_input = {name for name in table if isinstance(DECLARED[name]["mem_mb_per_gb"], Mapping)}
    assert by_input == {"count_kb"}, "what lies in memory is the index"
    for name, fits in table.items():
        assert memory(rules[name], 0, 1) == (
            DECLARED[name]["mem_mb"] if name in by_input else math.ceil(fits["mem_mb"](0))
        )


@pytest.mark.parametrize(
    "name",
    [
        "join_genomes",
        "index_kb",
        "count_kb",
        "count_starsolo",
        "collect_counts",
        "call_cells",
        "filter_cells",
        "cluster_cells",
        "select_expression",
        "infer_network",
        "prune_modules",
        "score_activity",
    ],
)
def test_what_holds_its_input_in_memory_asks_for_more_with_more_of_it(rules, name):
    """Ten GB of input ask for 5 GB more than none: half a byte for a byte, less than any of these tools takes."""
    assert memory(rules[name], 10, 1) - memory(rules[name], 0, 1) >= 5_000


def test_every_stage_is_a_target_and_the_first_rule_of_its_file(parsed, rules):
    first = {}
    for rule in parsed.workflow.rules:
        first.setdefault(stage_of(rule), rule.name)
    assert {stage: first[stage] for stage in STAGES} == {stage: stage for stage in STAGES}
    assert parsed.workflow.default_target == "all"


def test_no_script_imports_from_the_future(running):
    """Snakemake puts its own lines before a script, and Python wants such imports first."""
    of_rules = [rule for rule in running.values() if rule.script]
    scripts = {Path(rule.basedir.get_path_or_uri(secret_free=True), rule.script) for rule in of_rules}
    assert len(scripts) > 40 and all(path.exists() for path in scripts)
    assert [path.name for path in sorted(scripts) if "from __future__" in path.read_text()] == []


def test_names_of_logs_and_benchmarks_tell_the_rule(running):
    for name, rule in running.items():
        for path in [*rule.log, *([rule.benchmark] if rule.benchmark else [])]:
            assert name in str(path).split("{")[0] or rule.name.startswith("provide_"), f"{name}: {path}"


def test_every_output_lies_under_the_results(running):
    outside = [
        str(path) for rule in running.values() for path in rule.output if not str(path).startswith("results/demo/")
    ]
    assert outside == []


def test_every_figure_for_the_report_has_a_caption_with_a_question_category_and_labels(running):
    flagged = [
        (name, get_flag_value(f, "report")) for name, r in running.items() for f in r.output if is_flagged(f, "report")
    ]
    assert len(flagged) >= 9
    for name, flag in flagged:
        text = Path(flag.caption.get_path_or_uri(secret_free=True)).read_text()
        assert flag.category and flag.labels, name
        # A folder of figures has the captions of its stage.
        words = running[name].params.figures(None)["words"] if "params.figures.words" in text else {}
        captions = {figure: entry["caption"] for figure, entry in words.items()} or {name: text}
        for figure, caption in captions.items():
            assert "?" in caption, f"{name}: the caption of {figure} asks no question"


def test_no_caption_lies_about(running):
    used = {
        Path(get_flag_value(f, "report").caption.get_path_or_uri(secret_free=True)).name
        for rule in running.values()
        for f in rule.output
        if is_flagged(f, "report")
    }
    kept = {path.name for path in (ROOT / "resources" / "captions").glob("*.rst")}
    assert kept == used | {"workflow.rst"}


def test_params_hold_no_path_of_this_machine(running):
    for name, rule in running.items():
        for value in rule.params:
            assert str(ROOT) not in str(value) and "/tmp" not in str(value), name

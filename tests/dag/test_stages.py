"""A stage that is added later needs an entry in the list of stages and its own files: it is run, drawn and shown."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import in_process
import pytest
from checkout import copy_checkout

from scripts.figure import words
from scripts.report.make_report import SECTIONS
from scripts.study.stages import PROGRAMME, STAGES

ROOT = Path(__file__).parents[2]
FILES = {
    "rules/weather.smk": """\
# Weather: a stage that the tests make up.


rule weather:
    input:
        "<results>/weather/figures",
    localrule: True


rule measure_weather:
    output:
        "<results>/weather/weather.tsv",
    log:
        "<logs>/measure_weather.log",
    localrule: True
    params:
        models=study.compared_models,
    run:
        Path(output[0]).write_text("".join(f"{row}\\n" for row in ["model\\tn", *(f"{m}\\t3" for m in params.models)]))


rule draw_weather:
    input:
        tables=rules.measure_weather.output,
    output:
        report(directory("<results>/weather/figures"), **in_report("Weather")),
    log:
        "<logs>/draw_weather.log",
    localrule: True
    conda:
        "../envs/figures.yaml"
    params:
        figures=figures_of("weather"),
    script:
        "../scripts/weather/figures.py"
""",
    "scripts/weather/__init__.py": "",
    "scripts/weather/results.py": '''\
def of_report(study):
    """Return the files that the report reads."""
    return ["weather.tsv", "figures"]
''',
    "scripts/weather/figures.py": '''\
"""Figures of the weather."""

import altair as alt

from scripts.base import job
from scripts.figure import draw
from scripts.figure.figure import Figure, Panel


def draw_days(table, style):
    """Return the days by model."""
    bars = alt.Chart(alt.NamedData("days")).mark_bar().encode(x="n:Q", y="model:N")
    return Figure((Panel(bars),), {"days": table}, n=f"{len(table)} models")


FIGURES = {"days": (draw_days, "weather/weather.tsv")}

if __name__ == "__main__":
    job.run(lambda snakemake: draw.main(FIGURES, snakemake), snakemake)
''',
    "resources/words/weather.yaml": """\
section:
  title: Weather of the made-up stage
  lead: What the days were like.

blocks: [days]

figures:
  days:
    title: Days by model
    question: Were the days as many in each model?
    caption: Days by model.
    interpretation: They are as many.
    alt: Bars of days by model.
""",
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    """Return a copy of the project with one stage more."""
    folder = copy_checkout(tmp_path_factory.mktemp("tree"))
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    listed = folder / "scripts" / "study" / "stages.py"
    before = listed.read_text()
    after = before.replace(f'    "{STAGES[-1]}",\n)', f'    "{STAGES[-1]}",\n    "weather",\n)')
    assert after != before
    listed.write_text(after)
    return folder


def snakemake(tree: Path, *arguments: str) -> str:
    """Call Snakemake in the copy, whose modules are imported, on the demo."""
    with in_process.modules_of(tree):
        said = in_process.snakemake(tree, "--configfile", "config/demo/config.yaml", "--cores", "1", *arguments)
    assert said.code == 0, said.text
    return said.text


def make_page(tree: Path) -> str:
    """Return the report of the copy, made from the files that are there."""
    with in_process.restored(tree), in_process.modules_of(tree):
        mock, make_report = (import_module(name) for name in ("scripts.base.mock", "scripts.report.make_report"))
        with mock.read_workflow([tree / "config" / "demo" / "config.yaml"]) as workflow:
            made = mock.make_job(workflow, "make_report", {}).snakemake
            there = [path for path in made.input.tables if Path(path).exists()]
            Path(made.output.html).parent.mkdir(parents=True, exist_ok=True)
            given = SimpleNamespace(tables=there, templates=made.input.templates)
            make_report.main(SimpleNamespace(input=given, output=made.output, params=made.params, config=made.config))
            return Path(made.output.html).read_text()


def lint(tree: Path) -> subprocess.CompletedProcess:
    """Check the imports of the copy."""
    code = "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-logo', '--no-cache'])"
    return subprocess.run([sys.executable, "-c", code], cwd=tree, capture_output=True, text=True, check=False)


def test_one_entry_in_the_list_and_its_own_files_make_a_stage(tree):
    """Its target draws its figure, which is a section of the page; findings, programme and report ask for it."""
    asked = {target: snakemake(tree, "--dry-run", target) for target in ("programme", "report")}
    assert all("rule draw_weather:" in said for said in asked.values())
    report = asked["report"].partition("rule make_report:")[2].partition("output:")[0]
    assert "results/demo/weather/figures" in report and "results/demo/weather/weather.tsv" in report
    snakemake(tree, "weather")
    assert (tree / "results" / "demo" / "weather" / "figures" / "days.png").stat().st_size > 1000
    page = make_page(tree)
    assert "Weather of the made-up stage" in page and 'data-figure="days"' in page
    assert page.index("Days by model") > page.index("Confounders")


def test_a_listed_stage_has_its_files_and_sections_come_in_its_order():
    for stage in STAGES:
        assert (ROOT / "rules" / f"{stage}.smk").exists() and (ROOT / "scripts" / stage).is_dir(), stage
    shown = [entry for entry in SECTIONS if isinstance(entry, str)]
    assert shown == [stage for stage in STAGES if words.has_section(stage)] and len(shown) == 15
    assert PROGRAMME[0] == "profiles" and set(PROGRAMME) < set(STAGES) and len(set(STAGES)) == len(STAGES)


def test_a_stage_imports_only_from_those_before_it(tree):
    """The new one may import any; one before it that imports it is refused."""
    (tree / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    sound = lint(tree)
    assert sound.returncode == 0 and "0 broken" in sound.stdout, sound.stdout + sound.stderr
    path = tree / "scripts" / STAGES[-1] / "results.py"
    kept = path.read_text()
    path.write_text(f"{kept}\nfrom scripts.weather import figures\n")
    done = lint(tree)
    path.write_text(kept)
    assert done.returncode == 1 and f"scripts.{STAGES[-1]} is not allowed to import scripts.weather" in done.stdout

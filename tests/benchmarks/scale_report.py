"""Part ``report`` of `make scale`: the report of 25 models and 100 libraries, made of the demo's tables repeated.

Numbers are those of the demo's five models of single cells, each under five names; what is measured is the page: its
size, its height in a browser, and that of its figures.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path

import pandas as pd
import yaml
from scale_runs import ROOT, keep_sizes, say, write_table

DEMO, CONFIG = Path("results", "demo"), Path("config", "demo", "config.yaml")
MODELS = 25
LIBRARIES = (
    ("untreated", "untreated"), ("persister", "AC"), ("persister", "capecitabine"), ("relapse", "AC"),
)  # fmt: skip
"""Timepoint and arm of a model's libraries."""
LEFT = (
    "simulated", "truth", "benchmarks", "logs", "exports", "report", "perturbations", "chromatin", "published",
)  # fmt: skip
"""Folders of the demo's results of which nothing is repeated."""
MATRICES = (".h5ad", ".loom")
"""Files that must exist, and that neither figures nor the page read."""
RULES = (
    "draw_design", "draw_counts", "draw_cells", "draw_clusters", "draw_regulons", "draw_expression", "draw_activity",
    "draw_switches", "draw_growth", "draw_confounders", "draw_markers", "draw_stroma", "make_report",
)  # fmt: skip
WIDTH = 1_280
"""Of the browser's window (pixels)."""


class Names:
    """Samples and models of the large study, and those of the demo that they repeat."""

    def __init__(self, demo: pd.DataFrame):
        """``demo``: the demo's sheet of samples."""
        own = demo[demo["assay"] == "scrna"]
        self.old = list(own["model"].unique())
        self.models = {f"M{i + 1:02}": self.old[i % len(self.old)] for i in range(MODELS)}
        by_place = own.set_index(["model", "timepoint"])["sample"]
        relapsed = own[own["timepoint"] == "relapse"]
        relapse, self.relapsed = relapsed["sample"].iloc[0], list(relapsed["model"])
        rows = [
            (f"{model}_{timepoint}_{arm}", model, timepoint, arm, by_place.get((source, timepoint), relapse))
            for model, source in self.models.items()
            for timepoint, arm in LIBRARIES
        ]
        self.sheet = pd.DataFrame(rows, columns=["sample", "model", "timepoint", "arm", "source"]).set_index("sample")
        self.samples = self.sheet["source"].to_dict()

    def of_sample(self, table: pd.DataFrame, sample: str) -> pd.DataFrame:
        """Return rows of a sample of the demo as those of a new one."""
        new = {name: self.sheet.at[sample, name] for name in ("model", "timepoint", "arm") if name in table}
        if "sample" in table:
            new["sample"] = sample
        if "group" in table:  # the demo's groups of cells are its models
            new["group"] = self.sheet.at[sample, "model"]
        if "cell" in table:
            new["cell"] = sample + ":" + table["cell"].astype(str).str.split(":").str[-1]
        return table.assign(**new)

    def repeat(self, table: pd.DataFrame, model: str | None = None) -> pd.DataFrame:
        """Return a table with the rows of all new samples or models (or of those of one model)."""
        if "sample" in table:
            own = dict(list(table.groupby("sample", sort=False)))
            parts = [
                self.of_sample(own[source], sample)
                for sample, source in self.samples.items()
                if source in own and model in (None, self.sheet.at[sample, "model"])
            ]
            return pd.concat(parts, ignore_index=True) if parts else table
        key = next((name for name in ("model", "group", "left_out") if name in table), None)
        if key is None:
            return table
        own = dict(list(table.groupby(key, sort=False)))
        parts = [] if model else [rows for name, rows in own.items() if name not in self.old]
        wanted = self.models if model is None else {model: self.models[model]}
        parts += [own[source].assign(**{key: name}) for name, source in wanted.items() if source in own]
        return pd.concat(parts, ignore_index=True) if parts else table


def read(path: Path) -> pd.DataFrame:
    """Return a table, all cells of a text as they are."""
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return pd.read_csv(path, sep="\t", dtype=str, na_filter=False)


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a table as it was read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        table.to_parquet(path, index=False)
    else:
        table.to_csv(path, sep="\t", index=False)


def copy_file(path: Path, names: Names, results: Path) -> None:
    """Write a file of the demo as files of the large study: one for all, or one of each sample or model it is of."""
    relative = str(path.relative_to(DEMO))
    is_table = path.suffix in (".tsv", ".parquet") or path.name.endswith(".tsv.gz")
    sources = sorted(set(names.samples.values()), key=len, reverse=True)
    if sample := next((name for name in sources if name in relative), None):
        copies = {new: sample for new, source in names.samples.items() if source == sample}
    elif model := next((name for name in names.old if name in relative), None):
        copies = {new: model for new, source in names.models.items() if source == model}
        # A model of the demo without a relapse has that of the first one which has.
        if "relapse" in path.name and model == names.relapsed[0]:
            copies |= {new: model for new, source in names.models.items() if source not in names.relapsed}
    else:
        if is_table:
            write(names.repeat(read(path)), results / relative)
        else:
            (results / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, results / relative)
        return
    for new, old in copies.items():
        to = results / relative.replace(old, new)
        to.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in MATRICES:
            to.touch()
        elif is_table:
            table = read(path)
            write(names.of_sample(table, new) if sample else names.repeat(table, new), to)
        else:
            to.write_bytes(path.read_bytes().replace(old.encode(), new.encode()))


def write_study(names: Names, place: Path) -> Path:
    """Write the sheet and the config; return the config's path."""
    sheet = names.sheet.drop(columns="source").assign(replicate=1, assay="scrna").reset_index()
    sheet["matrix"] = [str(place / f"{sample}.h5ad") for sample in sheet["sample"]]
    sheet.to_csv(place / "samples.tsv", sep="\t", index=False)
    config = yaml.safe_load(CONFIG.read_text())
    for key in ("units", "perturbations", "chromatin", "input_rules"):
        config.pop(key, None)
    arms = list(dict.fromkeys(arm for _, arm in LIBRARIES))
    config |= {
        "title": f"{MODELS} models, {len(sheet)} libraries (the demo's, repeated)",
        "pathvars": {"results": str(place / "results")},
        "samples": str(place / "samples.tsv"),
        "models": [{"model": model, "arms": arms} for model in names.models],
        "published": {"shipped": False, "signatures": []},
    }
    path = place / "config.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return path


def measure(options: Namespace) -> None:
    """Write and print the seconds of each rule, and the sizes of the page and of its figures."""
    if not (DEMO / "report" / "report.html").exists():
        raise SystemExit(f"error: {DEMO} has no report; run `make demo` first")
    place = options.folder / "report"
    shutil.rmtree(place, ignore_errors=True)
    keep_sizes(place, models=MODELS, libraries=MODELS * len(LIBRARIES))
    names = Names(pd.read_csv(CONFIG.with_name("samples.tsv"), sep="\t", dtype=str, keep_default_na=False))
    say(f"repeating the demo's tables for {MODELS} models")
    for path in sorted(DEMO.rglob("*")):
        parts = path.relative_to(DEMO).parts
        if path.is_file() and parts[0] not in LEFT and "figures" not in parts:
            copy_file(path, names, place / "results")
    config, rows = write_study(names, place), []
    for rule in RULES:
        start = time.monotonic()
        command = [sys.executable, "-m", "scripts.base.mock", rule, "--configfile", config, "--in-place"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"error: {rule} failed:\n{done.stderr[-3000:]}")
        rows.append((rule, "s", time.monotonic() - start))
    page = place / "results" / "report" / "report.html"
    rows.append(("report.html", "MB", page.stat().st_size / 1e6))
    rows += heights(page)
    write_table(pd.DataFrame(rows, columns=["what", "unit", "value"]), place / "page.tsv")


def heights(page: Path) -> list[tuple[str, str, float]]:
    """Return the heights of the page while it is folded and of its highest figures, if there is a browser."""
    sys.path.insert(0, str(ROOT / "tests" / "report"))
    from browser import CHROMIUM, opened, shared

    if CHROMIUM is None:
        say("chromium isn't installed: heights are not measured")
        return []
    with shared():
        with opened(page, WIDTH, unfolded=False) as found:
            rows = [("page, folded", "pixels", found.page.evaluate("document.documentElement.scrollHeight"))]
        with opened(page, WIDTH, unfolded=True) as found:
            figures = found.page.evaluate(
                "[...document.querySelectorAll('figure')].map((f) => [f.id, f.getBoundingClientRect().height])"
            )
    return rows + [(name, "pixels", height) for name, height in sorted(figures, key=lambda figure: -figure[1])[:5]]

"""Measure what every p-value, interval and verdict does in data of known truth: ``make calibration``.

Prints one line per rate and writes results/calibration.json. Every module of this folder that has ``rows(quick)`` is a
topic; each runs in a process of its own with seeds of its own, so that figures don't depend on the number of processes.
``--quick`` is what ``make test`` runs. ``--write`` makes resources/calibration.tsv and resources/docs/calibration.md.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

ROOT = Path(__file__).resolve().parents[2]
for _folder in (ROOT, ROOT / "tests"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

import pandas as pd  # noqa: E402

from calibration import remarks  # noqa: E402
from calibration.row import WEAK, Row  # noqa: E402
from scripts.base import calibration  # noqa: E402

FOLDER = Path(__file__).resolve().parent
RESULT = ROOT / "results" / "calibration.json"
PAGE = ROOT / "resources" / "docs" / "calibration.md"
INTRODUCTION = """# Measured error rates

A p-value, an interval or a verdict is a claim about the next patient. Each was measured in simulated studies of known
truth with the functions that make the tables. `make calibration` measures all rates again and writes this page from
`resources/calibration.tsv`.

Designs are written as models × (untreated + treated samples). A rate stands with its Monte-Carlo standard error.
*Around*: a type I error within 30 % of its level (.035 to .065 at .05), a coverage within .02. *At most*, *at least*:
the level is a limit. *Reported*: no level is promised. Two Monte-Carlo errors are allowed; what lies beyond is *weak*.
"""


def topics() -> dict[str, str]:
    """Return name → module of every topic, by name."""
    names = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith(("test_", "__")))
    return {name: f"calibration.{name}" for name in names if "\ndef rows(" in (FOLDER / f"{name}.py").read_text()}


def rows_of(topic: str, quick: bool) -> tuple[list[Row], float]:
    """Return the rates of one topic, and the seconds that they took."""
    start = time.perf_counter()
    found = importlib.import_module(f"calibration.{topic}").rows(quick)
    return found, time.perf_counter() - start


def run(quick: bool, processes: int = 2, chosen: list[str] | None = None) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return all rates (:data:`scripts.base.calibration.HEADER`), by topic, and the seconds of each topic."""
    names = list(topics()) if chosen is None else chosen
    # Processes begin again: what a topic has loaded or cached can't change another's figures.
    with ProcessPoolExecutor(processes, get_context("spawn"), max_tasks_per_child=1) as pool:
        found = dict(zip(names, pool.map(rows_of, names, [quick] * len(names)), strict=True))
    table = pd.concat([tabulate(topic, rows) for topic, (rows, _) in found.items()], ignore_index=True)
    return table, {topic: seconds for topic, (_, seconds) in found.items()}


def tabulate(topic: str, rows: list[Row]) -> pd.DataFrame:
    """Return the rates of a topic as a table (:data:`scripts.base.calibration.HEADER`)."""
    values = [
        (
            *(topic, calibration.SEPARATOR.join(row.columns), row.design, row.truth, row.quantity, row.level),
            *(float(f"{row.rate:.4g}"), float(f"{row.standard_error:.2g}"), round(row.hits, 3), row.trials),
            *(row.bound, row.verdict, row.note),
        )
        for row in rows
    ]
    return pd.DataFrame(values, columns=calibration.HEADER).astype({"level": float})


def number(value: float) -> str:
    """Return a rate as it is read: three decimals, more where it is smaller."""
    if pd.isna(value):
        return ""
    return f"{value:.3f}" if value == 0 or abs(value) >= 0.005 else f"{value:.1e}"


def level_of(row) -> str:
    """Return what a rate should be, in words."""
    if pd.isna(row.level):
        return row.bound
    return f"{row.bound} {row.level:.3g}"


def as_text(table: pd.DataFrame) -> str:
    """Return the rates as lines for a terminal."""
    lines = []
    for row in table.itertuples():
        rate = f"{number(row.rate)} ± {number(row.error)}"
        lines.append(
            f"{row.verdict:4}  {rate:17}  {level_of(row):14}  n {row.trials:<9,}  {row.what} | {row.design} | "
            f"{row.truth} | {row.quantity}{' | ' + row.note if row.note else ''}"
        )
    return "\n".join(lines)


def as_page(table: pd.DataFrame) -> str:
    """Return the rates as the page of the docs: one table per topic."""
    parts = [INTRODUCTION]
    for topic, own in table.groupby("topic", sort=False):
        parts.append(f"\n## {topic}\n")
        if topic in remarks.REMARKS:
            parts.append(remarks.REMARKS[topic](own, table) + "\n")
        parts.append("| what | design | truth | quantity | should be | rate | trials | |")
        parts.append("|---|---|---|---|---|---|---|---|")
        for row in own.itertuples():
            what = "<br>".join(f"`{name}`" for name in row.what.split(calibration.SEPARATOR))
            note = f"{row.verdict}{': ' + row.note if row.note else ''}"
            fields = (what, row.design, row.truth, row.quantity, level_of(row))
            fields += (f"{number(row.rate)} ± {number(row.error)}", f"{row.trials:,}", note)
            parts.append(f"| {' | '.join(field.replace('|', '/') for field in fields)} |")
    return "\n".join(parts) + "\n"


def write(table: pd.DataFrame) -> None:
    """Write the rates to resources/calibration.tsv and, read back from there, to the page of the docs."""
    table.to_csv(calibration.PATH, sep="\t", index=False, quoting=3, float_format="%.6g")
    calibration.read.cache_clear()
    PAGE.write_text(as_page(calibration.read()), encoding="utf-8")


def main() -> int:
    """Measure, print and write; return 1 if a rate is not what it should be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("topics", nargs="*", help=f"some of: {', '.join(topics())} (default: all)")
    parser.add_argument(
        "--quick", action="store_true", help="few simulations: to see whether all is right, not how far"
    )
    parser.add_argument("--write", action="store_true", help="write resources/calibration.tsv and its page of the docs")
    parser.add_argument("--processes", type=int, default=2, help="topics at a time (default 2)")
    options = parser.parse_args()
    if unknown := sorted(set(options.topics) - set(topics())):
        parser.error(f"no such topic: {', '.join(unknown)}")
    if options.write and options.quick:
        parser.error("the docs hold figures of a full run: leave out --quick")
    start = time.perf_counter()
    table, seconds = run(options.quick, options.processes, options.topics or None)
    print(as_text(table))
    RESULT.parent.mkdir(exist_ok=True)
    content = {"quick": options.quick, "seconds": {name: round(value, 1) for name, value in seconds.items()}}
    content["rates"] = json.loads(table.to_json(orient="records"))
    RESULT.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if options.write:
        old = calibration.read()
        kept = old[old["topic"].isin(topics()) & ~old["topic"].isin(table["topic"])]
        joined = pd.concat([part for part in (kept, table) if len(part)], ignore_index=True)
        write(joined.sort_values("topic", kind="stable"))
    weak = int((table["verdict"] == WEAK).sum())
    minutes = (time.perf_counter() - start) / 60
    print(f"\n{len(table)} rates, {weak} weak, {minutes:.1f} min; written to {RESULT.relative_to(ROOT)}")
    return int(weak > 0)


if __name__ == "__main__":
    # Under its own name, so that processes that begin again find it.
    from calibration import calibrate

    sys.exit(calibrate.main())

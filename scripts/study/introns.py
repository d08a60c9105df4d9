"""Whether introns are counted in each library: by the sheet, the config, or Cell Ranger's files next to its matrix.

Intronic reads add a quarter to a half to the UMIs, more in treated cells than in untreated ones: libraries counted with
and without them aren't compared unless the config says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from scripts.base.job import HDF5

BY_DEFAULT = 7
"""Cell Ranger counts introns by default from this version on (its release notes)."""
SWITCH = re.compile(r"include[_ -]introns\W{1,6}(true|false)", re.IGNORECASE)
"""How a run's `_invocation` and its web summary give the option."""
TOLD_IN = ("_invocation", "web_summary.html")
LEVELS = 4
"""Folders up from the matrix in which these may lie."""


def told_by_cell_ranger(path: str | Path) -> str:
    """Return yes or no where the run's own files or the matrix (.h5) show whether introns were counted."""
    place = Path(path)
    if place.suffix not in (".h5", "") or not place.exists():
        return ""
    for folder in list(place.absolute().parents)[:LEVELS]:
        for name in TOLD_IN:
            try:
                found = SWITCH.search((folder / name).read_text(errors="replace"))
            except OSError:
                continue
            if found:
                return "yes" if found[1].lower() == "true" else "no"
    version = version_of(place) if place.suffix == ".h5" else None
    return "" if version is None else "yes" if version >= BY_DEFAULT else "no"


def version_of(path: Path) -> int | None:
    """Return the major version of the Cell Ranger that wrote a matrix .h5, or None where it doesn't say."""
    with open(path, "rb") as handle:
        if handle.read(8) != HDF5:
            return None
    import h5py

    try:
        with h5py.File(path) as file:
            said = file.attrs.get("software_version", "")
    except OSError:
        return None  # damaged: reported where it is read
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    found = re.search(r"(?:^|cell ?ranger\D*)(\d+)\.\d", text, re.IGNORECASE)
    return int(found[1]) if found else None


def introns_of(row: pd.Series, counted: bool) -> str:
    """Return yes, no or nothing (unknown) for a sample's row; ``counted`` is the config's counts.introns."""
    if row["assay"] != "scrna":
        return ""
    if row["introns"]:
        return row["introns"]
    return told_by_cell_ranger(row["matrix"]) if row["matrix"] else "yes" if counted else "no"


def problems_of_introns(samples: pd.DataFrame, counts: dict, sheet: str) -> Iterator[str]:
    """Yield a line if some of the ``samples`` (rows of the sheet by name) have introns counted and others haven't."""
    if counts["mixed_introns"]:
        return
    told = {sample: introns_of(row, counts["introns"]) for sample, row in samples.iterrows()}
    each = {answer: [sample for sample, said in told.items() if said == answer] for answer in ("yes", "no")}
    if all(each.values()):
        yes, no = (f"{', '.join(names[:3])}{' …' if len(names) > 3 else ''}" for names in each.values())
        yield (
            f"{sheet}, column introns: introns are counted in {len(each['yes'])} libraries ({yes}) and not in "
            f"{len(each['no'])} ({no}); they aren't comparable. Count all alike (counts.introns; Cell Ranger's option "
            "--include-introns), correct the column, or set counts.mixed_introns: true"
        )

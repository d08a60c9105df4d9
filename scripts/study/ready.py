"""Ready tables of perturbations in the config: each with a name of its own, and a file that is told from all others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import urlparse


def name_of_list(entry: dict) -> str:
    """Return the file name of an entry with a path or an address."""
    return PurePosixPath(urlparse(entry["url"]).path if entry.get("url") else entry["path"]).name


def name_of(factor: str, direction: str, dose: str, model: str) -> str:
    """Return the name of a perturbation that the study's own samples show."""
    return "_".join(filter(None, (factor, direction, "-".join(dose.split()), model)))


def check_perturbations(config: dict) -> Iterator[tuple[tuple, str]]:
    """Perturbations have different names and a table each; tables of one name are one file."""
    sets, single = config["expression"], (config["activity"]["network"], config["regulons"]["given"])
    lists = (*sets["gene_sets"], *sets["signatures"], *config["published"]["signatures"])
    others = [entry for entry in (*single, *lists, *config["published"]["regulators"]) if entry]
    files = {name_of_list(entry): entry for entry in others if entry.get("path") or entry.get("url")}
    seen: dict[str, int] = {}
    for number, perturbation in enumerate(config["perturbations"]):
        place, name, table = ("perturbations", number), perturbation["name"], perturbation["table"]
        if name in seen:
            yield (*place, "name"), f"{name!r} is also perturbations[{seen[name]}]; rename one"
        seen.setdefault(name, number)
        if table.get("path") and table.get("url"):
            yield (*place, "table"), "has path and url; keep one, set the other to null"
        elif not (table.get("path") or table.get("url")):
            yield (*place, "table"), "names no file; give its path, or its url and sha256"
        else:
            file = name_of_list(table)
            if files.setdefault(file, table) != table:
                yield (*place, "table"), f"another file of the config is named {file!r} too; rename this one"

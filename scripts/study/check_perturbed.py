"""Whether perturbations of the samples sheet can be compared: each has a factor, a direction and a control."""

from __future__ import annotations

from scripts.study.config import at as at_key
from scripts.study.design import Design, Problems
from scripts.study.ready import name_of
from scripts.study.schema import suggest

COLUMNS = ("factor", "direction", "dose", "control")
ALIKE = ("model", "assay", "platform")
"""Columns in which a perturbed sample and its control are alike, and so are replicates."""


def check_perturbed(design: Design) -> Problems:
    """Columns of perturbations are for samples of that role, which have all of them, or none (controls)."""
    ready = {entry["name"]: number for number, entry in enumerate(design.config["perturbations"])}
    for row in design.samples.itertuples():
        given = [column for column in COLUMNS if getattr(row, column)]
        if row.role != "perturbation":
            for column in given[:1]:
                message = f"{getattr(row, column)!r} is for role perturbation only; empty the cell or correct the role"
                yield design.sample(row.Index, column), message
            continue
        if not given:
            continue
        for column in ("factor", "direction", "control"):
            if not getattr(row, column):
                remedy = f"fill it in, or also empty {given[0]} if this is a control"
                yield design.sample(row.Index, column), f"is empty, but the row has a {given[0]}; {remedy}"
        name = name_of(row.factor, row.direction, row.dose, row.model)
        if name in ready:
            place = at_key("perturbations", ready[name], "name")
            yield place, f"{name!r} is also the name of the samples' own perturbation; rename this one"


def check_controls(design: Design) -> Problems:
    """Controls are samples of that role without a factor, of the same model, assay and platform; each is used.

    Replicates of a perturbation are also of one assay and platform: others would be compared as if they were alike.
    """
    rows = design.samples[design.samples["role"] == "perturbation"].set_index("sample", drop=False)
    controls = rows[rows["factor"] == ""]
    lines = dict(zip(rows.index, design.samples.index[design.samples["role"] == "perturbation"], strict=True))
    first: dict[tuple[str, ...], tuple] = {}
    for row in rows[rows["factor"] != ""].itertuples():
        one = first.setdefault((row.factor, row.direction, row.dose, row.model), row)
        for column in ALIKE:
            own, other = getattr(row, column), getattr(one, column)
            if own != other:
                message = f"{own!r} differs from {other!r} of {one.sample!r}, a replicate of this perturbation"
                yield design.sample(lines[row.sample], column), f"{message}; give this one another model or dose"
        place = design.sample(lines[row.sample], "control")
        if row.control not in controls.index:
            hint = suggest(row.control, list(controls.index)) or "; name a row of role perturbation without a factor"
            yield place, f"{row.control!r} is not a control of this sheet{hint}"
            continue
        for column in ALIKE:
            own, other = getattr(row, column), controls.at[row.control, column]
            if own != other:
                message = f"{row.control!r} has {column} {other!r}, this sample {own!r}; name a control of the same"
                yield place, f"{message} {column}"
    for sample in controls.index.difference(rows["control"], sort=False):
        message = f"no perturbation names the control {sample!r}; give it a factor, or name it in column control"
        yield design.sample(lines[sample], "factor"), message

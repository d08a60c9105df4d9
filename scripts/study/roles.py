"""The roles of timepoints: baseline, persister (one headline, perhaps further ones), relapse."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.study.schema import suggest

Problems = Iterator[tuple[tuple, str]]


def with_headline(config: object) -> object:
    """Return the config with a list at ``contrast.persister`` split: its first timepoint is the headline.

    The others go to ``contrast.further``. What isn't a list of names is left for the schema to judge.
    """
    contrast = config.get("contrast") if isinstance(config, dict) else None
    named = contrast.get("persister") if isinstance(contrast, dict) else None
    further = contrast.get("further") if isinstance(contrast, dict) else None
    whole = isinstance(named, list) and isinstance(further, list)
    if not whole or not named or not all(isinstance(name, str) for name in named) or len(set(named)) < len(named):
        return config
    rest = [*named[1:], *(name for name in further if name not in named)]
    return {**config, "contrast": {**contrast, "persister": named[0], "further": rest}}


def check_contrast(config: dict) -> Problems:
    """Roles belong to different timepoints, in biological order: baseline, persisters, relapse."""
    timepoints, contrast = config["timepoints"], config["contrast"]
    persisters = [("persister", contrast["persister"]), *(("further", name) for name in contrast["further"])]
    named = [("baseline", contrast["baseline"]), *persisters]
    named += [("relapse", contrast["relapse"])] if contrast["relapse"] is not None else []
    for role, name in named:
        if name not in timepoints:
            ways = f"; give one of {', '.join(timepoints)}" + (", or null" if role == "relapse" else "")
            yield ("contrast", role), f"{name!r} is not among timepoints{suggest(name, timepoints) or ways}"
    if contrast["persister"] in contrast["further"]:
        yield ("contrast", "further"), f"{contrast['persister']!r} is the headline already; name it once"
    order = {name: number for number, name in enumerate(timepoints)}
    baseline, relapse = order.get(contrast["baseline"]), order.get(contrast["relapse"])
    for role, name in persisters:
        if name in order and baseline is not None and order[name] <= baseline:
            before = contrast["baseline"]
            message = f"{name!r} doesn't come after baseline {before!r} in timepoints; reorder them"
            yield ("contrast", role), message
        if name in order and relapse is not None and relapse <= order[name]:
            message = f"{contrast['relapse']!r} doesn't come after persister {name!r} in timepoints; reorder them"
            yield ("contrast", "relapse"), message
    if contrast["persister"] not in order and None not in (baseline, relapse) and relapse <= baseline:
        message = f"{contrast['relapse']!r} doesn't come after baseline {contrast['baseline']!r} in timepoints"
        yield ("contrast", "relapse"), f"{message}; reorder them"

"""Colours: the same for the same name everywhere, and distinguishable by the colour-blind."""

from __future__ import annotations

import re

import numpy as np
import pytest

from scripts.figure import palette


def luminance(colour: str) -> float:
    """Return the relative luminance (0 black, 1 white)."""
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("kind", ["timepoint", "arm", "model", "cluster"])
def test_names_get_colours_of_their_own(kind):
    names = [f"n{i}" for i in range(24)]
    colours = palette.colours_of(kind, names)
    assert list(colours) == names and len(set(colours.values())) == 24
    assert all(re.fullmatch("#[0-9A-F]{6}", colour) for colour in colours.values())


def test_a_new_name_at_the_end_changes_no_other():
    before = palette.colours_of("arm", ["untreated", "AC"])
    assert palette.colours_of("arm", ["untreated", "AC", "cisplatin"]) | before == palette.colours_of(
        "arm", ["untreated", "AC", "cisplatin"]
    )


def test_timepoints_differ_in_lightness_too():
    light = sorted(
        luminance(c) for c in palette.colours_of("timepoint", ["untreated", "persister", "relapse"]).values()
    )
    # distinguishable without any hue
    assert min(np.diff(light)) > 0.08


def test_timepoints_and_arms_share_no_colour():
    shared = set(palette.PALETTES["timepoint"][:3]) & set(palette.PALETTES["arm"])
    assert not shared


def test_phases_share_no_colour_with_timepoints_arms_and_models():
    others = {colour for kind in ("timepoint", "arm", "model") for colour in palette.PALETTES[kind]}
    assert not others & {palette.PHASES["S"], palette.PHASES["G2M"]}


def test_phases_are_fixed_and_unknown_is_grey():
    assert palette.colours_of("phase", ["S", ""]) == {"S": palette.PHASES["S"], "": palette.ABSENT}


def test_unknown_kind_is_an_error():
    with pytest.raises(KeyError):
        palette.colours_of("weather", ["rain"])

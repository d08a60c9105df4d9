"""One colour per name, the same in every figure: by kind of thing and by the order of the config."""

from __future__ import annotations

from collections.abc import Iterable

ARMS = ("#56B4E9", "#D55E00", "#009E73", "#CC79A7", "#F0E442", "#0072B2", "#E69F00")
"""Okabe & Ito 2008, without black and grey, which mean absence here; colours unlike those of timepoints first."""
HIGH_CONTRAST = ("#004488", "#DDAA33", "#BB5566", "#228833", "#66CCEE")
"""Paul Tol's high-contrast set, which also survives a grey print, and two of his bright set."""
MUTED = ("#332288", "#88CCEE", "#44AA99", "#117733", "#999933", "#DDCC77", "#CC6677", "#882255", "#AA4499")
"""Paul Tol's muted set: nine hues."""
BRIGHT = ("#4477AA", "#EE6677", "#228833", "#CCBB44", "#66CCEE", "#AA3377", "#EE8866", "#44BB99", "#BBCC33", "#77AADD")
"""Paul Tol's bright set, then four of his light set."""

PALETTES = {"timepoint": HIGH_CONTRAST, "arm": ARMS, "model": MUTED, "cluster": BRIGHT}
PHASES = {"G1": "#BBBBBB", "S": "#5AAE61", "G2M": "#762A83"}
"""Cycle phases: grey at rest, green and purple (ColorBrewer's PRGn) in cycle; no arm or timepoint has these colours."""
ABSENT = "#BBBBBB"
"""What has no name, no value or no partner."""
SEQUENTIAL = "cividis"
"""Map for amounts, by Vega's name; safe for the colour-blind."""


def shade(colour: str, step: int) -> str:
    """Return the colour itself (step 0), then alternately darker and lighter versions of it."""
    if not step:
        return colour
    channels = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    target = 0 if step % 2 else 255
    share = min(0.75, 0.35 * ((step + 1) // 2))
    return "#" + "".join(f"{round(c + (target - c) * share):02X}" for c in channels)


def colours_of(kind: str, names: Iterable[str]) -> dict[str, str]:
    """Return a colour per name. Give all names of the config, in its order, so that figures agree.

    ``kind`` is ``timepoint``, ``arm``, ``model``, ``cluster`` or ``phase``. Where there are more names than hues, the
    hues repeat, alternately darker and lighter. Unknown kinds raise KeyError.
    """
    names = list(dict.fromkeys(map(str, names)))
    if kind == "phase":
        return {name: PHASES.get(name, ABSENT) for name in names}
    hues = PALETTES[kind]
    return {name: shade(hues[i % len(hues)], i // len(hues)) for i, name in enumerate(names)}

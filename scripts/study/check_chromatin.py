"""The config's section of peaks, checked against itself."""

from __future__ import annotations

from collections.abc import Iterator


def check_chromatin(config: dict) -> Iterator[tuple[tuple, str]]:
    """Yield the place and the mistake: names that stand twice, a set of no factor or mark, no promoters, windows."""
    section, seen, kinds = config["chromatin"], {}, {}
    for number, entry in enumerate(section["peaks"]):
        place = ("chromatin", "peaks", number)
        if bool(entry["factor"]) == bool(entry["mark"]):
            yield (
                place,
                "has both factor and mark; keep one" if entry["factor"] else "has no factor and no mark; give one",
            )
        if entry["name"] in seen:
            yield (*place, "name"), f"{entry['name']!r} is also peaks[{seen[entry['name']]}]; rename one"
        seen.setdefault(entry["name"], number)
        kind = (entry["factor"] or entry["mark"], entry["sample"], entry["state"])
        if kind in kinds:
            message = f"{' of '.join(filter(None, kind[:2]))} has peaks[{kinds[kind]}] for the state {kind[2]!r} too"
            yield place, f"{message}; join replicates into one file of peaks, or correct sample or state"
        kinds.setdefault(kind, number)
    if section["promoter_window"] >= section["distal_window"]:
        message = f"{section['distal_window']} is not above promoter_window, {section['promoter_window']}; raise it"
        yield ("chromatin", "distal_window"), message
    if section["peaks"] and not section["promoters"] and not (config["references"] and config["units"]):
        yield ("chromatin", "promoters"), "is missing; give a GTF or a table of promoters, since no genome is used"
    if section["tracks"] and not any(entry["factor"] for entry in section["peaks"]):
        yield (
            ("chromatin", "tracks"),
            "is true, but no entry of chromatin.peaks has a factor; give one, or set it to false",
        )

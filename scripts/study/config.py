"""The config: defaults filled in, checked against its schema, and against itself."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import PurePosixPath
from urllib.parse import urlparse

from scripts.study.check_chromatin import check_chromatin
from scripts.study.ready import check_perturbations, name_of_list
from scripts.study.roles import check_contrast, with_headline
from scripts.study.schema import filled, read_schema, resolve, show, suggest, violations

VERSIONS = {"v8": "v8", "v9": "v9", "mc8nr": "v8", "mc9nr": "v9", "v10": "v10", "v10nr": "v10"}
"""Motif collections as the names of cisTarget's databases and motif tables give them."""
SPECIES = {
    "hg19": "human",
    "hg38": "human",
    "hgnc": "human",
    "mm9": "mouse",
    "mm10": "mouse",
    "mm": "mouse",
    "mgi": "mouse",
}
"""Species as those names give them."""


FIGURES = "figures"
"""A folder of the results next to those of the models."""


def dotted(place: tuple) -> str:
    """Return a place in the config as one writes it: ``regulons.databases[0].path``."""
    named = (step if isinstance(step, int) or (step and step.isprintable()) else repr(step) for step in place)
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in named).removeprefix(".")


def at(*place: str | int) -> str:
    """Return the place of a config key as messages name it: ``config, cells.qc.min_counts``."""
    return f"config, {dotted(place)}" if place else "config"


def complete(config: object) -> dict:
    """Return a copy of the config with all defaults, without entries of files that are null, with one headline."""
    schema = read_schema("config")
    done = with_headline(filled(config, schema, schema))
    regulons = done.get("regulons") if isinstance(done, dict) else None
    if isinstance(regulons, dict):
        for key in ("motif_annotations", "tfs", "given"):
            regulons[key] = given(regulons.get(key))
        if isinstance(regulons.get("databases"), list):
            regulons["databases"] = [given(entry) for entry in regulons["databases"]]
    return done


def given(entry: object) -> object:
    """Return a file's entry without the keys that are null, as they are where one config is laid over another."""
    return {key: value for key, value in entry.items() if value is not None} if isinstance(entry, dict) else entry


def merged(settings: dict, changes: dict) -> dict:
    """Return ``settings`` with ``changes`` laid over them, section by section."""
    result = dict(settings)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def cells_settings(config: dict, sample: str) -> dict:
    """Return the settings of ``cells`` for one sample: its overrides laid over those of all."""
    settings = {key: value for key, value in config["cells"].items() if key not in ("overrides", "pools")}
    own = config["cells"]["overrides"].get(sample)
    if not own:
        # Most libraries of a thousand: the config is complete already.
        return copy.deepcopy(settings)
    both = filled(merged(settings, own), read_schema("config")["properties"]["cells"], read_schema("config"))
    return {key: both[key] for key in settings}


def name_of_file(entry: dict) -> str:
    """Return the file name, without suffix, of an entry with a path or an address: the name of a database."""
    return PurePosixPath(urlparse(entry["url"]).path if entry.get("url") else entry.get("path") or "").stem


def problems_of_config(config: object) -> list[str]:
    """Return what is wrong with a completed config, a line each; what the schema finds comes first and alone."""
    if not isinstance(config, dict):
        return [f"config: {show(config)} is not a section of keys; see config/config.yaml for what belongs there"]
    found = violations(config, read_schema("config"))
    if not found:
        found = [problem for check in CHECKS for problem in check(config)]
    return [f"{at(*place)}: {message}" for place, message in found]


Problems = Iterator[tuple[tuple, str]]
"""Where in the config (keys and indices) something is wrong, what it is, and what to do."""


def check_arms(config: dict) -> Problems:
    """Arms and models are unique, models' arms known."""
    for section, key in (("arms", "arm"), ("models", "model")):
        seen: dict[str, int] = {}
        for number, entry in enumerate(config[section]):
            name = entry[key]
            if name in seen:
                yield (section, number, key), f"{name!r} is also {section}[{seen[name]}]; remove or rename one"
            seen.setdefault(name, number)
    arms = [entry["arm"] for entry in config["arms"]]
    for number, model in enumerate(config["models"]):
        if model["model"] == FIGURES:
            yield ("models", number, "model"), f"{FIGURES!r} is the folder of each stage's figures; rename the model"
        for arm in model["arms"]:
            if arm not in arms:
                hint = suggest(arm, arms)
                yield ("models", number, "arms"), f"{arm!r} is not among arms{hint}; correct it or add it to arms"


def check_references(config: dict) -> Problems:
    """Either a joined pair of files, or files per species; prefixes that can be separated."""
    references = config["references"]
    if references is None:
        return
    if not references.get("graft"):
        yield ("references", "graft"), "is missing; give species, prefix, fasta and gtf of the tumour's genome"
    if "host" not in references:
        yield ("references", "host"), "is missing; give the stroma's genome, or null for cells without a host"
    species = {name: references[name] for name in ("graft", "host") if references.get(name)}
    # Genes may carry prefixes where every library comes as a matrix: then no genome is needed.
    if not references.get("joined") and config["units"]:
        for name, genome in species.items():
            for part in ("fasta", "gtf"):
                if part not in genome:
                    yield ("references", name, part), "is missing; give the file, or both genomes as references.joined"
    if len(species) == 2:
        a, b = species["graft"]["prefix"], species["host"]["prefix"]
        if a.startswith(b) or b.startswith(a):
            message = f"{b!r} and the graft's {a!r} begin with the same letters; give prefixes that distinguish genes"
            yield ("references", "host", "prefix"), message


def check_thresholds(config: dict) -> Problems:
    """Lower cuts lie below upper ones, for all samples and for those with other settings."""
    for sample in [None, *config["cells"]["overrides"]]:
        place = ("cells",) if sample is None else ("cells", "overrides", sample)
        cells = cells_settings(config, sample)
        low, high = cells["species"]["host_max"], cells["species"]["graft_min"]
        if low >= high:
            message = f"{high} is not above host_max, {low}; a droplet would be both graft and host: raise it"
            yield (*place, "species", "graft_min"), message
        for what in ("counts", "genes"):
            low, high = cells["qc"][f"min_{what}"], cells["qc"][f"max_{what}"]
            if low >= high:
                message = f"{low} is not below max_{what}, {high}; no cell would be left: lower it"
                yield (*place, "qc", f"min_{what}"), message
    low, high = config["stroma"]["min_cells"], config["stroma"]["max_cells"]
    if low > high:
        message = f"{high} is less than min_cells, {low}; no sample would have enough cells: raise it"
        yield ("stroma", "max_cells"), message
    for a, b in pairwise(config["clusters"]["resolutions"]):
        if a >= b:
            yield ("clusters", "resolutions"), f"{b} doesn't rise above {a} before it; list each once, from low to high"
            break


def check_overrides(config: dict) -> Problems:
    """Settings of a sample are no further overrides."""
    for sample, changes in config["cells"]["overrides"].items():
        for key in ("overrides", "pools"):
            if key in changes:
                yield ("cells", "overrides", sample, key), "is not a key of a single sample; remove it"


def check_seeds(config: dict) -> Problems:
    """No more runs must agree than there are."""
    needed, runs = config["regulons"]["min_seeds"], len(config["regulons"]["seeds"])
    if needed > runs:
        message = f"{needed} runs must agree, but seeds lists {runs}; lower min_seeds or add seeds"
        yield ("regulons", "min_seeds"), message


def check_regulon_files(config: dict) -> Problems:
    """Files are given once, by path or address, and belong together as far as their names show."""
    databases = config["regulons"]["databases"]
    files = [(("regulons", "databases", i), entry) for i, entry in enumerate(databases)]
    files += [(("regulons", key), config["regulons"][key]) for key in ("motif_annotations", "tfs")]
    for place, entry in files:
        if "path" in entry and "url" in entry:
            yield place, "has path and url; keep one, set the other to null"
        elif "path" not in entry and "url" not in entry and (databases or entry):
            yield place, "names no file; give its path, or its url and sha256"
    seen: dict[str, str] = {}
    for place, entry in files[: len(databases)]:
        source, name = entry.get("path") or entry.get("url"), name_of_file(entry)
        if name in seen:
            yield place, f"a database named {name!r} is already {seen[name]}; remove it or rename the file"
        if name:
            seen.setdefault(name, dotted(place))
            if PurePosixPath(urlparse(source).path).suffix != ".feather":
                yield place, f"{source!r} is not a .feather file; give a ranking database (Feather v2)"
    yield from check_releases(config, [(place, name_of_file(entry)) for place, entry in files])


def list_files(config: dict) -> list[tuple[tuple, dict]]:
    """Return every entry of a config with a path or an address, and its place: databases, networks, gene sets …"""
    schema = read_schema("config")
    return list(files_of(config, schema, schema))


def files_of(value: object, part: dict, root: dict, place: tuple = ()) -> Iterator[tuple[tuple, dict]]:
    """Yield every entry of a config that the schema calls a file, with its place."""
    if part.get("$ref") == "#/$defs/file":
        if isinstance(value, dict):
            yield place, value
        return
    part = resolve(part, root)
    if isinstance(value, dict):
        for key, entry in value.items():
            below = part.get("properties", {}).get(key, part.get("additionalProperties", {}))
            if isinstance(below, dict):
                yield from files_of(entry, below, root, (*place, key))
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            yield from files_of(entry, part.get("items", {}), root, (*place, number))


def check_addresses(config: dict) -> Problems:
    """A file to be fetched is identified by its checksum: an address may give another file later."""
    for place, entry in list_files(config):
        if entry.get("url") and not entry.get("path") and not entry.get("sha256"):
            message = (
                f"is fetched from {entry['url']!r} without a sha256; give the file's, or its path instead of its url"
            )
            yield place, message


def list_gene_lists(config: dict) -> list[dict]:
    """Return the entries of the network, the given regulons, the gene sets, the published signatures and rankings,
    and the tables of perturbations, in order.
    """
    single = [entry for entry in (config["activity"]["network"], config["regulons"]["given"]) if entry]
    tables = [entry["table"] for entry in config["perturbations"]]
    published = [*config["published"]["signatures"], *config["published"]["regulators"]]
    return [*single, *config["expression"]["gene_sets"], *config["expression"]["signatures"], *published, *tables]


def check_gene_lists(config: dict) -> Problems:
    """Networks and gene sets are given once, by path or address, under different names."""
    sets, single = config["expression"], (("activity", "network"), ("regulons", "given"))
    files = [((section, key), config[section][key]) for section, key in single if config[section][key]]
    files += [(("expression", key, i), e) for key in ("gene_sets", "signatures") for i, e in enumerate(sets[key])]
    published = config["published"]
    files += [(("published", key, i), e) for key in ("signatures", "regulators") for i, e in enumerate(published[key])]
    seen: dict[str, str] = {}
    for place, entry in files:
        if "path" in entry and "url" in entry:
            yield place, "has path and url; keep one, set the other to null"
        elif not (entry.get("path") or entry.get("url")):
            yield place, "names no file; give its path, or its url and sha256"
        else:
            name = name_of_list(entry)
            if name in seen:
                yield place, f"a file named {name!r} is already {seen[name]}; remove it or rename the file"
            seen.setdefault(name, dotted(place))


def check_releases(config: dict, names: list[tuple[tuple, str]]) -> Problems:
    """Databases, motif table and factors are of one motif collection and of the graft's species."""
    graft = str(((config["references"] or {}).get("graft") or {}).get("species", "")).lower()
    agreed = {"species": ("references.graft", graft)} if graft in SPECIES.values() else {}
    for place, name in names:
        words = re.split(r"[^a-z0-9]+", name.lower())
        for what, table in (("motif collection", VERSIONS), ("species", SPECIES)):
            told = next((table[word] for word in words if word in table), None)
            if told is None:
                continue
            other, theirs = agreed.setdefault(what, (dotted(place), told))
            if theirs != told:
                yield place, f"{name!r} is of {what} {told}, {other} of {theirs}; give files of one release"


CHECKS = (
    check_contrast,
    check_arms,
    check_references,
    check_thresholds,
    check_overrides,
    check_seeds,
    check_regulon_files,
    check_addresses,
    check_gene_lists,
    check_perturbations,
    check_chromatin,
)

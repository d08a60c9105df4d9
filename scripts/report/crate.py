"""Describe a finished run as an RO-Crate: its results, what they were made from, and by which version of the workflow.

The results' folder is the crate; it follows the profile Process Run Crate 0.5
(https://www.researchobject.org/workflow-run-crate/profiles/process_run_crate). Hashes are those of the manifest.
"""

import json
import mimetypes
from pathlib import Path

from scripts.base import job

PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
LICENSE = "https://spdx.org/licenses/MIT"
HASH = "https://w3id.org/ro/terms/workflow-run#sha256"
ABOUT = {
    "report/report.html": "Report: figures, tables and verdicts on one page",
    "manifest.json": "Manifest: config with all defaults, seeds, software, hashes of inputs and tables",
}
"""What two files are; of the others their path tells."""
FORMATS = {
    ".h5ad": "application/x-hdf5", ".loom": "application/x-hdf5", ".parquet": "application/vnd.apache.parquet",
    ".feather": "application/vnd.apache.arrow.file", ".gmt": "text/tab-separated-values", ".tbl": "text/plain",
    ".md": "text/markdown",
}  # fmt: skip
"""Media types that the standard library doesn't know; a file of any other kind is given as bytes."""


def describe(files: list[str], manifest: dict) -> dict:
    """Return the metadata of a crate (JSON-LD).

    ``files``: results, relative to their folder; ``manifest``: as :mod:`scripts.report.manifest` writes it. Inputs lie
    outside of the crate: they are named, not contained.
    """
    from rocrate.model import ContextEntity
    from rocrate.rocrate import ROCrate

    made, run, title = manifest["workflow"], manifest["run"], manifest["config"].get("title")
    crate = ROCrate(version="1.1")
    crate.metadata.extra_terms["sha256"] = HASH
    crate.name = title or "Results of persister-regulons"
    crate.description = "Results of the workflow persister-regulons: transcription-factor switches of drug persistence."
    crate.datePublished = run["written"]
    # Of the description; results belong to who made them.
    crate.license = "No licence is given for these results; ask who made them."
    profile = ContextEntity(crate, PROFILE, {"@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"})
    crate.root_dataset["conformsTo"] = crate.add(profile)
    commit = made["commit"] or made["source"]
    version = {"softwareVersion": f"{made['version']} ({commit})" if made["version"] else commit}
    software = ContextEntity(
        crate,
        "#persister-regulons",
        {"@type": "SoftwareApplication", "name": "persister-regulons", "license": LICENSE, **version},
    )
    crate.add(software)
    results = [crate.add_file(dest_path=name, properties=described(name, manifest["results"])) for name in files]
    inputs = [
        crate.add(ContextEntity(crate, f"#input/{name}", {"@type": "CreativeWork", "name": name, **known(value)}))
        for given in manifest["inputs"].values()
        for name, value in sorted(given.items())
    ]
    times = {"startTime": run["first_result"], "endTime": run["last_result"] or run["written"]}
    crate.add_action(
        software,
        identifier="#run",
        object=inputs,
        result=results,
        properties={
            "name": "Run of persister-regulons",
            "description": "From the study's inputs to these results, by the settings in manifest.json.",
            "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
            **{key: value for key, value in times.items() if value},
        },
    )
    crate.root_dataset["mentions"] = crate.get("#run")
    return crate.metadata.generate()


def described(name: str, hashes: dict[str, str]) -> dict[str, str]:
    """Return a result's name, format and hash, as far as they are known."""
    kind, packed = mimetypes.guess_type(name)
    kind = "application/gzip" if packed else FORMATS.get(Path(name).suffix) or kind or "application/octet-stream"
    found = {"name": ABOUT.get(name, name), "encodingFormat": kind}
    return {key: value for key, value in {**found, "sha256": hashes.get(name)}.items() if value}


def known(value: str | int | None) -> dict[str, str]:
    """Return what the manifest knows of an input: its hash, or of reads their bytes."""
    if value is None:
        return {}
    return {"sha256": value} if isinstance(value, str) else {"contentSize": str(value)}


def main(snakemake) -> None:
    """Read the manifest; write the crate's metadata."""
    folder = job.place_of(snakemake.output[0]).parent
    paths = [Path(path) for path in dict.fromkeys(snakemake.input)]
    # A folder of figures is named by its files.
    files = [file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    inside = [file for file in files if file.is_file() and file.is_relative_to(folder) and file.name[0] != "."]
    names = sorted({file.relative_to(folder).as_posix() for file in inside})
    crate = describe(names, json.loads(Path(snakemake.input.manifest).read_text()))
    Path(snakemake.output[0]).write_text(json.dumps(crate, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    job.log.info("%d results described", len(names))


if __name__ == "__main__":
    job.run(main, snakemake)

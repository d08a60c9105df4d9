"""Files written for other tools, and those that are copied to an object store."""

from __future__ import annotations

from scripts.study.study import Study


def targets(study: Study) -> list[str]:
    """Return the files for other tools; without libraries, there are no cells and no regulons."""
    of_cells = ["study.h5ad", "study.loom"] if study.groups else []
    of_models = [f"models/{model}.h5ad" for model in study.models]
    normal = ["normal.h5ad"] if study.has_normal_cells else []
    host = ["host.h5ad"] if study.has_host_cells else []
    return [*of_cells, *of_models, *normal, *host, "regulons.gmt", "signatures.gmt", "tables"]


def stored_results(study: Study) -> list[str]:
    """Return what is copied to an object store, relative to the results: report, exports, manifest, biopsies.

    A folder, which no store has, becomes an archive.
    """
    report = ["report/report.html", "report/report.zip", "report/methods.md", "manifest.json", "ro-crate-metadata.json"]
    exports = ["tables.zip" if file == "tables" else file for file in targets(study)]
    own = [*report, *(f"exports/{file}" for file in exports)] if len(study.samples) else []
    biopsies = [f"biopsy/{sample}/{file}" for sample in study.queries.index for file in ("scores.tsv", "biopsy.html")]
    return own + biopsies

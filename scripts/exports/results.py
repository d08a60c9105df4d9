"""Files written for other tools."""

from __future__ import annotations

from scripts.study.study import Study


def targets(study: Study) -> list[str]:
    """Return the files for other tools; without libraries, there are no cells and no regulons."""
    of_cells = ["study.h5ad", "study.loom"] if study.groups else []
    of_models = [f"models/{model}.h5ad" for model in study.models]
    normal = ["normal.h5ad"] if study.has_normal_cells else []
    host = ["host.h5ad"] if study.has_host_cells else []
    return [*of_cells, *of_models, *normal, *host, "regulons.gmt", "signatures.gmt", "tables"]

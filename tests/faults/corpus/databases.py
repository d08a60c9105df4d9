"""Ranking databases, motif tables and lists of factors: cut, of another genome, or of other names than the cells'."""

# ruff: noqa: E501  (tables: a case a line)

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from corpus.case import Case, Outcome, script
from scripts.regulons import check_databases, prune_modules

GENES = [f"G{i}" for i in range(200)]
MOTIFS = [f"m{i}" for i in range(20)]
SETTINGS = {"rank_threshold": 50, "auc_threshold": 0.05, "min_database_overlap": 0.5}
PRUNING = {
    "engine": "native", "min_module_genes": 5, "min_targets": 3, "rank_threshold": 50, "auc_threshold": 0.05, "nes_threshold": 2.0,
    "leading_edge": "motif", "motif_similarity_fdr": 0.001, "orthologous_identity": 0.0, "repressors": False,
}  # fmt: skip
COLUMNS = ["#motif_id", "gene_name", "motif_similarity_qvalue", "orthologous_identity", "description"]


def rankings(
    path: Path,
    *,
    genes: list[str] = GENES,
    index: str = "motifs",
    version: int = 2,
    ranks: np.ndarray | None = None,
    keep: float = 1.0,
) -> None:
    """Write a ranking database; ``keep``: the fraction of its bytes to leave."""
    import pyarrow as pa
    from pyarrow import feather

    rng = np.random.default_rng(0)
    if ranks is None:
        ranks = np.array([rng.permutation(len(genes)) for _ in MOTIFS], dtype=np.int16)
    arrays = [*(pa.array(column) for column in ranks.T), pa.array(MOTIFS)]
    table = pa.Table.from_arrays(arrays, names=[*genes, index])
    feather.write_feather(table, path, version=version, **({"compression": "zstd"} if version == 2 else {}))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])


def motif_table(
    motifs: list[str] = MOTIFS, tfs: list[str] = GENES[:20], columns: list[str] = COLUMNS, qvalue: float = 0.0
) -> str:
    """Return a motif-to-factor table."""
    rows = [[motif, tf, str(qvalue), "1.0", "made"] for motif, tf in zip(motifs, tfs, strict=True)]
    return "\n".join("\t".join(row) for row in [columns, *rows]) + "\n"


def write(
    folder: Path, database: Callable[[Path], None] | bytes, motifs: str | bytes, tfs: str | bytes
) -> dict[str, object]:
    """Write the three files; return the paths as a rule's inputs."""
    paths = {"databases": [folder / "db.feather"], "motifs": folder / "motifs.tbl", "tfs": folder / "tfs.txt"}
    if callable(database):
        database(folder / "db.feather")
    else:
        (folder / "db.feather").write_bytes(database)
    for name, content in (("motifs", motifs), ("tfs", tfs)):
        paths[name].write_bytes(content if isinstance(content, bytes) else content.encode())
    return paths


def checked(
    name: str,
    words: str,
    *,
    database: Callable[[Path], None] | bytes = rankings,
    motifs: str | bytes | None = None,
    tfs: str | bytes = "\n".join(GENES[:20]),
    annotation: list[str] = GENES,
    none: bool = False,
    **settings,
) -> Case:
    """Return a case of what is checked before any heavy job."""

    def run(folder: Path) -> Outcome:
        files = write(folder, database, motif_table() if motifs is None else motifs, tfs)
        if none:
            files["databases"] = []
        genes = pd.DataFrame({"gene_id": annotation, "symbol": annotation, "species": "graft", "mitochondrial": 0})
        genes.to_csv(folder / "genes.tsv", sep="\t", index=False)
        return script(
            check_databases,
            folder,
            input=files | {"genes": folder / "genes.tsv"},
            output=["databases.json"],
            params={"settings": SETTINGS | settings},
        )

    return Case("databases", name, f"^error in check_databases .*: {words}", run)


def pruned(
    name: str,
    words: str,
    *,
    database: Callable[[Path], None] | bytes = rankings,
    motifs: str | None = None,
    change: Callable = lambda table: table,
    **settings,
) -> Case:
    """Return a case of what only shows once modules are pruned; ``change``: of the network."""

    def run(folder: Path) -> Outcome:
        import anndata

        files = write(folder, database, motif_table() if motifs is None else motifs, "\n".join(GENES[:20]))
        rng = np.random.default_rng(1)
        counts = rng.poisson(3, (60, len(GENES))).astype(np.float32)
        anndata.AnnData(counts, var=pd.DataFrame(index=GENES)).write_h5ad(folder / "expression.h5ad")
        edges = pd.DataFrame(
            {"TF": np.repeat(GENES[:3], 30), "target": np.tile(GENES[20:50], 3), "importance": np.linspace(2, 1, 90)}
        )
        change(edges).to_parquet(folder / "adjacencies.parquet", index=False)
        inputs = files | {"expression": folder / "expression.h5ad", "adjacencies": folder / "adjacencies.parquet"}
        del inputs["tfs"]
        return script(
            prune_modules,
            folder,
            input=inputs,
            output={"motifs": "motifs.parquet", "regulons": "regulons.tsv", "candidates": "candidates.parquet"},
            params={"settings": PRUNING | settings},
        )

    return Case("pruning", name, f"^error in prune_modules .*: {words}", run)


def ranks_from_one(path: Path) -> None:
    """Write rankings that begin at 1, as some home-made databases do."""
    rng = np.random.default_rng(0)
    rankings(path, ranks=np.array([rng.permutation(len(GENES)) + 1 for _ in MOTIFS], dtype=np.int16))


MOUSE = [f"Actb{i}" for i in range(200)]
ENSEMBL = [f"ENSG{i:011d}" for i in range(200)]
CHECKED = [
    checked("none", r"config, regulons.databases: no ranking database; regulons can't", database=b"", none=True),
    checked("truncated", r"\S*db.feather: .*; fetch it again", database=lambda path: rankings(path, keep=0.6)),
    checked("truncated, V1", r"\S*db.feather: .*; fetch it again", database=lambda path: rankings(path, version=1, keep=0.6)),
    checked("without its last byte, V1", r"\S*db.feather: .*; fetch it again", database=lambda path: rankings(path, version=1, keep=0.999)),
    checked("a web page", r"\S*db.feather: .*; (fetch it again|give)", database=b"<html>404</html>"),
    checked("empty", r"\S*db.feather: .*; fetch", database=b""),
    checked("without the motif column", r"\S*db.feather: no column motifs or tracks or features; give", database=lambda path: rankings(path, index="names")),
    checked("gene in two columns", r"database db: a gene occurs in two columns; fetch", database=lambda path: rankings(path, genes=[*GENES[:-1], "G0"])),
    checked("of another genome", r"config, regulons.databases: the annotation .* has 0% of the databases' genes .*; check that the species is the same", annotation=MOUSE),
    checked("Ensembl ids in the annotation", r"config, regulons.databases: the annotation .* has 0% .*; check that the species is the same", annotation=ENSEMBL),
    checked("rank_threshold beyond the genes", r"config, regulons.rank_threshold: 200 ranks of 200 genes .*; choose less than 200", rank_threshold=200),
    checked("auc_threshold of no rank", r"config, regulons.auc_threshold: 0.001 of 200 genes .* are 0 ranks; it must lie", auc_threshold=0.001),
    checked("motif table of another release", r"config, regulons.motif_annotations: none of its motifs .*; give", motifs=motif_table([f"n{i}" for i in range(20)])),
    checked("motif table without its columns", r"\S*motifs.tbl: columns #motif_id and gene_name are missing; give", motifs=motif_table(columns=["motif", "tf", *COLUMNS[2:]])),
    checked("motif table empty", r"\S*motifs.tbl: .*; give", motifs=""),
    checked("motif table that isn't text", r"\S*motifs.tbl: .*; give", motifs=b"\x1f\x8b\x08\x00\xff\xfe\x00"),
    checked("factors empty", r"\S*tfs.txt: no factor in the file; give one gene symbol per line", tfs="# nothing\n\n"),
    checked("factors of another species", r"config, regulons.tfs: no factor \(Jun, Fos …\) has a motif .*; check that species and naming agree", tfs="Jun\nFos\n"),
    checked("factors that aren't text", r"\S*tfs.txt: .*; give", tfs=b"\xff\xfeJ\x00U\x00N\x00"),
]  # fmt: skip
PRUNED = [
    pruned("genes ranked from one", r"\S*db.feather: gene \w+ has a rank outside 0 to 199, .*; give rankings that start at 0", database=ranks_from_one),
    pruned("scores for ranks", r"\S*db.feather: column G0 has values that are not whole numbers; give rankings, not scores", database=lambda path: rankings(path, ranks=np.random.default_rng(0).random((20, 200)))),
    pruned("database of other names", r"\S*db.feather: ranks 0.0% of the 200 measured genes.* Check that species, release and naming .* agree", database=lambda path: rankings(path, genes=ENSEMBL)),
    pruned("database truncated, V1", r"\S*db.feather: .*; fetch it again", database=lambda path: rankings(path, version=1, keep=0.5)),
    pruned("database damaged within", r"\S*db.feather: .*; fetch it again", database=lambda path: damage(path)),
    pruned("rank_threshold beyond the genes", r"rank_threshold: 500 of 200 genes in database db; it must lie between 1 and 199", rank_threshold=500),
    pruned("no annotation within the thresholds", r"\S*motifs.tbl: none of 20 annotations has .*; relax the thresholds", motifs=motif_table(qvalue=0.5)),
    pruned("edge twice", r"adjacencies: an edge \(TF, target\) occurs in two rows; join", change=lambda table: pd.concat([table, table.head(1)])),
    pruned("edges of genes that aren't measured", r"adjacencies: .*Jun.*", change=lambda table: table.replace("G1", "Jun")),
    pruned("importance missing", r"adjacencies: an importance is missing or infinite; infer", change=lambda table: table.assign(importance=np.nan)),
]  # fmt: skip


def damage(path: Path) -> None:
    """Write a database with other bytes in its middle, both ends as they should be."""
    rankings(path)
    content = bytearray(path.read_bytes())
    middle = len(content) // 3
    content[middle : middle + 200] = b"\xa5" * 200
    path.write_bytes(bytes(content))


CASES = [*CHECKED, *PRUNED]
SOUND = [
    checked("sound", ""),
    checked("sound, V1", "", database=lambda path: rankings(path, version=1)),
    pruned("sound", ""),
]

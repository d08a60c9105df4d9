"""What was planted in the demo, and what was made of it: in the reduced one, and in the whole one."""

from pathlib import Path

import pandas as pd
import pytest


@pytest.fixture(scope="session")
def truth(results) -> Path:
    """Return the folder of what was planted."""
    return results / "truth"


@pytest.fixture(scope="session")
def libraries(results, truth) -> pd.DataFrame:
    """Return the planted figures of every library."""
    tables = [pd.read_csv(path, sep="\t", index_col="sample") for path in sorted(truth.glob("*.library.tsv"))]
    assert len(tables) == (4 if "reduced" in results.parts else 12)
    return pd.concat(tables)


@pytest.fixture(scope="session")
def droplets(results, libraries) -> dict[str, pd.DataFrame]:
    """Return, by sample, every true droplet next to the verdict on it."""
    tables = {}
    for sample in libraries.index:
        verdict = pd.read_parquet(results / "cells" / f"{sample}.droplets.parquet").set_index("barcode")
        planted = pd.read_csv(results / "truth" / f"{sample}.cells.tsv", sep="\t", index_col="barcode")
        tables[sample] = planted.join(verdict, lsuffix="_true", rsuffix="")
    return tables

"""What was planted in the demo, and what was made of it."""

from pathlib import Path

import pandas as pd
import pytest


@pytest.fixture(scope="session")
def truth(demo) -> Path:
    """Return the folder of what was planted."""
    return demo / "truth"


@pytest.fixture(scope="session")
def libraries(truth) -> pd.DataFrame:
    """Return the planted figures of every library."""
    tables = [pd.read_csv(path, sep="\t", index_col="sample") for path in sorted(truth.glob("*.library.tsv"))]
    assert len(tables) == 12
    return pd.concat(tables)


@pytest.fixture(scope="session")
def droplets(demo, libraries) -> dict[str, pd.DataFrame]:
    """Return, by sample, every true droplet beside the verdict on it."""
    tables = {}
    for sample in libraries.index:
        verdict = pd.read_parquet(demo / "cells" / f"{sample}.droplets.parquet").set_index("barcode")
        planted = pd.read_csv(demo / "truth" / f"{sample}.cells.tsv", sep="\t", index_col="barcode")
        tables[sample] = planted.join(verdict, lsuffix="_true", rsuffix="")
    return tables

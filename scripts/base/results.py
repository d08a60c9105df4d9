"""The results of a study as a stage reads them for the report: tables and JSON files that a study may lack."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from scripts.base.tables import read_tsv


@dataclass(frozen=True)
class Results:
    """Files of a results folder.

    ``files`` are paths relative to ``root``; for any other path there is no result.
    """

    root: Path
    files: frozenset[str]

    def has(self, *paths: str) -> bool:
        """Return whether the study has all of these results."""
        return set(paths) <= self.files

    def table(self, path: str, **options) -> pd.DataFrame | None:
        """Return a TSV or Parquet table, or None if the study has no such result."""
        if path not in self.files:
            return None
        if path.endswith(".parquet"):
            return pd.read_parquet(self.root / path, **options)
        return read_tsv(self.root / path, **options)

    def json(self, path: str) -> dict | None:
        """Return a JSON file, or None if the study has no such result."""
        return json.loads((self.root / path).read_text()) if path in self.files else None

    def matching(self, pattern: str) -> list[str]:
        """Return the files that match a pattern, in order."""
        return sorted(path for path in self.files if Path(path).match(pattern))

    def count(self, path: str, column: str, filled: str | None = None) -> int:
        """Return the number of different values of ``column`` in a table, in rows with a value in ``filled``.

        It is 0 where the study has no such table.
        """
        table = self.table(path)
        if table is None or not len(table):
            return 0
        return int((table if filled is None else table[table[filled].notna()])[column].nunique())

"""The tables of resources/docs/formats.md, so that tests can hold them against what readers do."""

from pathlib import Path

PAGE = Path(__file__).parents[1] / "resources" / "docs" / "formats.md"


def rows_of(heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading, without its header."""
    part = PAGE.read_text(encoding="utf-8").split(f"## {heading}", 1)[1].split("\n## ", 1)[0]
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in part.splitlines() if "|" in line]
    return [row for row in rows if len(row) > 2][2:]


def lines_of(heading: str) -> dict[str, bool]:
    """Return the forms below a heading, and whether the page says that they are read."""
    return {row[0]: {"yes": True, "no": False}[row[1]] for row in rows_of(heading)}


def remedies_of(heading: str) -> dict[str, str]:
    """Return what the page says of each form: how it is read, or what to do instead."""
    return {row[0]: row[2] for row in rows_of(heading)}

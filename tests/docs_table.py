"""The tables of resources/docs/formats.md, so that tests can hold them against what readers do."""

from pathlib import Path

PAGE = Path(__file__).parents[1] / "resources" / "docs" / "formats.md"


def lines_of(heading: str) -> dict[str, bool]:
    """Return the forms below a heading, and whether the page says that they are read."""
    part = PAGE.read_text(encoding="utf-8").split(f"## {heading}", 1)[1].split("\n## ", 1)[0]
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in part.splitlines() if "|" in line]
    return {row[0]: {"yes": True, "no": False}[row[1]] for row in rows[2:]}

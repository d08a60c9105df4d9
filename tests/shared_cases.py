"""Where small inputs that go wrong lie next to the project, if they do: `<checkout>/../shared/cases`."""

from pathlib import Path

import pytest

CASES = Path(__file__).parents[2] / "shared" / "cases"


def case(name: str) -> Path:
    """Return a file or folder of the shared cases; the test is skipped, and says so, where there is none."""
    path = CASES / name
    if not path.exists():
        pytest.skip(f"no {path}: the shared cases aren't next to this checkout")
    return path

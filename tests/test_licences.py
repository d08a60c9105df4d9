"""The README names every package of the environment that may be passed on under the GPL or the AGPL only."""

import re
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COPYLEFT = re.compile(r"\bA?GPL|(?<!Lesser )General Public License|GNU GENERAL PUBLIC LICENSE")
CHOICE = {"docutils"}
"""Packages of several licences, of which only files that aren't installed here are under the GPL."""


def licence_of(name: str) -> str:
    """Return what a package says its licence is: the first lines of the field, the expression and the classifiers."""
    found = metadata.metadata(name)
    classifiers = [text for text in found.get_all("Classifier") or [] if text.startswith("License")]
    return " ".join([(found.get("License") or "")[:200], found.get("License-Expression") or "", *classifiers])


def test_packages_under_copyleft_are_named_in_the_readme():
    locked = re.findall(r"^([A-Za-z0-9_.-]+)==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.M)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    part = readme[readme.index("copyleft") :].lower()
    named = set()
    for name in locked:
        try:
            licence = licence_of(name)
        except metadata.PackageNotFoundError:  # of another platform
            continue
        if COPYLEFT.search(licence) and name not in CHOICE:
            named.add(name)
    assert {"pyscenic", "pylimma", "sequali", "igraph"} <= named
    assert not (missing := sorted(name for name in named if name.lower() not in part)), missing


@pytest.mark.parametrize(
    "text, found",
    [("GNU Lesser General Public License v3", False), ("GPLv2+", True), ("AGPL-3.0-or-later", True), ("LGPL", False)],
)
def test_copyleft_is_told_by_its_name(text, found):
    assert bool(COPYLEFT.search(text)) == found

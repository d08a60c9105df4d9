"""Which modules a script imports, and what changes the hash of their code."""

import re
import time
from pathlib import Path

import pytest

from scripts.base.closure import Code

ROOT = Path(__file__).parents[2]
FILES = {
    "__init__.py": "",
    "a/__init__.py": "",
    "a/run.py": '"""Run."""\nimport os\n\nfrom scripts.a import first, other\nfrom scripts.b.deep import value\n',
    "a/first.py": "def f():\n    from . import late\n    from ..b import lone\n    return late.x\n",
    "a/late.py": "x = 1\n",
    "a/typed.py": "y = 2\n",
    "a/other.py": "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from scripts.a import typed\n",
    "b/__init__.py": "lone = 3\n",
    "b/deep.py": "import scripts.a.late as late\n\nvalue = late.x\n",
    "b/apart.py": "z = 4\n",
}


@pytest.fixture
def root(tmp_path) -> Path:
    """Return a folder with a package of a few modules."""
    for name, text in FILES.items():
        path = tmp_path / "scripts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def hash_with(root: Path, name: str, text: str) -> str:
    """Return the hash of the script once a file reads so."""
    (root / "scripts" / name).write_text(text)
    return Code(root).hash_of("a/run.py")


def test_imports_are_followed_wherever_they_stand(root):
    """In functions, relative, from packages, by whole names; not those for type checkers."""
    found = [path.relative_to(root / "scripts").as_posix() for path in Code(root).closure("a/run.py")]
    unread = {"a/typed.py", "b/apart.py"}
    assert found == sorted(set(FILES) - unread, key=Path)


@pytest.mark.parametrize("name", [name for name in FILES if name not in ("a/typed.py", "b/apart.py")])
def test_a_change_of_any_of_them_counts(root, name):
    before = Code(root).hash_of("a/run.py")
    assert hash_with(root, name, FILES[name] + "more = 1\n") != before


@pytest.mark.parametrize("name", ["a/typed.py", "b/apart.py"])
def test_a_change_of_others_does_not(root, name):
    before = Code(root).hash_of("a/run.py")
    assert hash_with(root, name, "other = 1\n") == before


def test_comments_docstrings_and_layout_are_no_code(root):
    before = Code(root).hash_of("a/run.py")
    text = (
        '"""Said."""\n\n# why\ndef f():\n    """Return."""\n    # later\n    from . import (\n        late,\n    )\n'
        '    from ..b import lone\n\n    return late.x\n\n\n"""Of f."""\n'
    )
    assert hash_with(root, "a/first.py", text) == before
    assert hash_with(root, "a/first.py", text.replace("late.x", "'late.x'")) != before


def test_a_module_that_becomes_another_s_import_counts(root):
    before = Code(root).hash_of("a/run.py")
    assert hash_with(root, "b/deep.py", FILES["b/deep.py"] + "from scripts.b import apart\n") != before


def test_a_table_of_ours_that_a_module_names_counts(root):
    table = root / "resources" / "genome" / "arms.tsv"
    table.parent.mkdir(parents=True)
    table.write_text("arm\n")
    text = FILES["a/late.py"] + 'PATH = ROOT.parents[2] / "resources" / "genome" / "arms.tsv"\n'
    before = hash_with(root, "a/late.py", text)
    assert table in Code(root).closure("a/run.py")
    table.write_text("arm\n1p\n")
    assert Code(root).hash_of("a/run.py") != before


def test_a_script_that_is_not_there_is_named(root):
    with pytest.raises(FileNotFoundError, match=r"none\.py"):
        Code(root).hash_of("a/none.py")


def test_our_own_scripts_take_a_second_at_most():
    """All of them, on a quiet machine a third of that: once for a run, since what rules run is asked for late."""
    scripts = sorted((ROOT / "scripts").glob("*/*.py"))
    code, start = Code(ROOT), time.process_time()
    hashes = {code.hash_of(path.relative_to(ROOT / "scripts").as_posix()) for path in scripts}
    assert len(hashes) > 200 and time.process_time() - start < 4


def test_no_module_is_imported_by_a_name_that_is_made():
    """Such imports can't be read; the one that there is, of the stages' results, is given to its rule as its own."""
    made = re.compile(r"import_module\(|__import__\(|exec\(")
    found = [path for path in (ROOT / "scripts").rglob("*.py") if made.search(path.read_text())]
    assert [path.relative_to(ROOT).as_posix() for path in found] == ["scripts/report/inputs.py"]

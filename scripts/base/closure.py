"""Which of our modules a script imports, and a hash of their code: results are out of date when it differs.

Imports are read, never run: those in functions count, those for type checkers alone don't. Comments, docstrings and
layout are no code. Other packages are left to the environment that a rule names.
"""

from __future__ import annotations

import ast
import gc
import hashlib
from pathlib import Path


class Code:
    """The modules below a folder, each read once: one object for each time that a workflow is parsed."""

    def __init__(self, root: str | Path, package: str = "scripts"):
        """Look for modules of ``package`` in the folder ``root``."""
        self.root, self.package = Path(root), package
        self._read: dict[Path, tuple[bytes, frozenset[Path]]] = {}
        self._hashes: dict[tuple[str, ...], str] = {}

    def closure(self, *scripts: str) -> list[Path]:
        """Return scripts, given relative to the package, and all of our modules that they import, sorted.

        Raises :class:`FileNotFoundError` for a script that isn't there.
        """
        found: set[Path] = set()
        waiting = [self.root / self.package / script for script in scripts]
        while waiting:
            path = waiting.pop()
            if path not in found:
                found.add(path)
                waiting += self._module(path)[1]
        return sorted(found)

    def hash_of(self, *scripts: str) -> str:
        """Return a hash (16 letters) of the code of scripts and of all of our modules that they import."""
        if scripts not in self._hashes:
            found = hashlib.sha256()
            for path in self.closure(*scripts):
                found.update(path.relative_to(self.root).as_posix().encode() + b"\0" + self._module(path)[0])
            self._hashes[scripts] = found.hexdigest()[:16]
        return self._hashes[scripts]

    def _module(self, path: Path) -> tuple[bytes, frozenset[Path]]:
        """Return the hash of a module's code and the modules of ours that it imports."""
        if path not in self._read:
            # A tree has no cycles: to look for them among its many objects takes longer than to make it.
            is_enabled = gc.isenabled()
            gc.disable()
            try:
                tree = ast.parse(path.read_bytes(), str(path))
                imported: set[Path] = set()
                for node in ast.walk(tree):
                    drop_idle(node)
                    if isinstance(node, ast.Import):
                        for name in node.names:
                            imported |= self._files(name.name.split("."))
                    elif isinstance(node, ast.ImportFrom):
                        place = self._place(path, node)
                        imported |= self._files(place).union(*(self._files([*place, name.name]) for name in node.names))
                self._read[path] = hashlib.sha256(ast.dump(tree).encode()).digest(), frozenset(imported)
            finally:
                if is_enabled:
                    gc.enable()
        return self._read[path]

    def _place(self, path: Path, node: ast.ImportFrom) -> list[str]:
        """Return the parts of the module's name that names are imported from."""
        above = path.relative_to(self.root).parts[: -node.level] if node.level else ()
        return [*above, *(node.module.split(".") if node.module else ())]

    def _files(self, parts: list[str]) -> set[Path]:
        """Return the files that Python runs to import a module: of its packages too. None of other packages'."""
        if parts[0] != self.package:
            return set()
        folders = [self.root.joinpath(*parts[:n]) for n in range(1, len(parts) + 1)]
        files = [folder / "__init__.py" for folder in folders] + [folders[-1].with_suffix(".py")]
        return {file for file in files if file.is_file()}


def drop_idle(node: ast.AST) -> None:
    """Take away what changes no result: docstrings, other strings that stand alone, and imports for type checkers."""
    for field in ("body", "orelse", "finalbody"):
        body = getattr(node, field, None)
        if isinstance(body, list):
            body[:] = [entry for entry in body if not is_idle(entry)]


def is_idle(node: ast.AST) -> bool:
    """Return whether a statement is a string that stands alone or a block for type checkers."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"

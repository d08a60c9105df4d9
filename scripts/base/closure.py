"""Which of our modules a script imports, and a hash of their code: results are out of date when it differs.

Imports are read, never run: those in functions count, those for type checkers alone don't. Comments, docstrings and
layout are no code. A file of ``resources/`` that a module names (``ROOT / "resources" / "columns.tsv"``) counts as its
code does. Other packages are left to the environment that a rule names.
"""

from __future__ import annotations

import ast
import functools
import gc
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


class Code:
    """The modules below a folder, each opened once: one object for each time that a workflow is parsed."""

    def __init__(self, root: str | Path, package: str = "scripts"):
        """Look for modules of ``package`` in the folder ``root``."""
        self.root, self.package = Path(root), package
        self._read: dict[Path, tuple[bytes, frozenset[Path]]] = {}
        self._hashes: dict[tuple[str, ...], str] = {}

    def closure(self, *scripts: str) -> list[Path]:
        """Return scripts, given relative to the package, the modules of ours that they import and the files of
        ``resources/`` that these name, sorted.

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
        """Return a hash (16 letters) of the code of scripts and of all that :meth:`closure` finds."""
        if scripts not in self._hashes:
            found = hashlib.sha256()
            for path in self.closure(*scripts):
                found.update(path.relative_to(self.root).as_posix().encode() + b"\0" + self._module(path)[0])
            self._hashes[scripts] = found.hexdigest()[:16]
        return self._hashes[scripts]

    def _module(self, path: Path) -> tuple[bytes, frozenset[Path]]:
        """Return the hash of a file and the files that its code imports or names."""
        if path not in self._read:
            text = path.read_bytes()
            if path.suffix == ".py":
                said = read_module(text)
                modules = [self._files(name) for name in said.imports]
                modules += [self._imported(path, level, module, names) for level, module, names in said.imports_from]
                files = {self.root.joinpath(*parts) for parts in said.resources}
                used = frozenset().union(*modules, {file for file in files if file.is_file()})
                self._read[path] = said.digest, used
            else:
                self._read[path] = hashlib.sha256(text).digest(), frozenset()
        return self._read[path]

    def _imported(self, path: Path, level: int, module: tuple[str, ...], names: tuple[str, ...]) -> set[Path]:
        """Return the files that ``from module import names`` runs in the module at ``path``."""
        above = path.relative_to(self.root).parts[:-level] if level else ()
        place = (*above, *module)
        return self._files(place).union(*(self._files((*place, name)) for name in names))

    def _files(self, parts: tuple[str, ...]) -> set[Path]:
        """Return the files that Python runs to import a module: of its packages too. None of other packages'."""
        if parts[0] != self.package:
            return set()
        folders = [self.root.joinpath(*parts[:n]) for n in range(1, len(parts) + 1)]
        files = [folder / "__init__.py" for folder in folders] + [folders[-1].with_suffix(".py")]
        return {file for file in files if file.is_file()}


@dataclass(frozen=True)
class Module:
    """What the text of a module says, wherever it lies: the hash of its code, what it imports (``import``, as parts of
    names; ``from``, as level, parts and names) and the parts of paths below ``resources/``.
    """

    digest: bytes
    imports: tuple[tuple[str, ...], ...]
    imports_from: tuple[tuple[int, tuple[str, ...], tuple[str, ...]], ...]
    resources: tuple[tuple[str, ...], ...]


@functools.lru_cache(maxsize=2000)
def read_module(text: bytes) -> Module:
    """Return what a module's text says. It is kept: a workflow may be parsed several times in one process."""
    # A tree has no cycles: to look for them among its many objects takes longer than to make it.
    is_enabled = gc.isenabled()
    gc.disable()
    try:
        tree = ast.parse(text)
        imports, imports_from = [], []
        for node in statements(tree):
            if isinstance(node, ast.Import):
                imports += [tuple(name.name.split(".")) for name in node.names]
            elif isinstance(node, ast.ImportFrom):
                module = tuple(node.module.split(".")) if node.module else ()
                imports_from.append((node.level, module, tuple(name.name for name in node.names)))
        paths = map(parts_of, ast.walk(tree)) if b"resources" in text else ()
        resources = {tuple(parts[parts.index("resources") :]) for parts in paths if "resources" in parts}
        digest = hashlib.sha256(ast.dump(tree).encode()).digest()
        return Module(digest, tuple(imports), tuple(imports_from), tuple(sorted(resources)))
    finally:
        if is_enabled:
            gc.enable()


def statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Give all statements of a module, once what changes no result is taken from it: docstrings, other strings that
    stand alone, and blocks for type checkers.
    """
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            body = getattr(node, field, None)
            if isinstance(body, list):
                body[:] = [entry for entry in body if not is_idle(entry)]
                waiting.extend(body)
        yield node


def is_idle(node: ast.AST) -> bool:
    """Return whether a statement is a string that stands alone or a block for type checkers."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def parts_of(node: ast.AST) -> list[str]:
    """Return the texts at the end of a path that is put together by ``/``."""
    parts: list[str] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and isinstance(node.right, ast.Constant):
        parts.insert(0, str(node.right.value))
        node = node.left
    return parts

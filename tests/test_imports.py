"""What a job loads before it does anything: each is a process, and most are shorter than such imports."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = re.compile(r'script:\s*"(?:\.\./)+(scripts/[\w/]+)\.py"')
SCRIPTS = sorted(
    {found.replace("/", ".") for rules in ROOT.glob("rules/**/*.smk") for found in SCRIPT.findall(rules.read_text())}
)
SECONDS = {"anndata", "decoupler", "numba", "scanpy", "sklearn", "umap"}
"""Packages that take half a second or more to load, with what they load."""
LATER = {"anndata", "decoupler", "scanpy", "sklearn", "umap"}
"""Those that functions import themselves: few need them, or (anndata) a job hides from them what they don't need."""
LIGHT = [
    "scripts.activity.summarise_activity",
    "scripts.cells.tabulate_attrition",
    "scripts.exports.export_gmt",
    "scripts.exports.export_tables",
    "scripts.preflight.check_study",
    "scripts.references.join_genomes",
    "scripts.regulons.consensus_over_models",
    "scripts.regulons.join_networks",
    "scripts.regulons.tabulate_activity",
    "scripts.switches.evidence.compare_families",
    "scripts.switches.evidence.join_perturbations",
]
"""Scripts that read, join and write tables."""


def path_of(module: str) -> Path | None:
    """Return the file of one of our modules; nothing for a folder or what a module holds."""
    path = ROOT / (module.replace(".", "/") + ".py")
    return path if path.exists() else None


@cache
def imported_at_once(source: str) -> set[str]:
    """Return the dotted names that a module imports when it is loaded: not in functions, nor for type checkers."""
    names, left = set(), list(ast.parse(source).body)
    while left:
        node = left.pop()
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            left += node.orelse
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            left += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
    return names


def loaded_by(module: str) -> dict[str, set[str]]:
    """Return what a script loads, itself and through our other modules: by our module, the names it imports."""
    found, left = {}, [module]
    while left:
        name = left.pop()
        if name not in found and (path := path_of(name)):
            found[name] = imported_at_once(path.read_text())
            left += found[name]
    return found


def packages(names: set[str]) -> set[str]:
    """Return the packages of dotted names."""
    return {name.split(".")[0] for name in names}


def test_imports_in_functions_and_for_type_checkers_do_not_count():
    source = """
import a
if TYPE_CHECKING:
    import b
else:
    import c
try:
    from d import e
except E:
    pass
def f():
    import g
class H:
    import i
"""
    assert imported_at_once(source) == {"a", "c", "d", "d.e", "i"}
    assert "scripts.base.job" in loaded_by("scripts.regulons.join_networks")
    assert len(SCRIPTS) > 50


REPORT = "scripts.report.make_report"
"""Its sections read the matrices of stages until each stage draws its own figures."""


@pytest.mark.parametrize("script", [name for name in SCRIPTS if name != REPORT])
def test_a_script_loads_slow_packages_only_if_it_names_them(script):
    loaded = loaded_by(script)
    own = packages(loaded.pop(script))
    assert not own & LATER, "to be imported in the function that needs it"
    inherited = {module: packages(names) & (SECONDS - own) for module, names in loaded.items()}
    # numba compiles functions as their module is loaded: it can't be put off
    slow = {module: found for module, found in inherited.items() if found - {"numba"}}
    assert not slow, f"{script} loads what others need"


def test_scripts_that_join_tables_load_little():
    slow = sorted(SECONDS | {"matplotlib", "scipy.stats"})
    code = f"import sys, {', '.join(LIGHT)}; print([name for name in {slow} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"

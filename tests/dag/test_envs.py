"""Conda environments of the rules agree with requirements.lock and hold what the rules' scripts import."""

import ast
import re
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ENVS = sorted((ROOT / "envs").glob("*.yaml"))
CONDA_NAMES = {"igraph": "python-igraph", "matplotlib": "matplotlib-base"}
"""PyPI's names that conda-forge has otherwise."""
CONDA_ONLY = {"python", "pip", "star"}
"""What no lock pins: what isn't on PyPI, and pip itself, which installs what conda-forge lacks."""


def canonical(name: str) -> str:
    """Return a name as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked() -> dict[str, str]:
    """Return the versions of requirements.lock."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))


def pins(env: Path) -> dict[str, str]:
    """Return the versions that an environment asks for, by conda's names; those from PyPI (``pip``) included."""
    entries = yaml.safe_load(env.read_text())["dependencies"]
    conda = [entry for entry in entries if isinstance(entry, str)]
    pip = [entry.replace("==", "=") for part in entries if isinstance(part, dict) for entry in part["pip"]]
    return dict(entry.partition("=")[::2] for entry in [*conda, *pip])


@cache
def imports(script: Path) -> frozenset[str]:
    """Return the third-party modules that a script imports, itself or through modules of this project."""
    found = set()
    for node in ast.walk(ast.parse(script.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            top = name.split(".")[0]
            path = ROOT.joinpath(*name.split(".")).with_suffix(".py")
            if top == "scripts":
                found |= imports(path) if path.is_file() and path != script else set()
            elif top not in sys.stdlib_module_names:
                found.add(top)
    return frozenset(found)


@pytest.mark.parametrize("env", ENVS, ids=lambda env: env.stem)
def test_versions_are_those_of_the_lock(env):
    versions = {canonical(name): version for name, version in locked().items()}
    pypi = {conda: name for name, conda in CONDA_NAMES.items()}
    assert len(versions) > 100
    for name, version in pins(env).items():
        if name not in CONDA_ONLY:
            assert versions.get(canonical(pypi.get(name, name))) == version, f"{env.name}: {name}"


@pytest.mark.parametrize("env", ENVS, ids=lambda env: env.stem)
def test_channels_are_named_and_python_is_ours(env):
    content = yaml.safe_load(env.read_text())
    assert content["channels"] == ["conda-forge", "bioconda", "nodefaults"]
    assert pins(env)["python"] == "3.11"
    conda = [entry for entry in content["dependencies"] if isinstance(entry, str)]
    assert conda[1:] == sorted(conda[1:])
    # What conda-forge lacks comes last, from PyPI; conda asks that pip itself is named then.
    pip = content["dependencies"][len(conda) :]
    assert not pip or ([list(part) for part in pip] == [["pip"]] and "pip" in conda)


def test_every_environment_is_used_and_every_one_used_is_there(rules):
    used = {Path(rule.conda_env).name for rule in rules.values() if rule.conda_env}
    assert used == {env.name for env in ENVS}


def test_environments_hold_what_their_scripts_import(rules):
    distributions = packages_distributions()
    checked = 0
    for rule in rules.values():
        if not rule.script:
            continue
        script = (Path(rule.snakefile).parent / rule.script).resolve()
        held = pins(ROOT / "envs" / Path(rule.conda_env).name)
        for module in imports(script):
            names = {canonical(name) for name in distributions[module]}
            conda = {CONDA_NAMES.get(name, name) for name in names}
            assert conda & set(held), f"rule {rule.name} imports {module}, which {Path(rule.conda_env).name} lacks"
            checked += 1
    assert checked > 50


def test_tools_of_shell_commands_are_in_their_environment(rules):
    """The few rules that run a program by name: its package has that name, or it belongs to the system."""
    for rule in rules.values():
        if rule.shellcmd:
            tool = rule.shellcmd.split()[0]
            assert tool == "awk" or tool in pins(ROOT / "envs" / Path(rule.conda_env).name), rule.name

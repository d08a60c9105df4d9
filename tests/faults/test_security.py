"""No name, path or address that a user gives does more than name something: in the shell, in Python, on the disk."""

import ast
import json
import os
import re
import shlex
import stat
import string
import subprocess
import sys
from pathlib import Path

import pytest
from corpus import matrices, sheets
from hypothesis import given
from hypothesis import strategies as st

from scripts.study.schema import read_schema, resolve

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "scripts").rglob("*.py"))
RULES = sorted([ROOT / "Snakefile", *(ROOT / "rules").rglob("*.smk")])
HARMLESS = {"threads", "resources"}
"""Numbers that Snakemake itself puts into a command."""
FORBIDDEN = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "yaml.unsafe_load", "pd.read_pickle"}
FORBIDDEN |= {"pickle.load", "pickle.loads", "shutil.unpack_archive"}
"""Calls that run text, or may; and what unpacks archives."""
NETWORK = {"urllib.request", "requests", "http.client", "ftplib", "socket", "aiohttp", "httpx"}


def pattern(schema: str, name: str) -> re.Pattern:
    """Return the pattern that a value of a sheet or the config must match."""
    root = read_schema(schema)
    return re.compile(resolve(root["properties"].get(name) or root["$defs"][name], root)["pattern"])


def commands() -> list[tuple[str, str]]:
    """Return the shell commands of all rules, with their files."""
    found = []
    for file in RULES:
        for block in re.findall(r"^    shell:\n((?:        .*\n?)+)", file.read_text(), re.MULTILINE):
            lines = [line.strip() for line in block.splitlines() if line.strip()[:1] != "#"]
            if lines[0].isidentifier():  # a command with a name, whose hash is among the rule's params
                lines = re.search(rf"^{lines[0]} = \(\n(.*?)^\)", file.read_text(), re.MULTILINE | re.DOTALL)[
                    1
                ].splitlines()
            found.append((file.name, "".join(ast.literal_eval(line.strip()) for line in lines)))
    return found


def test_whatever_a_shell_command_is_given_is_quoted():
    """The walk must see a command, or it would pass on nothing."""
    assert commands()
    for file, command in commands():
        for name, form in re.findall(r"(?<!\{)\{(\w+)[^{}:!]*(:\w+)?\}(?!\})", command):
            assert name in HARMLESS or form == ":q", f"{file}: {{{name}}} of {command!r} isn't quoted"


def test_no_rule_runs_python_of_its_own_and_no_script_a_shell():
    """Programs are started by a list of words, which no shell reads."""
    for file in RULES:
        assert not re.search(r"^    run:|\beval\(|\bexec\(|os\.system|subprocess", file.read_text(), re.MULTILINE), file
    started = 0
    for file in SCRIPTS:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                started += ast.unparse(node.func).startswith("subprocess.")
                assert not any(word.arg == "shell" for word in node.keywords), f"{file}, line {node.lineno}"
    assert started >= 3


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_script_runs_text_or_unpacks_an_archive(file):
    """Nothing is unpacked, so that no archive can write outside of its folder; pickles, which run code, aren't read."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            assert name not in FORBIDDEN and not name.endswith(".extractall"), f"line {node.lineno}: {name}"
            assert not any(word.arg == "allow_pickle" for word in node.keywords), f"line {node.lineno}"
            if name == "yaml.load":
                assert "Safe" in ast.unparse(node), f"line {node.lineno}: yaml.load without a safe loader"
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            module = [node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            assert {"tarfile", "pickle", "marshal", "shelve"}.isdisjoint(module), f"line {node.lineno}"


def test_one_script_alone_asks_the_network():
    """It fetches what the config gives an address and a sha256 of (tests/references/test_provide_file.py)."""
    asking = set()
    for file in SCRIPTS:
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            asking |= {str(file.relative_to(ROOT)) for name in names if name in NETWORK}
    assert asking == {"scripts/references/provide_file.py"}


@given(name=st.text(st.characters(codec="utf-8"), max_size=12))
def test_a_name_is_taken_only_if_a_shell_reads_it_as_it_is(name):
    """Beside the pattern of names itself: no character that a shell, a path, an option or a wildcard would read."""
    for sheet in ("samples", "units"):
        if pattern(sheet, "sample").search(name) and "\n" not in name:
            assert shlex.quote(name) == name and name[0] != "-"
            assert set(name) <= set(string.ascii_letters + string.digits + "_-")


SPECIAL = " \t\n'\"\\$`&|;<>(){}[]*?!#"


@pytest.mark.parametrize("character", SPECIAL)
@pytest.mark.parametrize(("schema", "name"), [("config", "path"), ("samples", "matrix"), ("units", "fq1")])
def test_a_path_has_no_character_that_a_shell_reads(schema, name, character):
    end = ".fastq.gz" if name == "fq1" else ".h5"
    assert pattern(schema, name).search(f"data/a{end}")
    assert not pattern(schema, name).search(f"data/a{character}b{end}")
    assert not pattern(schema, name).search(f"{character}a{end}")
    assert not pattern(schema, name).search(f"-a{end}")


def test_a_line_break_at_the_end_of_a_name_is_refused(tmp_path):
    """The end of a pattern would let it pass; a config from YAML may hold one."""
    outcome = sheets.config("x", r"models\[0\].model: 'A\\n' has a line break", models__0__model="A\n").run(tmp_path)
    assert outcome.code == 1 and re.search(r"has a line break or an invisible character; remove it", outcome.lines[0])


def test_nobody_else_can_write_the_results_whatever_the_umask(tmp_path):
    """A library comes in as a matrix, under a umask that forbids nothing."""
    config = sheets.write(tmp_path, units="sample\tunit\tfq1\tfq2\n") | {"references": None, "units": None}
    rows = sheets.SAMPLES.splitlines()
    (tmp_path / "samples.tsv").write_text("\n".join([rows[0], *rows[3:5]]) + "\n")
    config |= {"regulons": {"min_groups": 1}, "samples": "samples.tsv"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "data").mkdir()
    for name in ("B_untreated", "B_AC"):
        matrices.write_h5ad(tmp_path / "data" / f"{name}.h5ad", genes=["ACTB", "GAPDH", "MTOR", "JUN"])
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--configfile", "config.json"]
    command += ["--replace-workflow-config", "--cores", "1", "results/counts/B_AC.h5ad"]
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, umask=0, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    made = [tmp_path / "results", *(tmp_path / "results").rglob("*")]
    assert {"B_AC.h5ad", "B_AC.audit.json", "B_AC.log", "B_AC.tsv"} <= {path.name for path in made}
    assert [path for path in made if path.stat().st_mode & stat.S_IWOTH] == []

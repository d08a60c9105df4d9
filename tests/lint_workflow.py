"""Refuse what Snakemake's linter finds, and what it doesn't see, since all files of rules have one namespace:
`python tests/lint_workflow.py --configfile …`.

Every rule that runs a script has its code among its params, so that a changed module makes its results again.
Functions stand in rules/common.smk, each once, and are used. What another file assigns or imports is that file's own.
No file of rules or scripts is longer than 300 lines, but for a few that are named with the reason.
"""

import io
import re
import subprocess
import sys
import tokenize
from collections import defaultdict
from pathlib import Path

COMMON = Path("rules", "common.smk")
LONGEST = 300
"""Lines of a file of rules or scripts: a longer one is two things."""
LONGER = {
    Path(
        "scripts", "scenic", "boosting.py"
    ): "numba compiles functions again only if the file of the one called changes",
}
"""Files that may be longer, with the reason."""


def findings(text: str) -> list[tuple[str, str]]:
    """Return what Snakemake's linter says: the place, and the finding with its explanation."""
    found = []
    for block in re.split(r"^Lints for ", text, flags=re.MULTILINE)[1:]:
        place, _, rest = block.partition(":\n")
        found += [(place, lint.strip()) for lint in re.split(r"^    \* ", rest, flags=re.MULTILINE)[1:]]
    return found


def functions_of(text: str) -> list[str]:
    """Return the functions that a file defines, in its order."""
    return re.findall(r"^ *(?:async )?def (\w+)\(", text, flags=re.MULTILINE)


def globals_of(text: str) -> set[str]:
    """Return the names that a file assigns or imports outside rules and functions."""
    code = re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE)
    names = set(re.findall(r"^(\w+)(?:: [^=\n]+)? = ", code, flags=re.MULTILINE))
    for match in re.finditer(r"^(?:from \S+ )?import (\([^)]*\)|.*)$", code, flags=re.MULTILINE):
        parts = [part.strip() for part in match[1].strip("()").split(",")]
        names |= {re.split(r" as ", part)[-1].split(".")[0] for part in parts if part}
    return names


def names_in(text: str) -> dict[str, int]:
    """Return the names that a file reads, with the first line of each: no attributes, no keywords of arguments."""
    tokens = [
        token
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type not in (tokenize.NL, tokenize.COMMENT)
    ]
    lines: dict[str, int] = {}
    for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        is_part = before is not None and before.string in (".", "def", "rule", "as", "for")
        is_target = after is not None and after.string in ("=", ":")
        if token.type == tokenize.NAME and not is_part and not is_target:
            lines.setdefault(token.string, token.start[0])
    return lines


def misplaced(files: dict[Path, str]) -> list[tuple[str, str]]:
    """Return what of functions and globals is out of place: the place, and what is wrong."""
    found, defined = [], defaultdict(list)
    used = {name for text in files.values() for name in names_in(text)}
    for path, text in files.items():
        for name in functions_of(text):
            defined[name].append(path)
    for name, paths in defined.items():
        if len(paths) > 1:
            found.append((str(paths[1]), f"function {name} is defined in {paths[0]} too; the later one replaces it"))
        found += [(str(path), f"function {name} belongs in {COMMON}") for path in paths if path != COMMON]
        if name not in used:
            found.append((str(paths[0]), f"function {name} is used by nobody"))
    own = {path: globals_of(text) for path, text in files.items()}
    for path, text in files.items():
        foreign = {name: other for other in files if other not in (path, COMMON) for name in own[other]}
        for name, line in names_in(text).items():
            if name in foreign and name not in own[path] | own.get(COMMON, set()):
                what = f"{name} is a global of {foreign[name]}; import it here, or make it an attribute of study"
                found.append((f"{path}:{line}", what))
    return found


def without_code(files: dict[Path, str]) -> list[tuple[str, str]]:
    """Return the rules that run a script and whose params don't begin with a hash of its code."""
    found = []
    for path, text in files.items():
        for block in re.split(r"^[ \t]*(?=(?:use )?rule \w+)", text, flags=re.MULTILINE)[1:]:
            script = re.search(r'^[ \t]+script:\n[ \t]+"(?:\.\./)+scripts/([^"]+)"', block, flags=re.MULTILINE)
            if script and not re.search(rf'^[ \t]+code=code_of\("{re.escape(script[1])}"', block, flags=re.MULTILINE):
                name = re.match(r"(?:use )?rule (?:\w+ as )?(\w+)", block)[1]
                found.append((str(path), f'rule {name} lacks code=code_of("{script[1]}") among its params'))
    return found


def too_long(files: dict[Path, str]) -> list[tuple[str, str]]:
    """Return the files of more lines than :data:`LONGEST`, and those of :data:`LONGER` that need not be there."""
    lines = {path: text.count("\n") for path, text in files.items()}
    found = [
        (str(path), f"{n} lines, more than {LONGEST}: split it along its two things")
        for path, n in lines.items()
        # All functions that rules call stand in one file, by stage.
        if n > LONGEST and path not in {*LONGER, COMMON}
    ]
    idle = [path for path in LONGER if path in lines and lines[path] <= LONGEST]
    return found + [
        (str(path), "short enough by now: remove it from LONGER in tests/lint_workflow.py") for path in idle
    ]


def main(arguments: list[str]) -> int:
    """Return the exit code: 0 if nothing is found."""
    files = [Path("Snakefile"), *sorted(Path("rules").rglob("*.smk"))]
    rules = {path: path.read_text() for path in files}
    scripts = {path: path.read_text() for path in sorted(Path("scripts").rglob("*.py"))}
    found = misplaced(rules) + without_code(rules) + too_long(rules | scripts)
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--lint", "text", *arguments], capture_output=True, text=True, check=False
    )
    text = done.stdout + done.stderr
    lints = findings(text)
    if not lints and "good condition" not in text:
        lints = [("snakemake --lint", text)]
    found += lints
    for place, lint in found:
        print(f"{place}:\n    {lint}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The stage that a rule belongs to."""

from pathlib import Path


def stage_of(rule) -> str:
    """Return the rule's file, or the folder that the file lies in under rules/."""
    file = Path(rule.snakefile)
    return file.parent.name if file.parent.parent.name == "rules" else file.stem

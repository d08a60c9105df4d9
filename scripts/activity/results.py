"""Files of the stage activity that the report reads and the target names, depending on the study."""

from __future__ import annotations

from scripts.base.results import Results
from scripts.study.study import Study


def targets(study: Study) -> list[str]:
    """Return the tables and figures that the target of the stage names."""
    files = ["reversibility.tsv", "figures", *of_network(study)]
    files += ["design.tsv", "permutations.tsv", *of_timepoints(study)] if study.has_activity else []
    return files


def of_timepoints(study: Study) -> list[str]:
    """Return the table of several persister timepoints; none if there is only one."""
    return ["persister_timepoints.tsv"] if study.further and study.has_activity else []


def of_network(study: Study) -> list[str]:
    """Return the tables of a network's factors; none if the config has no network."""
    return ["tf_activity.tsv", "profile_activity.tsv", "network_comparison.tsv"] if study.network_files else []


def of_report(study: Study) -> list[str]:
    """Return the files that the report reads, in the folder of the stage."""
    files = ["reversibility.tsv", "figures", *of_network(study)]
    files += ["activity.tsv"] if study.libraries else []
    files += of_timepoints(study)
    return [*files, *(("design.tsv", "effects.tsv", "differences.tsv") if study.has_activity else ())]


def numbers(results: Results) -> dict[str, int]:
    """Return whether activity has a standard deviation, and the number of a network's factors, for the methods text."""
    own = "activity/activity.tsv"
    activity = results.table(own if results.has(own) else "activity/profile_activity.tsv")
    return {
        "replicated": int(activity is not None and activity["sd"].notna().any()),
        "factors": results.count("activity/tf_activity.tsv", "tf"),
    }

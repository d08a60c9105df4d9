"""One job of the workflow run by hand, for debugging and tests: on a finished folder, without Snakemake's scheduler.

    python -m scripts.base.mock filter_cells sample=A_untreated --configfile config/demo/config.yaml --into trial

Snakemake parses the workflow and expands the rule for these wildcards; the rule's script then runs in this process with
the same ``snakemake`` object that it has in a job. Outputs and log go below ``--into``, or, with ``--in-place``, where
the workflow puts them. If the script has an environment of its own, call the Python of that environment.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import os
import runpy
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.base.job import ROOT, UserError


@dataclass(frozen=True)
class MockJob:
    """A script and the object that Snakemake would give it: input, output, log, params, wildcards, threads, config."""

    script: Path
    snakemake: Any

    def run(self) -> None:
        """Run the script as Snakemake does. Raises :class:`UserError` if an input is absent."""
        absent = [path for path in self.snakemake.input if not os.path.exists(path)]
        if absent:
            more = f" and {len(absent) - 1} more inputs" if len(absent) > 1 else ""
            raise UserError(
                f"{absent[0]}{more} of rule {self.snakemake.rule}: missing; run the jobs that make its inputs first"
            )
        for path in (*self.snakemake.output, *self.snakemake.log):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        runpy.run_path(str(self.script), init_globals={"snakemake": self.snakemake}, run_name="__main__")


@contextlib.contextmanager
def read_workflow(configfiles: Sequence[Path] = (), directory: Path | None = None, cores: int = 1) -> Iterator[Any]:
    """Give the parsed workflow; the working directory is ``directory`` meanwhile, as it is in a job.

    Parameters
    ----------
    configfiles
        Configs as for ``--configfile``, from where Python was started; none for the shipped one.
    directory
        The folder in which Snakemake was called, if it isn't this one.
    cores
        Threads that the job may have at most.
    """
    from snakemake.api import SnakemakeApi
    from snakemake.settings.types import ConfigSettings, OutputSettings, Quietness, ResourceSettings

    # What is run by hand reads the inputs of one job; whether all files of the study still exist doesn't matter.
    settings = ConfigSettings(
        config={"check_files": False}, configfiles=[Path(path).absolute() for path in configfiles]
    )
    with (
        contextlib.chdir(directory or "."),
        SnakemakeApi(OutputSettings(quiet={Quietness.ALL}, enable_file_logging=False)) as api,
    ):
        asked = api.workflow(
            ResourceSettings(cores=cores), config_settings=settings, snakefile=ROOT / "Snakefile", workdir=Path.cwd()
        )
        yield asked._workflow  # the API offers no rules


def make_job(workflow: Any, rule: str, wildcards: Mapping[str, str], into: Path | None = None) -> MockJob:
    """Return the job of a rule for these wildcards.

    Parameters
    ----------
    workflow
        As :func:`read_workflow` gives it.
    rule, wildcards
        The rule's name and a value for each of its wildcards.
    into
        A folder below which outputs and log go, under the path that they have in the workflow; their own place if None.

    Raises
    ------
    UserError
        If there is no such rule or job, or if the rule runs no script.
    """
    from snakemake.iocontainers import Log, OutputFiles, Snakemake, Wildcards

    asked = find_rule(workflow, rule)
    names = sorted(asked.wildcard_names)
    if sorted(wildcards) != names:
        raise UserError(f"rule {rule} has the wildcards: {', '.join(names) or 'none'}; give each as name=value")
    values = dict(wildcards)
    input, _, _, _ = asked.expand_input(values)
    output, _ = asked.expand_output(values)
    if names and not asked.is_producer(str(output[0])):
        raise UserError(f"rule {rule} has no job with {', '.join(f'{name}={values[name]}' for name in names)}")
    params, _ = asked.expand_params(values, input, output, None)
    resources = asked.expand_resources(values, input, 1)
    log = asked.expand_log(values)

    def place(path: str) -> str:
        path = Path(path)
        return str(into / path.relative_to(path.anchor)) if into else str(path)

    snakemake = Snakemake(
        input,
        OutputFiles(toclone=output, custom_map=place),
        params,
        Wildcards(fromdict=values),
        resources["_cores"],
        resources,
        Log(toclone=log, custom_map=place),
        workflow.globals["config"],
        rule,
        None,
    )
    name = asked.script.format(params=params, wildcards=snakemake.wildcards)
    return MockJob(Path(asked.basedir.join(name).get_path_or_uri(secret_free=True)).resolve(), snakemake)


def find_rule(workflow: Any, name: str) -> Any:
    """Return a rule that runs a script. Raises :class:`UserError` if there is none of that name."""
    rules = {rule.name: rule for rule in workflow.rules}
    if name not in rules:
        close = difflib.get_close_matches(name, rules, n=3)
        hint = f"; did you mean {', '.join(close)}" if close else "; `snakemake --list-rules` names them"
        raise UserError(f"no rule is called {name!r}{hint}")
    if not rules[name].script:
        kind = "is a target and runs nothing" if rules[name].norun else "runs a shell command, not a script"
        raise UserError(f"rule {name} {kind}")
    return rules[name]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one job; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.base.mock", description=__doc__.splitlines()[0])
    parser.add_argument("rule", help="the rule's name")
    parser.add_argument("wildcards", nargs="*", metavar="name=value", help="a value for each of its wildcards")
    parser.add_argument("--configfile", nargs="+", action="extend", default=[], type=Path, help="as for snakemake")
    parser.add_argument("--directory", type=Path, help="where snakemake was called (default: here)")
    parser.add_argument("--cores", type=int, default=1, help="threads that the job may have at most (default: 1)")
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--into", type=Path, help="a folder for outputs and log")
    place.add_argument("--in-place", action="store_true", help="write outputs and log where the workflow does")
    asked = parser.parse_args(arguments)
    if odd := [pair for pair in asked.wildcards if "=" not in pair]:
        parser.error(f"wildcards are given as name=value, not {odd[0]!r}")
    into = asked.into.absolute() if asked.into else None
    try:
        with read_workflow(asked.configfile, asked.directory, asked.cores) as workflow:
            job = make_job(workflow, asked.rule, dict(pair.split("=", 1) for pair in asked.wildcards), into)
            job.run()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for path in job.snakemake.output:
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())

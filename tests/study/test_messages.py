"""What a run says at its end."""

import logging
from types import SimpleNamespace

from scripts.study import messages


def record(rule: str, log: list[str], event: str = "job_error") -> logging.LogRecord:
    """Return what Snakemake sends to loggers about a job."""
    sent = logging.LogRecord("snakemake", logging.ERROR, "", 0, "Error", (), None)
    sent.event, sent.rule_name, sent.log = SimpleNamespace(value=event), rule, log
    return sent


def test_failed_jobs_are_kept_once_with_their_logs():
    logger = logging.Logger("test")
    listener = messages.listen(logger)
    assert messages.listen(logger) is listener
    for sent in (record("a", ["a.log"]), record("a", ["a.log"]), record("b", []), record("c", ["c.log"], "job_info")):
        logger.handle(sent)
    assert list(listener.failures) == [messages.Failure("a", "a.log"), messages.Failure("b", "")]


def test_a_failure_is_told_with_the_last_words_of_its_log(tmp_path):
    log, crash = tmp_path / "a.log", tmp_path / "b.log"
    log.write_text("2026-01-01 10:00:00,000 INFO begun\n2026-01-01 10:00:01,000 ERROR a.tsv, row 3: no number\nmore\n")
    crash.write_text("2026-01-01 10:00:01,000 ERROR Traceback (most recent call last):\n  File x\nKeyError: 'gene'\n")
    failures = [
        messages.Failure("count_kb", str(log)),
        messages.Failure("join", str(crash)),
        messages.Failure("gone", "no.log"),
    ]
    said = messages.failed(failures)
    assert said.startswith("3 jobs failed:\n")
    assert f"count_kb: {log}\n      a.tsv, row 3: no number\n" in said
    assert f"join: {crash}\n      KeyError: 'gene'\n" in said
    assert "gone: no.log\n" in said


def test_many_failures_still_fit_the_screen():
    said = messages.failed([messages.Failure("rule", f"{i}.log") for i in range(99)])
    assert len(said.splitlines()) < 20 and "87 more" in said


def test_a_finished_run_says_where_to_look_for_what_is_there(tmp_path):
    assert messages.finished(tmp_path) == "Done."
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "report.html").touch()
    assert str(tmp_path / "report" / "report.html") in messages.finished(tmp_path)
    assert "switches" not in messages.finished(tmp_path)


def test_a_finished_run_names_the_results_of_its_targets(tmp_path):
    """Those that were asked for by name; of a run of everything, those that are there."""
    rules = [
        SimpleNamespace(name=name, docstring=text)
        for name, text in [
            ("all", "Everything."),
            *((f"t{i}", f"Result {i} (t{i}/).") for i in range(9)),
            ("job", None),
        ]
    ]
    workflow = SimpleNamespace(rules=rules, dag_settings=SimpleNamespace(targets={"t1"}))
    assert messages.described(workflow) == {"t1": "Result 1 (t1/)."}
    said = messages.finished(tmp_path, messages.described(workflow))
    assert said == f"Done.\nResults of this run, under {tmp_path}:\n  t1: Result 1 (t1/)."
    workflow.dag_settings.targets = set()
    (tmp_path / "t2").mkdir()
    said = messages.finished(tmp_path, messages.described(workflow))
    assert "t2: Result 2" in said and "t1" not in said and "all:" not in said and "job" not in said

"""Compressed text, sums and tools."""

from __future__ import annotations

import gzip
import hashlib
import logging
import sys

import pytest

from scripts.base import files
from scripts.base.job import UserError


def test_compression_is_told_by_content_not_by_name(tmp_path):
    """Plain text under .gz and gzip without it."""
    (tmp_path / "a.gz").write_bytes(b"text")
    (tmp_path / "b").write_bytes(gzip.compress(b"text"))
    for name, compressed in (("a.gz", False), ("b", True)):
        assert files.is_gzip(tmp_path / name) is compressed
        with files.open_bytes(tmp_path / name) as handle:
            assert handle.read() == b"text"


def test_sums_are_sha256(tmp_path):
    """As `sha256sum` prints them."""
    (tmp_path / "a").write_bytes(b"x" * 3_000_000)
    assert files.sha256_of(tmp_path / "a") == hashlib.sha256(b"x" * 3_000_000).hexdigest()


def test_what_a_tool_says_is_in_the_log(caplog):
    """Both of its streams, in order, after the command itself."""
    code = "import sys; print('one', flush=True); print('two', file=sys.stderr)"
    with caplog.at_level(logging.INFO, "persister-regulons"):
        files.run_tool([sys.executable, "-c", code])
    assert [record.getMessage() for record in caplog.records][1:] == ["  one", "  two"]
    assert caplog.records[0].getMessage().startswith(sys.executable)


def test_a_tool_that_fails_or_is_not_there_is_said():
    """Its last words, its exit code, and what to do."""
    with pytest.raises(UserError, match=r"python\S* failed with exit code 3: no room; give it more memory"):
        files.run_tool([sys.executable, "-c", "print('no room'); exit(3)"], "give it more memory")
    with pytest.raises(UserError, match=r"failed with exit code 1: no message; see the log"):
        files.run_tool([sys.executable, "-c", "exit(1)"])
    with pytest.raises(UserError, match="no-such-tool isn't installed; install it"):
        files.run_tool(["no-such-tool", "--version"])


def test_what_a_tool_made_is_believed_not_its_exit_alone(tmp_path):
    """A tool that exits with 0 and made nothing has failed: why it said so, and the remedy, are told."""
    code = "print('Traceback'); print('KeyError: killed for memory'); print('done')"
    with pytest.raises(UserError, match=r"without writing index\.idx.*KeyError: killed for memory; more memory"):
        files.run_tool([sys.executable, "-c", code], "more memory", makes=[tmp_path / "index.idx"])
    (tmp_path / "index.idx").write_bytes(b"")
    with pytest.raises(UserError, match="without writing index"):
        files.run_tool([sys.executable, "-c", "pass"], makes=[tmp_path / "index.idx"])
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError, match="without writing folder"):
        files.run_tool([sys.executable, "-c", "pass"], makes=[tmp_path / "folder"])
    (tmp_path / "index.idx").write_bytes(b"x")
    files.run_tool([sys.executable, "-c", "pass"], makes=[tmp_path / "index.idx"])


def test_a_last_line_that_says_nothing_is_joined_to_the_cause():
    """STAR's last line says only that it ends."""
    code = "print('EXITING because of FATAL ERROR: no room'); print('time ...... FATAL ERROR, exiting'); exit(104)"
    with pytest.raises(UserError, match=r"because of FATAL ERROR: no room … time"):
        files.run_tool([sys.executable, "-c", code])

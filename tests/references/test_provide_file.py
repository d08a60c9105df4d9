"""Files that the config names: linked, or fetched, and verified."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http.server
import os
import socket
import threading

import pytest

from scripts.base.job import UserError
from scripts.references import provide_file

CONTENT = b"ranking"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def source(tmp_path):
    """Return a file to provide."""
    path = tmp_path / "data" / "db.feather"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    return path


def provide(make_job, target, **given):
    """Run the script for one entry."""
    target.parent.mkdir(exist_ok=True)
    inputs = {"_": [given["path"]]} if "path" in given else {}
    params = {"url": given.get("url"), "sha256": given.get("sha256")}
    provide_file.main(make_job(input=inputs, output={"_": [target]}, params=params))
    return target


def test_a_path_is_linked_relatively(tmp_path, make_job, source):
    """The link survives moving both folders together."""
    target = provide(make_job, tmp_path / "out" / "db.feather", path=source, sha256=SHA256.upper())
    assert target.is_symlink() and not target.readlink().is_absolute()
    assert target.read_bytes() == CONTENT


def test_an_address_is_fetched_and_verified(tmp_path, make_job, source):
    """The file is complete under its name, and no temporary one is left."""
    target = provide(make_job, tmp_path / "out" / "db.feather", url=source.as_uri(), sha256=SHA256)
    assert target.read_bytes() == CONTENT and not target.is_symlink()
    assert [path.name for path in target.parent.iterdir()] == ["db.feather"]


@pytest.mark.parametrize("by", ["path", "url"])
def test_a_wrong_sha256_is_an_error_and_leaves_nothing(tmp_path, make_job, source, by):
    """Both sums are in the message."""
    given = {by: source if by == "path" else source.as_uri()}
    with pytest.raises(UserError) as error:
        provide(make_job, tmp_path / "out" / "db.feather", sha256="0" * 64, **given)
    assert SHA256 in str(error.value) and "0" * 64 in str(error.value)
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("by", ["path", "url"])
def test_an_empty_file_is_an_error(tmp_path, make_job, source, by):
    """An empty file isn't a database, with or without a sum."""
    source.write_bytes(b"")
    sha256 = {"path": None, "url": hashlib.sha256(b"").hexdigest()}[by]
    with pytest.raises(UserError, match="the file is empty"):
        provide(
            make_job,
            tmp_path / "out" / "db.feather",
            sha256=sha256,
            **{by: source if by == "path" else source.as_uri()},
        )


def test_a_missing_path_and_a_dead_address_are_said(tmp_path, make_job):
    """One sentence each, with what to do."""
    with pytest.raises(UserError, match="no such file; correct the path"):
        provide(make_job, tmp_path / "out" / "a", path=tmp_path / "nothing")
    with pytest.raises(UserError, match=r"can't be fetched .*fetch it yourself"):
        provide(make_job, tmp_path / "out" / "a", url=(tmp_path / "nothing").as_uri(), sha256=SHA256)


def test_nothing_is_fetched_without_its_sha256(tmp_path, make_job, source, monkeypatch):
    """Not even asked for: what an address gives may change."""
    monkeypatch.setattr(provide_file.urllib.request, "urlopen", lambda url, **_: pytest.fail("asked"))
    for sha256 in (None, ""):
        with pytest.raises(UserError, match="a url needs its sha256; give it in the config"):
            provide(make_job, tmp_path / "out" / "a", url=source.as_uri(), sha256=sha256)
    assert not list((tmp_path / "out").iterdir())


@contextlib.contextmanager
def serve(*answers):
    """Answer the first requests on loopback (status, promised length, bytes); yield the address, and what was asked."""
    asked, left = [], list(answers)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            status, length, content = left.pop(0)
            self.send_response(status)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/db", asked
        server.shutdown()


WHOLE = (200, len(CONTENT), CONTENT)


@pytest.mark.parametrize("first", [(503, 0, b""), (200, 10, CONTENT)], ids=["busy", "cut short"])
def test_what_a_network_does_is_tried_again(tmp_path, monkeypatch, first):
    """A server that is busy, and one that said ten bytes and sent seven."""
    monkeypatch.setattr(provide_file, "PAUSES", (0, 0))
    with serve(first, WHOLE) as (url, asked):
        provide_file.fetch(url, tmp_path / "db", SHA256)
    assert (tmp_path / "db").read_bytes() == CONTENT and len(asked) == 2
    with (
        serve(first, first, first) as (url, asked),
        pytest.raises(UserError, match=r"503|7 of 10 bytes were received|7 bytes"),
    ):
        provide_file.fetch(url, tmp_path / "again", SHA256)
    assert len(asked) == 3 and [path.name for path in tmp_path.iterdir()] == ["db"]


@pytest.mark.parametrize(
    ("answer", "words"), [((404, 0, b""), "404"), ((200, 5, b"other"), "SHA-256 is")], ids=["none", "other"]
)
def test_what_would_stay_so_is_asked_for_once(tmp_path, monkeypatch, answer, words):
    """No such file, and one with another sum: gigabytes aren't fetched three times."""
    monkeypatch.setattr(provide_file, "PAUSES", (0, 0))
    with serve(answer) as (url, asked), pytest.raises(UserError, match=words):
        provide_file.fetch(url, tmp_path / "db", SHA256)
    assert len(asked) == 1 and not list(tmp_path.iterdir())


def test_a_server_that_says_nothing_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(provide_file, "PAUSES", ())
    monkeypatch.setattr(provide_file, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(UserError, match="timed out"):
        provide_file.fetch(f"http://127.0.0.1:{silent.getsockname()[1]}/db", tmp_path / "db", SHA256)


def test_a_full_disk_is_told_as_what_it_is(tmp_path, monkeypatch):
    """Not as an address that can't be fetched; the job says what to do (scripts/base/job.py)."""

    def fill(url, part):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(provide_file, "download", fill)
    with pytest.raises(OSError, match="No space left"):
        provide_file.fetch("http://127.0.0.1/db", tmp_path / "db", SHA256)


def test_a_file_that_the_config_does_not_name_is_said_to_be_missing(tmp_path, make_job):
    given = make_job(input={}, output={"_": [tmp_path / "tfs.txt"]}, params={"url": None, "sha256": None})
    with pytest.raises(UserError, match=r"tfs.txt: the config names no such file.*snakemake expression"):
        provide_file.main(given)

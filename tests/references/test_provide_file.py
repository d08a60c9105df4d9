"""Files that the config names: linked, or fetched, and verified."""

from __future__ import annotations

import hashlib
import io
from types import MappingProxyType, SimpleNamespace

import pytest

from scripts.job import UserError
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
    with pytest.raises(UserError, match=r"can't be fetched .*fetch it by hand"):
        provide(make_job, tmp_path / "out" / "a", url=(tmp_path / "nothing").as_uri(), sha256=SHA256)


def test_nothing_is_fetched_without_its_sha256(tmp_path, make_job, source, monkeypatch):
    """Not even asked for: what an address gives may change."""
    monkeypatch.setattr(provide_file.urllib.request, "urlopen", lambda url: pytest.fail("asked"))
    for sha256 in (None, ""):
        with pytest.raises(UserError, match="only with its sha256; give it in the config"):
            provide(make_job, tmp_path / "out" / "a", url=source.as_uri(), sha256=sha256)
    assert not list((tmp_path / "out").iterdir())


def test_a_download_cut_short_is_an_error(tmp_path, monkeypatch):
    """The server said ten bytes and sent seven."""

    class Answer(io.BytesIO):
        headers = MappingProxyType({"Content-Length": "10"})

    monkeypatch.setattr(provide_file, "urllib", SimpleNamespace(
        request=SimpleNamespace(urlopen=lambda url: Answer(CONTENT)), error=provide_file.urllib.error
    ))  # fmt: skip
    with pytest.raises(UserError, match="7 of 10 bytes came"):
        provide_file.fetch("http://localhost/db", tmp_path / "db", SHA256)
    assert not list(tmp_path.iterdir())

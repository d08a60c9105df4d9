"""The workflow used by name, from a repository: as a module of another workflow, and as the workflow itself."""

import re
from pathlib import Path

import anndata
import pytest
import yaml
from checkout import copy_checkout
from outer_workflow import CONFIG, TARGET, git, write_outer
from test_module import run

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    """Return a repository of the workflow: tag v1 and branch sound work, branch main doesn't any more."""
    folder = copy_checkout(tmp_path_factory.mktemp("elsewhere") / "regulons")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "works")
    git(folder, "tag", "--annotate", "v1", "--message", "first")
    git(folder, "branch", "sound")
    (folder / "rules" / "common.smk").write_text("no workflow\n")
    git(folder, "commit", "--quiet", "--all", "--message", "broken")
    return folder


@pytest.mark.parametrize(("file", "ref"), [("Snakefile", "sound"), ("workflow/Snakefile", "v1")])
def test_it_is_a_module_by_its_place_and_ref(repository, tmp_path, file, ref):
    """Rules, scripts and modules are those of the ref, whatever lies in the folder."""
    write_outer(tmp_path, f'"git+file://{repository}/{file}@{ref}"')
    run(tmp_path, TARGET, "own.txt")
    assert anndata.read_h5ad(tmp_path / TARGET).shape == (2, 3)
    # Jobs and further runs use the same clone.
    (clone,) = (tmp_path / "cache" / "persister-regulons").iterdir()
    assert "Nothing to be done" in run(tmp_path, TARGET, "own.txt")
    assert [clone] == list((tmp_path / "cache" / "persister-regulons").iterdir())


def test_it_is_a_module_of_a_hosted_repository(repository, tmp_path):
    """git is told to look for the host's address in a bare clone."""
    bare = tmp_path / "hosted.git"
    git(repository, "clone", "--quiet", "--bare", repository, bare)
    write_outer(tmp_path, 'github("someone/regulons", path="workflow/Snakefile", tag="v1")')
    place = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{bare.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/someone/regulons",
    }
    run(tmp_path, TARGET, **place)
    assert anndata.read_h5ad(tmp_path / TARGET).shape == (2, 3)


def test_it_runs_by_its_name(repository, tmp_path):
    write_outer(tmp_path)
    (tmp_path / "Snakefile").unlink()
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(CONFIG))
    named = ["--snakefile", f"git+file://{repository}/Snakefile@v1", "--configfile", "own.yaml"]
    run(tmp_path, *named, "--", TARGET)
    assert anndata.read_h5ad(tmp_path / TARGET).shape == (2, 3)
    # Without a target, the whole study.
    assert re.search(r"make_report +1$", run(tmp_path, *named, "--dry-run"), re.MULTILINE)


def test_a_ref_that_is_not_there_is_named(repository, tmp_path):
    write_outer(tmp_path, f'"git+file://{repository}/Snakefile@v2"')
    assert "v2" in run(tmp_path, TARGET, code=1)

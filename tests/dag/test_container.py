"""Images of the workflow: recipes take the README's steps, which work in a fresh Debian; the config names the image."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import in_process
import pytest
from checkout import copy_checkout
from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, OutputSettings, Quietness, ResourceSettings

ROOT = Path(__file__).parents[2]
DEMO = "config/demo/config.yaml"
PLACE = "opt/persister-regulons"
MIRROR = os.environ.get("DEBIAN_MIRROR", "http://deb.debian.org/debian")
SHARED = ("/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt", "/etc/pip.conf", "/etc/xdg/pip")
"""What a machine tells its users about the network; a container is told the same."""
DEBOOTSTRAP = os.environ.get("DEBOOTSTRAP") or shutil.which("debootstrap")


def packages(recipe: str) -> list[str]:
    """Return the packages of Debian that a recipe installs."""
    words = re.search(r"apt-get install ([^\n\\]+)", (ROOT / recipe).read_text())[1].split()
    return [word for word in words if not word.startswith("-")]


def test_both_recipes_take_the_steps_of_the_readme():
    docker, apptainer = (ROOT / "Dockerfile").read_text(), (ROOT / "apptainer.def").read_text()
    assert packages("Dockerfile") == packages("apptainer.def")
    assert {"python3.11", "python3.11-venv", "make"} <= set(packages("Dockerfile"))
    readme = (ROOT / "README.md").read_text()
    assert "    make env\n" in readme and "RUN make env\n" in docker and "    make env\n" in apptainer
    assert f"COPY . /{PLACE}\n" in docker and f"    . /{PLACE}\n" in apptainer
    for text in (docker, apptainer):
        assert f"PATH=/{PLACE}/.venv/bin:$PATH" in text


@pytest.mark.parametrize("image", [None, "docker://example.org/persister-regulons:0.1.0", "images/regulons.sif"])
def test_the_config_names_the_image_of_all_rules(image):
    settings = ConfigSettings(configfiles=[ROOT / DEMO], config={"container": image})
    with (
        in_process.restored(ROOT),
        SnakemakeApi(OutputSettings(quiet={Quietness.ALL}, enable_file_logging=False)) as api,
    ):
        asked = api.workflow(ResourceSettings(cores=1), settings, snakefile=ROOT / "Snakefile", workdir=ROOT)
        images = {rule.container_img for rule in asked._workflow.rules if rule.script or rule.shellcmd}
    assert images == {image}


def share_the_network(root: Path) -> None:
    """Copy what :data:`SHARED` names."""
    for name in filter(os.path.exists, SHARED):
        to = root / name[1:]
        to.parent.mkdir(parents=True, exist_ok=True)
        if Path(name).is_dir():
            shutil.copytree(name, to, dirs_exist_ok=True)
        else:
            shutil.copy(name, to)


@pytest.fixture
def fresh(tmp_path) -> Path:
    """Return the root of a fresh Debian, and the checkout where the recipes put it."""
    if os.geteuid() or not DEBOOTSTRAP:
        pytest.skip("needs root's rights and debootstrap")
    probe = f"mkdir {tmp_path}/proc && mount -t proc proc {tmp_path}/proc"
    if subprocess.run(["unshare", "--mount", "--pid", "--fork", "sh", "-c", probe], check=False).returncode:
        pytest.skip("needs the right to mount, which this container doesn't give")
    command = [DEBOOTSTRAP, "--variant=minbase", "bookworm", tmp_path / "root", MIRROR]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and "Failed getting release file" in done.stdout + done.stderr:
        pytest.skip(f"needs {MIRROR}")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    root = tmp_path / "root"
    copy_checkout(root / PLACE)
    shutil.copy(ROOT / "Makefile", root / PLACE)
    share_the_network(root)
    return root


def local_indexes() -> list[str]:
    """Return the folders that pip takes packages from on this machine, if its settings name any."""
    settings = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    named = [line for line in settings.splitlines() if re.search(r"\.(extra-index-url|index-url|find-links)=", line)]
    folders = [Path(found) for line in named for found in re.findall(r"(?:file://|=')(/[^\s'/][^\s']*)", line)]
    # Pages of an index lead to files beside them.
    places = {folder.parent if folder.name == "simple" else folder for folder in folders}
    return sorted(str(folder) for folder in places if folder.is_dir())


def inside(root: Path, script: str) -> str:
    """Run a script of bash in a root that has its own /proc and nothing of this environment but the package index."""
    kept = {key: value for key, value in os.environ.items() if key.startswith(("PIP_", "UV_", "SSL_"))}
    kept |= {
        "PATH": f"/{PLACE}/.venv/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "HOME": "/root",
        "LANG": "C.UTF-8",
    }
    place = shlex.quote(str(root))
    mounts = f"mount -t proc proc {place}/proc && mount --rbind /dev {place}/dev"
    for folder in local_indexes():
        mounts += f" && mkdir -p {place}{folder} && mount --bind {folder} {place}{folder}"
    chroot = f"exec chroot {place} bash -euo pipefail -c {shlex.quote(f'cd /{PLACE}; {script}')}"
    command = ["unshare", "--mount", "--pid", "--fork", "sh", "-ec", f"{mounts}; {chroot}"]
    done = subprocess.run(command, env=kept, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


@pytest.mark.full
def test_the_steps_work_in_a_fresh_debian(fresh):
    """The recipes' packages are installed, the environment is made, the whole demo is planned, its index is built."""
    install = f"apt-get install --yes --no-install-recommends {' '.join(packages('Dockerfile'))}"
    inside(fresh, f"export DEBIAN_FRONTEND=noninteractive; apt-get update; {install}")
    share_the_network(fresh)
    inside(fresh, "make env")
    said = inside(fresh, f"snakemake --cores 2 --configfile {DEMO} --dry-run --quiet rules")
    assert "make_report" in said
    target = "results/demo/references/kb/index.idx"
    inside(fresh, f"snakemake --cores 2 --configfile {DEMO} -- {target}")
    assert (fresh / PLACE / target).stat().st_size > 10_000

"""A Slurm cluster of one node in a folder of its own, for as long as a test lasts: munged, slurmctld and slurmd on
loopback.

Nothing is installed, and nothing of the system's is used or changed: key, sockets, ports and state are the folder's.
There is no accounting. Memory is enforced by Slurm's own gatherer, which ends a job that holds more than it asked for;
the cgroups that a cluster would use may not be writable where tests run.
"""

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

DAEMONS = ("munged", "slurmctld", "slurmd")
CLIENTS = ("munge", "sbatch", "srun", "squeue", "scancel", "sinfo", "scontrol")
CONF = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
MailProg=/bin/true
ReturnToService=2
# A job gets the cores and the memory that it asks for, and ends when it holds more.
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
# The node claims more than the machine has, so that jobs of eight threads are taken at all.
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0,bf_interval=1
MinJobAge=600
KillWait=2
NodeName=node1 NodeAddr=127.0.0.1 NodeHostname={host} Port={ports[1]} CPUs=16 RealMemory=100000
PartitionName=all Nodes=node1 Default=YES MaxTime=INFINITE State=UP
"""


SEARCHED = ("/usr/sbin", "/sbin")
"""Where daemons lie besides PATH, which has these folders for root alone."""


class StartError(Exception):
    """Slurm is installed and doesn't start; says why."""


def find(program: str) -> str | None:
    """Return the path of a program; None if it isn't installed."""
    return shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", os.defpath), *SEARCHED]))


def missing_programs() -> list[str]:
    """Return the programs of Slurm and MUNGE that aren't installed."""
    return [program for program in (*DAEMONS, *CLIENTS) if find(program) is None]


def free_ports(number: int) -> list[int]:
    """Return ports that nothing listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def wait_until(ready, seconds: float, what: str, daemons: dict[str, subprocess.Popen], folder: Path) -> None:
    """Wait until ``ready()``; raise :class:`StartError` with the daemons' last words if it never is."""
    end = time.monotonic() + seconds
    while not ready():
        ended = [name for name, daemon in daemons.items() if daemon.poll() is not None]
        if ended or time.monotonic() > end:
            words = "; ".join(f"{name}: {(folder / f'{name}.log').read_text()[-500:]}" for name in ended or daemons)
            raise StartError(f"{what}: {words}")
        time.sleep(0.2)


def start(folder: Path, daemons: dict[str, subprocess.Popen], name: str, *arguments: str, **environment: str) -> None:
    """Start a daemon that stays in the foreground, as a child of this process."""
    with open(folder / f"{name}.log", "w") as log:
        daemons[name] = subprocess.Popen(
            [find(name), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
        )


def stop(daemons: dict[str, subprocess.Popen]) -> None:
    """End the daemons that were started here, last one first, each by its own id."""
    for daemon in reversed(daemons.values()):
        daemon.send_signal(signal.SIGTERM)
        try:
            daemon.wait(20)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()


def idle() -> bool:
    """Tell whether the node takes jobs."""
    said = subprocess.run(["sinfo", "--noheader", "--format=%T"], capture_output=True, text=True, check=False)
    return said.stdout.strip() == "idle"


def cancel() -> None:
    """Cancel what is left in the queue of this cluster (SLURM_CONF names it), and wait until it is gone."""
    for _ in range(50):
        ids = subprocess.run(["squeue", "--noheader", "--format=%A"], capture_output=True, text=True, check=False)
        if not ids.stdout.split():
            return
        subprocess.run(["scancel", *ids.stdout.split()], check=False)
        time.sleep(0.2)


@contextlib.contextmanager
def slurm(folder: Path) -> Iterator[None]:
    """Have a cluster, named by SLURM_CONF, in an empty folder with a short path (sockets' names are limited).

    Raises :class:`StartError` if a daemon doesn't start.
    """
    folder.chmod(0o711)  # munged wants its socket to be reached by all
    for name in ("munge", "state", "spool"):
        (folder / name).mkdir(mode=0o755)
    key = folder / "munge" / "key"
    key.touch(mode=0o600)
    key.write_bytes(os.urandom(1024))
    conf = folder / "slurm.conf"
    host, user = socket.gethostname().split(".")[0], getpass.getuser()
    conf.write_text(CONF.format(folder=folder, host=host, user=user, ports=free_ports(2)))
    # Snakemake takes SLURM_* out of a job's environment; a cluster has its configuration where srun looks by itself.
    (folder / "bin").mkdir()
    (folder / "bin" / "srun").write_text(f'#!/bin/sh\nSLURM_CONF={conf} exec {find("srun")} "$@"\n')
    (folder / "bin" / "srun").chmod(0o755)
    before, daemons = {name: os.environ.get(name) for name in ("SLURM_CONF", "PATH")}, {}
    os.environ["SLURM_CONF"] = str(conf)
    os.environ["PATH"] = os.pathsep.join([str(folder / "bin"), before["PATH"] or os.defpath])
    try:
        munge = folder / "munge"
        files = [f"--{what}-file={munge / what}" for what in ("key", "pid", "seed")]
        start(folder, daemons, "munged", "--foreground", f"--socket={munge / 'socket'}", *files)
        wait_until((munge / "socket").exists, 10, "munged doesn't start", daemons, folder)
        start(folder, daemons, "slurmctld", "-D")
        start(folder, daemons, "slurmd", "-D", "-N", "node1")
        wait_until(idle, 60, "the node doesn't come up", daemons, folder)
        yield
        cancel()
    finally:
        stop(daemons)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value

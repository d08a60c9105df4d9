"""An object store of this machine: moto's server, in an environment of its own."""

import socket
import subprocess
import time
import venv

import boto3
import botocore.exceptions
import pytest

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Return a client of a store with the bucket ``lab``, and its address."""
    folder = tmp_path_factory.mktemp("moto")
    venv.create(folder / "env", with_pip=True)
    command = [folder / "env" / "bin" / "python", "-m", "pip", "install", "--quiet", "moto[server]==5.1.17"]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"needs a package index with moto: {made.stderr[-200:]}")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [folder / "env" / "bin" / "moto_server", "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
    )
    try:
        for _ in range(120):
            try:
                client.create_bucket(Bucket="lab")
                break
            except botocore.exceptions.EndpointConnectionError:
                time.sleep(0.5)
        yield client, address
    finally:
        server.terminate()
        server.wait()

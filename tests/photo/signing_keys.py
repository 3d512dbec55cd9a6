# SPDX-License-Identifier: Apache-2.0
"""Certificates for signing, made by the openssl program."""

from __future__ import annotations

import subprocess
from pathlib import Path

from bwcolor.photo.signing import Signing

LEAF = """basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=emailProtection
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
"""


def make_keys(folder: Path) -> Signing:
    """Write a test authority, and a certificate of an archive that it issued, into a folder."""
    (folder / "leaf.cnf").write_text(LEAF)
    for command in (
        "openssl ecparam -name prime256v1 -genkey -noout -out ca.key",
        "openssl req -x509 -new -key ca.key -subj /CN=Test/O=Test -out ca.pem -addext keyUsage=critical,keyCertSign",
        "openssl ecparam -name prime256v1 -genkey -noout -out leaf.sec1",
        "openssl pkcs8 -topk8 -nocrypt -in leaf.sec1 -out leaf.key",
        "openssl req -new -key leaf.key -subj /CN=Archive/O=Archive -out leaf.csr",
        "openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile leaf.cnf -out leaf.pem",
    ):
        subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    (folder / "chain.pem").write_bytes((folder / "leaf.pem").read_bytes() + (folder / "ca.pem").read_bytes())
    return Signing(folder / "chain.pem", folder / "leaf.key")

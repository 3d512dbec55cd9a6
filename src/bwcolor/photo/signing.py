# SPDX-License-Identifier: Apache-2.0
"""C2PA manifests (C2PA Technical Specification 2): outputs signed with the archive's certificate, the scan as parent.

The optional ``c2pa-python`` does the work. Nothing is fetched: no time stamp authority, no remote manifest of a scan.
A signature holds random bytes and the time, so signed outputs differ from run to run; unsigned ones never do.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from bwcolor import __version__
from bwcolor.errors import MissingExtraError, OutputError, UsageError
from bwcolor.photo.provenance import COMPOSITE, SOFTWARE, Provenance

# What the package can sign, and what it takes as an ingredient
TYPES = {"jpeg": "image/jpeg", "png": "image/png", "tiff": "image/tiff", "webp": "image/webp"}
INGREDIENT_TYPES = TYPES | {"avif": "image/avif", "heic": "image/heic"}
SETTINGS = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "builder": {"thumbnail": {"enabled": False}},  # it would decode the whole picture once more
}
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


@dataclass(frozen=True)
class Signing:
    """With what outputs are signed.

    Attributes:
        certificate: PEM file: the certificate, then those of its issuers.
        key: PEM file: its private key, not encrypted.
    """

    certificate: Path
    key: Path


def check(signing: Signing) -> None:
    """See that outputs can be signed, before any work is done.

    Raises:
        MissingExtraError: c2pa-python is not installed.
        UsageError: The files cannot be read, or do not fit.
    """
    import io

    from PIL import Image

    trial, signed = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (1, 1)).save(trial, "PNG")
    with _signer(signing) as signer:
        import c2pa

        try:
            with c2pa.Builder(_manifest(signing.certificate, "png", None)) as builder:
                builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
                builder.sign(signer, TYPES["png"], trial, signed)
        except c2pa.C2paError as error:
            raise _misfit(signing, error) from error


def _signer(signing: Signing) -> Any:
    try:
        import c2pa
    except ImportError as error:
        raise MissingExtraError("Signing needs c2pa-python.", "pip install 'bwcolor[c2pa]'") from error
    try:
        certificate, key = signing.certificate.read_bytes(), signing.key.read_bytes()
        algorithm = _algorithm(key).encode()
        return c2pa.Signer.from_info(c2pa.C2paSignerInfo(algorithm, certificate, key, None))
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be read: {error.strerror}.", "Name PEM files.") from error
    except (c2pa.C2paError, ValueError, TypeError) as error:
        raise _misfit(signing, error) from error


def _misfit(signing: Signing, error: Exception) -> UsageError:
    return UsageError(
        f"{signing.certificate} and {signing.key} cannot sign: {' '.join(str(error).split())[:200]}",
        "C2PA wants a certificate for e-mail protection or document signing with its issuers, and its key, as PEM.",
    )


def _algorithm(key: bytes) -> str:
    """Return C2PA's name of the signature algorithm that a private key is for."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    loaded = serialization.load_pem_private_key(key, None)
    if isinstance(loaded, ec.EllipticCurvePrivateKey) and loaded.curve.name in _CURVES:
        return _CURVES[loaded.curve.name]
    if isinstance(loaded, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(loaded, rsa.RSAPrivateKey):
        return "ps256"
    raise ValueError("a private key of a kind that C2PA does not know")


def sign(
    file: BinaryIO, target: Path, kind: str, source: tuple[Path, str], signing: Signing, provenance: Provenance | None
) -> tuple[str, ...]:
    """Put a signed manifest into a written file.

    Args:
        file: The file, open for reading and writing; its content is replaced.
        target: Its name, for the manifest; its folder holds the copy that is signed meanwhile.
        kind: Its row of the FORMATS table.
        source: The scan's file and its row: the parent ingredient.
        signing: Certificate and key.
        provenance: By what the photo was colored.

    Returns:
        Names of what could not be done: a format that cannot be signed.

    Raises:
        OutputError: Signing failed.
    """
    if kind not in TYPES:
        return ("C2PA manifest",)
    import c2pa

    signer = _signer(signing)
    try:
        with tempfile.TemporaryFile(dir=target.parent) as signed, c2pa.Settings.from_dict(SETTINGS) as settings:
            with (
                c2pa.Context(settings) as context,
                c2pa.Builder(_manifest(target, kind, provenance), context) as builder,
            ):
                builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
                lost = _add_parent(builder, *source)
                file.seek(0)
                builder.sign(signer, TYPES[kind], file, signed)
            signed.seek(0)
            file.seek(0)
            file.truncate()
            shutil.copyfileobj(signed, file)
    except c2pa.C2paError as error:
        raise OutputError(f"{target} cannot be signed: {' '.join(str(error).split())[:200]}") from error
    finally:
        signer.close()
    return lost


def _add_parent(builder: Any, path: Path, kind: str) -> tuple[str, ...]:
    """Name the scan as what the output was made from, by its hash and with its own manifest if it has one."""
    if kind not in INGREDIENT_TYPES:
        return ("C2PA ingredient",)
    with path.open("rb") as scan:
        builder.add_ingredient({"title": path.name, "relationship": "parentOf"}, INGREDIENT_TYPES[kind], scan)
    return ()


def _manifest(target: Path, kind: str, provenance: Provenance | None) -> dict[str, Any]:
    action: dict[str, Any] = {
        "action": "c2pa.color_adjustments",
        "softwareAgent": {"name": SOFTWARE, "version": __version__},
        "digitalSourceType": provenance.source_type if provenance else COMPOSITE,
    }
    if provenance:
        action["parameters"] = {
            "description": "colorized by a neural network",
            "model": provenance.model,
            "weights_sha256": provenance.weights_sha256,
            "options": json.loads(provenance.options),
        }
    return {
        "claim_generator_info": [{"name": SOFTWARE, "version": __version__}],
        "title": target.name,
        "format": TYPES[kind],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}],
    }

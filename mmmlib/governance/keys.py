"""Keys that prove who signed: Ed25519, as OpenSSH writes them.

A signature is made with the signer's own private key and checked against the public key that the
roles file names. An Ed25519 key that somebody has for SSH already will do.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING

from mmmlib.errors import InputError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KIND = "ssh-ed25519"


def make_key(path: Path, passphrase: str = "") -> str:
    """Write a new private key, readable by its owner alone, with its public key (``.pub``) beside it.

    Returns the public key in one line, for the roles file. Nothing is replaced: InputError where the file
    is there.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, encryption
    )
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise InputError.one(path, "FILE", "a file", "a name that is free") from None
    with os.fdopen(handle, "wb") as file:
        file.write(text)
    line = _public_line(key)
    path.with_name(f"{path.name}.pub").write_text(f"{line}\n", encoding="utf-8")
    return line


def read_key(path: Path, passphrase: str = "") -> Ed25519PrivateKey:
    """Read a private key; InputError if it is no Ed25519 key, or the passphrase is missing or wrong."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    expected = "a private Ed25519 key of OpenSSH"
    action = "Make one with 'mmm key', or with 'ssh-keygen -t ed25519'."
    try:
        content = path.read_bytes()
    except OSError as error:
        found = error.strerror or "nothing that can be read"
        raise InputError.one(path, "the file", found.lower(), expected, action) from None
    try:
        key = load_ssh_private_key(content, passphrase.encode() or None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InputError.one(path, "the file", str(error), expected, action) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError.one(path, "the file", "a key of another kind", expected, action)
    return key


def is_encrypted(path: Path) -> bool:
    """Say whether a private key asks for a passphrase."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    try:
        load_ssh_private_key(path.read_bytes(), None)
    except TypeError:  # how it says that a passphrase is needed
        return True
    except (OSError, ValueError, UnsupportedAlgorithm):
        return False  # read_key tells what is wrong
    return False


def sign_statement(key: Ed25519PrivateKey, statement: bytes) -> tuple[str, str]:
    """Sign a statement; return the signature in base64, and the public key that proves it."""
    return base64.b64encode(key.sign(statement)).decode(), _public_line(key)


def proves(public: str, statement: bytes, signature: str) -> bool:
    """Say whether a signature of a statement was made with the private half of a public key."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    try:
        key = load_ssh_public_key(public.encode())
        assert isinstance(key, Ed25519PublicKey)
        key.verify(base64.b64decode(signature, validate=True), statement)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_key_line(text: str) -> str:
    """Return a public key without its comment; ValueError if it is none of Ed25519."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    words = text.split()
    if len(words) < 2 or words[0] != KIND:
        raise ValueError(f"a public key in one line, '{KIND} AAAA…'")
    try:
        load_ssh_public_key(" ".join(words[:2]).encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(f"a whole public key in one line, '{KIND} AAAA…'") from None
    return " ".join(words[:2])


def _public_line(key: Ed25519PrivateKey) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()

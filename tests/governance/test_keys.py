"""Keys prove who signed; whatever is not the key, the statement or the signature proves nothing."""

from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from mmmlib.errors import InputError
from mmmlib.governance.keys import (
    is_encrypted,
    make_key,
    proves,
    public_key_line,
    read_key,
    sign_statement,
)


def test_a_signature_proves_its_statement_alone(tmp_path: Path) -> None:
    public = make_key(tmp_path / "key")
    other = make_key(tmp_path / "other")
    signature, shown = sign_statement(read_key(tmp_path / "key"), b"as it is")
    assert shown == public
    assert proves(public, b"as it is", signature)
    assert not proves(public, b"as it was", signature)
    assert not proves(other, b"as it is", signature)
    assert not proves(public, b"as it is", "AAAA")
    assert not proves(public, b"as it is", "not base64!")


def test_a_private_key_is_the_owners_alone_and_never_replaced(tmp_path: Path) -> None:
    public = make_key(tmp_path / "key")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert (tmp_path / "key.pub").read_text() == f"{public}\n"
    before = (tmp_path / "key").read_bytes()
    with pytest.raises(InputError, match="a name that is free"):
        make_key(tmp_path / "key")
    assert (tmp_path / "key").read_bytes() == before


def test_a_passphrase(tmp_path: Path) -> None:
    public = make_key(tmp_path / "key", "open sesame")
    assert is_encrypted(tmp_path / "key")
    assert sign_statement(read_key(tmp_path / "key", "open sesame"), b"x")[1] == public
    for wrong in ("", "open barley"):
        with pytest.raises(InputError):
            read_key(tmp_path / "key", wrong)


def test_what_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("a text")
    for name in ("text", "missing"):
        with pytest.raises(InputError, match="a private Ed25519 key"):
            read_key(tmp_path / name)
    for text in ("", "ssh-rsa AAAA", "ssh-ed25519 AAAA", "Dana"):
        with pytest.raises(ValueError, match="public key in one line"):
            public_key_line(text)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="OpenSSH is not on this machine")
def test_a_key_of_openssh(tmp_path: Path) -> None:
    path = tmp_path / "id_ed25519"
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "dana@laptop", "-f", path]
    subprocess.run(command, check=True)
    public = public_key_line((tmp_path / "id_ed25519.pub").read_text())
    signature, shown = sign_statement(read_key(path), b"x")
    assert shown == public
    assert proves(public, b"x", signature)

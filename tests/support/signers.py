"""Real keys of every kind that git signs with, made for one test and known to git where the test says."""

from __future__ import annotations

import contextlib
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

FORMATS = {"openpgp": "gpg", "ssh": "ssh-keygen", "x509": "gpgsm"}
_CERTIFICATE = """Key-Type: RSA
Key-Length: 2048
Key-Usage: sign
Serial: random
Name-DN: CN=Ada
Name-Email: ada@example.com
%commit
"""


@contextlib.contextmanager
def signer(form: str, folder: Path, env: Mapping[str, str], *, passphrase: str = "") -> Iterator[dict[str, str]]:
    """Make a key, and stop at the end what looks after it.

    Args:
        form: of git's gpg.format.
        folder: an empty folder for it; also GNUPGHOME, which `env` must say.
        env: the environment of the tools.
        passphrase: of the key; x509 has none.

    Returns:
        git's settings by which it signs with the key and trusts it.
    """
    folder.chmod(0o700)

    def run(*command: str, stdin: bytes = b"") -> bytes:
        return subprocess.run(command, env=dict(env), input=stdin, capture_output=True, check=True, timeout=60).stdout

    try:
        yield {"gpg.format": form} | _MAKERS[form](folder, run, passphrase)
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], env=dict(env), capture_output=True, check=False)


def _ssh(folder: Path, run: Callable[..., bytes], passphrase: str) -> dict[str, str]:
    key = folder / "key"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", str(key))
    (folder / "signers").write_text(f"ada@example.com {key.with_suffix('.pub').read_text()}")
    return {"user.signingKey": str(key), "gpg.ssh.allowedSignersFile": str(folder / "signers")}


def _openpgp(_: Path, run: Callable[..., bytes], passphrase: str) -> dict[str, str]:
    quiet = ["gpg", "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", passphrase]
    run(*quiet, "--quick-gen-key", "Ada <ada@example.com>", "ed25519", "sign", "never")
    # What the agent remembers of the making would spare it the question.
    run("gpgconf", "--kill", "gpg-agent")
    return {"user.signingKey": "ada@example.com"}


def _x509(folder: Path, run: Callable[..., bytes], _: str) -> dict[str, str]:
    (folder / "gpgsm.conf").write_text("disable-crl-checks\n")
    # With an empty passphrase from its own descriptor; it knows no %no-protection.
    generate = "gpgsm --batch --pinentry-mode loopback --passphrase-fd 3 --generate-key 3</dev/null"
    certificate = run("sh", "-c", generate, stdin=_CERTIFICATE.encode())
    run("gpgsm", "--batch", "--import", stdin=certificate)
    listed = run("gpgsm", "--batch", "--list-keys", "--with-colons").decode().splitlines()
    fingerprint = next(line.split(":")[9] for line in listed if line.startswith("fpr:"))
    (folder / "trustlist.txt").write_text(f"{fingerprint} S relax\n")
    run("gpgconf", "--kill", "gpg-agent")
    return {"user.signingKey": f"0x{fingerprint}"}


_MAKERS = {"ssh": _ssh, "openpgp": _openpgp, "x509": _x509}

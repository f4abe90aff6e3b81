"""A real sshd on loopback, run by whoever runs the tests, with keys of its own; the client's host keys stay checked."""

from __future__ import annotations

import contextlib
import os
import pwd
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tests.support.servers.backend import server_environment
from tests.support.servers.processes import running

if TYPE_CHECKING:
    from collections.abc import Iterator

Known = Literal["right", "wrong", "none"]
# Root's sshd wants it, empty; Debian's service makes it at every start, and where none has started we do.
_PRIVILEGES = Path("/run/sshd")
ALIAS = "forge.test"


@dataclass(frozen=True, slots=True)
class SshServer:
    """An sshd that lets one key in, as the user who runs the tests."""

    root: Path
    folder: Path
    port: int
    user: str

    def url(self, name: str) -> str:
        return f"ssh://{self.user}@127.0.0.1:{self.port}{self.root / name}"

    def short_url(self, name: str) -> str:
        """Return the form `user@host:path`; only this server's own ssh settings know the host."""
        return f"{self.user}@{ALIAS}:{self.root / name}"

    def command(self, known: Known = "right") -> str:
        """Return GIT_SSH_COMMAND: with the host's key known, with another one in its place, or with none."""
        return shlex.join(["ssh", "-F", str(self.folder / f"config-{known}")])

    def env(self, known: Known = "right") -> dict[str, str]:
        return {"GIT_SSH_COMMAND": self.command(known)}


def find_sshd() -> str | None:
    """Return the path of sshd, which refuses to start by any other name than its full one."""
    return shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:/sbin")


def why_no_sshd() -> str | None:
    """Return why there can be no server here, or None."""
    if find_sshd() is None or shutil.which("ssh") is None or shutil.which("ssh-keygen") is None:
        return "sshd, ssh or ssh-keygen is not installed (Debian: openssh-server)"
    if os.geteuid() == 0:
        try:
            _PRIVILEGES.mkdir(mode=0o755, exist_ok=True)
        except OSError as error:
            return f"root's sshd needs {_PRIVILEGES}: {error}"
    return None


@contextlib.contextmanager
def ssh_server(root: Path, folder: Path) -> Iterator[SshServer]:
    """Serve a folder of bare repositories by ssh.

    Args:
        root: the repositories' folder.
        folder: a new folder for keys, settings and the log.
    """
    sshd = find_sshd()
    assert sshd
    folder.mkdir(mode=0o700)
    for name in ("host", "other", "client"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)]
        subprocess.run(words, check=True, capture_output=True)
    shutil.copy(folder / "client.pub", folder / "authorized_keys")
    user = pwd.getpwuid(os.geteuid()).pw_name

    def command(port: int) -> list[str]:
        (folder / "sshd_config").write_text(_server_settings(folder, port))
        return [sshd, "-D", "-e", "-f", str(folder / "sshd_config")]

    with running(command, server_environment(root), folder / "log") as port:
        for known, key in (("right", "host"), ("wrong", "other"), ("none", None)):
            _client_settings(folder, known, key, port)
        yield SshServer(root, folder, port, user)


def _server_settings(folder: Path, port: int) -> str:
    # Without StrictModes, as /tmp may be written by all; the shell's own settings of git stay out.
    return f"""\
ListenAddress 127.0.0.1:{port}
HostKey {folder / "host"}
AuthorizedKeysFile {folder / "authorized_keys"}
PidFile none
StrictModes no
UsePAM no
UseDNS no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PermitUserRC no
AllowTcpForwarding no
MaxStartups 200
AcceptEnv GIT_PROTOCOL
SetEnv GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
"""


def _client_settings(folder: Path, known: str, key: str | None, port: int) -> None:
    hosts = folder / f"known_hosts-{known}"
    hosts.write_text(f"[127.0.0.1]:{port} {(folder / f'{key}.pub').read_text()}" if key else "")
    (folder / f"config-{known}").write_text(f"""\
Host {ALIAS}
  HostName 127.0.0.1
  Port {port}
Host *
  IdentityFile {folder / "client"}
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile {hosts}
  GlobalKnownHostsFile /dev/null
  BatchMode yes
  ConnectTimeout 10
""")

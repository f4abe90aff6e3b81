"""Which proxy and which authorities a connection uses, from the variables that git, curl and requests know."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bggen.errors import ForgeError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

# The first that is set decides alone, as a set that replaces the system's: git's own, OpenSSL's, requests', curl's.
_FILES = ("GIT_SSL_CAINFO", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_FOLDERS = ("GIT_SSL_CAPATH", "SSL_CERT_DIR")


def proxy_for(url: str, environ: Mapping[str, str]) -> str | None:
    """Return the proxy for the URL, or None for a direct connection.

    Lower-case variables win, and `HTTP_PROXY` in capitals is not read, both as in curl: a CGI server sets that one
    from a request's header (https://curl.se/docs/manpage.html#ENVIRONMENT).
    """
    parts = urlsplit(url)
    if _excepted(parts.hostname or "", parts.port, environ.get("no_proxy") or environ.get("NO_PROXY") or ""):
        return None
    names = ["https_proxy", "HTTPS_PROXY"] if parts.scheme == "https" else ["http_proxy"]
    found = next((environ[name] for name in [*names, "all_proxy", "ALL_PROXY"] if environ.get(name)), None)
    return f"http://{found}" if found and "://" not in found else found


def _excepted(host: str, port: int | None, text: str) -> bool:
    """Whether NO_PROXY names the host: `*`, a name with all below it, a name with a port, an address, a network."""
    for entry in text.replace(",", " ").split():
        name, _, wanted = entry.rpartition(":") if entry.count(":") == 1 else (entry, "", "")
        if wanted and wanted != str(port or ""):
            continue
        name = name.lower().removeprefix("*.").strip(".[]")
        if entry == "*" or (name and (host == name or host.endswith(f".{name}"))) or _in_network(host, name):
            return True
    return False


def _in_network(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def ssl_context(environ: Mapping[str, str], *, of_git: bool = True) -> ssl.SSLContext:
    """Return the settings of TLS, with the authorities that a variable names, else the system's, else httpx's own.

    Args:
        environ: the variables.
        of_git: whether git's own are among them; an app need not have its certificate from where the forge has it.

    Raises:
        ForgeError: a variable names what cannot be read.
    """
    import ssl  # noqa: PLC0415  # only a connection needs it

    import httpx  # noqa: PLC0415  # the same

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for name in (*_FILES, *_FOLDERS):
        value = environ.get(name)
        if not value or (name.startswith("GIT_") and not of_git):
            continue
        path = Path(value)
        try:
            if path.is_dir():
                context.load_verify_locations(capath=value)
            else:
                context.load_verify_locations(cafile=value)
        except OSError as error:
            reason = error.strerror or "it holds no certificate"
            message = f"{name} names {value}, which cannot be used: {reason}"
            raise ForgeError(message, hint="it must be a file or a folder of PEM certificates") from None
        return context
    context.load_default_certs()
    paths = ssl.get_default_verify_paths()
    if not paths.cafile and not paths.capath:
        return httpx.create_ssl_context(trust_env=False)
    return context

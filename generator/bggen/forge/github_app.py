"""Signing in to GitHub as a GitHub App: a signed word of the app's is exchanged for a token of one installation.

Source: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from bggen.errors import ForgeError, UsageError
from bggen.forge.client import Client
from bggen.forge.github import headers
from bggen.forge.reading import number, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.forge.place import Place

APP_ID: Final = "BGGEN_GITHUB_APP_ID"
KEY: Final = "BGGEN_GITHUB_APP_KEY"
INSTALLATION: Final = "BGGEN_GITHUB_APP_INSTALLATION"

# GitHub takes at most ten minutes, and its clock may be behind ours.
_LIFE: Final = 540
_EARLIER: Final = 60


def app_token(place: Place, environ: Mapping[str, str]) -> str | None:
    """Return a token of the app's installation, good for an hour and for this repository; None where no app is named.

    Raises:
        UsageError: the app's variables do not fit.
        ForgeError: GitHub refuses the app, or PyJWT is not installed.
    """
    app = environ.get(APP_ID)
    if not app:
        return None
    word = _signed(app, _key(environ))
    client = Client(place.api, headers(word), secrets=[word], environ=environ)
    installation = environ.get(INSTALLATION)
    if not installation:
        found = client.send("GET", f"/repos/{quote(place.project)}/installation")
        installation = str(number(found, "id", "GitHub"))
    if not installation.isdecimal():
        raise UsageError(f"{INSTALLATION} is not a number", hint="it ends the address of the installation's settings")
    body = {"repositories": [place.project.partition("/")[2]]}
    given = client.send("POST", f"/app/installations/{installation}/access_tokens", json=body, again=True)
    token = text(given, "token")
    if not token:
        raise ForgeError(f"{client.host} gave the GitHub App {app} no token")
    return token


def _key(environ: Mapping[str, str]) -> str:
    """Return the private key: given as itself, with real or written line breaks (CI systems write them), or a path."""
    given = environ.get(KEY, "").strip()
    if not given:
        raise UsageError(f"{APP_ID} is set and {KEY} is not", hint="set it to the app's private key, or to its path")
    if given.startswith("-----BEGIN"):
        return given.replace("\\n", "\n")
    try:
        return Path(given).read_text(encoding="utf-8")
    except (OSError, ValueError):
        # It may be the key itself, damaged: it is not shown.
        raise UsageError(f"{KEY} is neither a PEM text nor a readable file") from None


def _signed(app: str, key: str) -> str:
    try:
        import jwt  # noqa: PLC0415  # an extra, which takes 100 ms to import
    except ModuleNotFoundError:
        message = "signing in as a GitHub App needs PyJWT, which is not installed"
        raise ForgeError(message, hint="pip install 'bggen[github-app]'") from None
    now = int(time.time())
    try:
        return jwt.encode({"iat": now - _EARLIER, "exp": now + _LIFE, "iss": app}, key, algorithm="RS256")
    except NotImplementedError:
        message = "signing in as a GitHub App needs cryptography, which is not installed"
        raise ForgeError(message, hint="pip install 'bggen[github-app]'") from None
    except (ValueError, TypeError, jwt.exceptions.PyJWTError):
        raise UsageError(f"{KEY} is not a private key that signs by RS256", hint="use the .pem from GitHub") from None

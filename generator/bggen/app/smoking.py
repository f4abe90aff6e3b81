"""smoke: ask a colour from where the user is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bggen.app.inputs import Source, choose
from bggen.app.reading import open_reading
from bggen.app.views import Smoked
from bggen.asking import parse_address, parse_base, question
from bggen.credentials import secrets
from bggen.errors import UsageError, VerificationError
from bggen.probing import ask
from bggen.spec import FORGETFUL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bggen.app.place import Place
    from bggen.model import Color
    from bggen.model.probes import Question, Tries

# A token of RFC 9110, section 5.6.2.
_NAME = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What says how the message itself is read, or whom it is for.
_OWN = frozenset({"connection", "content-length", "expect", "host", "te", "trailer", "transfer-encoding", "upgrade"})


def smoke(
    place: Place,
    app: str | None,
    env: str | None,
    environ: Mapping[str, str],
    *,
    color: Color | None = None,
    release: int | None = None,
    url: str | None = None,
    connect_to: str | None = None,
    headers: Sequence[str] = (),
    seconds: int | None = None,
) -> Smoked:
    """Run the smoke test of the release that a colour holds, from here.

    Args:
        place: the config repo; nothing of what it is read with goes to the app.
        app: the app.
        env: the environment.
        environ: the variables: of proxies, authorities, and those that `headers` name.
        color: which colour.
        release: the number that it must hold.
        url: where the app is reached; None for what the route says.
        connect_to: what takes the connection.
        headers: `NAME=VARIABLE` each.
        seconds: in which time it must pass.

    Raises:
        UsageError: an option makes no sense.
        RefusedError: there is nothing to ask, or it is not known where.
        VerificationError: it did not pass; the tries are known.
    """
    base = parse_base(url) if url is not None else None
    address = parse_address(connect_to) if connect_to is not None else None
    sent = _headers(headers, environ)
    with open_reading(place) as reading:
        source = Source(reading.files, FORGETFUL)
        name, environment = choose(source, place, app, env)
        state, _ = source.state(name, environment)
    asked = question(state, color=color, release=release, base=base, seconds=seconds)
    tries = ask(asked, environ, headers=sent, connect_to=address)
    outcome = Smoked(name, environment, asked, tries, connect_to, tuple(sent))
    if tries.passed:
        return outcome
    last = tries.answers[-1][0] if tries.answers else None
    error = VerificationError(
        f"{name}/{environment}: {asked.color} does not answer {asked.expect} within {asked.seconds} s"
        f" at {asked.url}: {last.words if last else 'not asked'}",
        hint=_hint(asked, tries, name),
    )
    error.known = outcome
    raise error


def _headers(given: Sequence[str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return headers with their values, which come from variables so that no argument holds a secret."""
    found: dict[str, str] = {}
    own = secrets(environ)
    for text in given:
        name, equals, variable = text.partition("=")
        if not equals or not _NAME.fullmatch(name) or not _VARIABLE.fullmatch(variable):
            # What does not fit may be the value itself.
            raise UsageError(
                "--header: is not like NAME=VARIABLE",
                hint="the value is taken from the environment variable, so that no argument holds a secret",
            )
        if name.lower() in _OWN:
            raise UsageError(f"--header {name}: is not for users to set", hint="--url and --connect-to say where to")
        value = environ.get(variable, "")
        if not value:
            raise UsageError(f"--header {name}: the variable {variable} is not set, or empty")
        if not value.isascii() or not value.isprintable():
            raise UsageError(f"--header {name}: {variable} holds characters that no header can hold")
        if variable.startswith("BGGEN_") or any(secret in value for secret in own):
            raise UsageError(f"--header {name}: {variable} is for the config repo, and not sent to an app")
        found[name] = value
    return found


def _hint(asked: Question, tries: Tries, app: str) -> str:
    last = tries.answers[-1][0] if tries.answers else None
    if last is not None and last.status is not None and 300 <= last.status < 400:  # noqa: PLR2004 - redirects
        return "redirects are not followed: --url https://HOST names another address, smoke.expect another status"
    match last.reason if last else None:
        case "name":
            return "--connect-to HOST[:PORT] asks there, whatever DNS says, for the same URL"
        case "tls":
            return "SSL_CERT_FILE names the authority of a private certificate"
        case "proxy":
            return "NO_PROXY names hosts that are asked without it"
    pods = f"kubectl get pods -l app.kubernetes.io/name={app} -L bggen.dev/color,bggen.dev/release"
    return f"{pods} says whether release {asked.release} is there yet"

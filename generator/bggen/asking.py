"""What to ask a colour from outside the cluster: the smoke test of its release, by the way that its route leads there.

The state says it all, and app.yaml nothing: what was edited since the bump runs nowhere yet.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bggen.errors import RefusedError, UsageError
from bggen.model.probes import Question
from bggen.spec.prefixes import component_at
from bggen.transitions.result import active_of, idle_of

if TYPE_CHECKING:
    from bggen.model import Color, EnvState, Release, Route
    from bggen.model.parts import HttpSmoke, Preview

_HOST = re.compile(r"[A-Za-z0-9_]([-A-Za-z0-9_.]*[A-Za-z0-9_.])?|\[[0-9a-fA-F:.]+\]")
_BASE = re.compile(rf"(?P<scheme>https?)://(?P<host>{_HOST.pattern})(:(?P<port>[0-9]{{1,5}}))?(?P<path>/[!-~]*)?")
_ADDRESS = re.compile(rf"(?P<host>{_HOST.pattern})(:(?P<port>[0-9]{{1,5}}))?")
_HIGHEST_PORT = 65535
_ROUTES = frozenset({"HTTPRoute", "Ingress"})
_ALB = "alb.ingress.kubernetes.io"


def parse_base(text: str) -> str:
    """Return the beginning of a URL that a user names, to which the path of the smoke test is added.

    Raises:
        UsageError: it is no http or https URL, or has what a beginning cannot have.
    """
    if "@" in re.split(r"[/?#]", text.partition("://")[2])[0]:
        # The message must not repeat it.
        raise UsageError("--url: a user or password in a URL is not taken", hint="--header NAME=VARIABLE sends one")
    match = _BASE.fullmatch(text)
    if match is None or not _port_exists(match["port"]):
        raise UsageError(f"--url {_shown(text)!r}: is not like https://HOST[:PORT][/PATH]")
    if "?" in text or "#" in text:
        raise UsageError(f"--url {_shown(text)!r}: is a beginning, to which the smoke test's path is added: no ? and #")
    return text.rstrip("/")


def parse_address(text: str) -> tuple[str, int | None]:
    """Return host and port of what is to be connected to; the URL's own port where there is none.

    Raises:
        UsageError: it is no address.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None or not _port_exists(match["port"]):
        raise UsageError(f"--connect-to {_shown(text)!r}: is not like HOST[:PORT], or [ADDRESS]:PORT for IPv6")
    return match["host"], int(match["port"]) if match["port"] else None


def question(
    state: EnvState,
    *,
    color: Color | None = None,
    release: int | None = None,
    base: str | None = None,
    seconds: int | None = None,
) -> Question:
    """Return what to ask.

    Args:
        state: the (app, env).
        color: which colour; None for the one that holds `release`, else for the idle one.
        release: the number that it must hold; None for whatever it holds.
        base: where the app is reached; None for what the route says.
        seconds: in which time it must pass; None for what the smoke test says.

    Raises:
        RefusedError: `empty-idle`, `stale`, `parked`, `no-smoke`, or `no-url`.
    """
    asked, held = _held(state, color, release)
    if not state.runs(asked):
        raise _asleep(state, asked, held)
    test = _test(state, held)
    active = asked is state.active
    # Wherever a user's own address leads, the header leads on to the colour, or means nothing there.
    by_header = not active
    if base is None:
        base, by_header = _active_base(state, test) if active else _idle_base(state, held, test)
    header = _header(state, held, asked) if by_header else None
    if not active and header is None:
        _refuse_live(state, base)
    return Question(
        color=asked,
        release=held.number,
        active=active,
        # What stands behind a `#` is for the client, and never sent.
        url=base + test.path.partition("#")[0],
        header=(header, str(asked)) if header else None,
        expect=test.expect,
        seconds=seconds or test.timeout,
        doubt=_doubt(state, asked) if header else None,
    )


def _doubt(state: EnvState, color: Color) -> str | None:
    """Say so where a header may lead to the other colour.

    While a canary's Service has no ready pods, ingress-nginx goes on as if there were no canary, by
    `route_to_alternative_balancer` of
    https://github.com/kubernetes/ingress-nginx/blob/main/rootfs/etc/nginx/lua/balancer.lua.
    """
    current = state.active_release
    if current is None or current.spec.route is None or current.spec.route.controller != "nginx":
        return None
    return f"while {color} has no ready pods, ingress-nginx lets {color.other} answer: the answer may be its"


def _held(state: EnvState, color: Color | None, release: int | None) -> tuple[Color, Release]:
    active, current = active_of(state)
    idle = state.idle_release
    if release is not None and color is None:
        # A job that runs again after the flip means the same release.
        color = active if current.number == release else active.other
    asked, held = (active, current) if color is active else idle_of(state)
    if release not in (None, held.number):
        holds = f"{active} holds release {current.number}, {active.other} " + (
            f"holds release {idle.number}" if idle else "is empty"
        )
        raise RefusedError(
            f"{_where(state)}: {asked} does not hold release {release}: {holds}",
            hint="bggen status shows what runs where",
            kind="stale",
        )
    return asked, held


def _asleep(state: EnvState, color: Color, held: Release) -> RefusedError:
    if held.spec.rollout is not None:
        # The preview Service of a Rollout without a newer release leads to the active one:
        # https://argo-rollouts.readthedocs.io/en/stable/features/bluegreen/#sequence-of-events
        message, hint = "the Rollout has no pods of it that wait", "bggen bump --force makes a new release of it"
    else:
        message, hint = f"{color} is parked", f"bggen wake {_options(state)}"
    return RefusedError(f"{_where(state)}: release {held.number} does not run: {message}", hint=hint, kind="parked")


def _test(state: EnvState, held: Release) -> HttpSmoke:
    from bggen.model.parts import HttpSmoke  # noqa: PLC0415 - most apps do without its module

    test = held.spec.smoke
    if test is None:
        raise RefusedError(
            f"{_where(state)}: release {held.number} has no smoke test",
            hint="smoke: {path: /ready} in app.yaml, and a bump",
            kind="no-smoke",
        )
    if not isinstance(test, HttpSmoke):
        raise RefusedError(
            f"{_where(state)}: the smoke test of release {held.number} is a command of an image,"
            " which runs in the cluster only",
            hint="a smoke test with a `path` is asked from outside as well",
            kind="no-smoke",
        )
    return test


def _refuse_live(state: EnvState, base: str) -> None:
    """Refuse to ask the idle colour where users are served: the active one would answer, and pass for it."""
    active, current = active_of(state)
    match = _BASE.match(base)
    if match and current.spec.route and match["host"].lower() in current.spec.route.hosts:
        raise RefusedError(
            f"{_where(state)}: {match['host']} leads to {active}, which is active, and no header leads past it",
            hint=f"--color {active} asks that one; a preview host or header leads to {active.other}",
            kind="no-url",
        )


def _header(state: EnvState, held: Release, color: Color) -> str | None:
    """Return the header that leads to the colour, where a route is rendered that knows it."""
    from bggen.render import render  # noqa: PLC0415 - few apps have a header, and it is not free

    header = _preview_header(held.spec.route)
    if header is None:
        return None
    # What two releases have in common decides whether there is such a route; the renderer knows, and says so.
    routes = [each.text for each in render(state) if each.kind in _ROUTES]
    return header if any(header in text and str(color) in text for text in routes) else None


def _preview_header(route: Route | None) -> str | None:
    return route.preview.header if route and route.preview else None


def _active_base(state: EnvState, test: HttpSmoke) -> tuple[str, bool]:
    _, current = active_of(state)
    route = current.spec.route
    if route is None or not route.hosts:
        raise _unknown(state, f"release {current.number} has no route{'' if route is None else ' from outside'}")
    _refuse_elsewhere(state, test, route)
    return _base(state, route, route.hosts, tls=_tls(route, route)), False


def _idle_base(state: EnvState, held: Release, test: HttpSmoke) -> tuple[str, bool]:
    """Return where the idle colour is reached, and whether by the header: its own host first."""
    active, current = active_of(state)
    if held.spec.rollout is not None and state.idle != "running":
        raise _unknown(state, f"release {held.number} has no pods in the Rollout: its preview leads to {active}")
    route, live = held.spec.route, current.spec.route
    preview = route.preview if route else None
    if route and preview and preview.host and not (live and preview.host in live.hosts):
        _refuse_elsewhere(state, test, route)
        return _base(state, route, (preview.host,), tls=_tls(route, preview)), False
    if route and live and _header(state, held, active.other):
        # It leads by the paths of the colour's own release, and where that has none, by those that users have.
        _refuse_elsewhere(state, test, route, live)
        hosts = tuple(each for each in route.hosts if each in live.hosts)
        return _base(state, route if route.switch == "gateway" else live, hosts, tls=_tls(live, live)), True
    if preview and preview.host:
        raise _unknown(state, f"{preview.host} is a host of release {current.number}, which takes traffic")
    if preview:
        raise _unknown(
            state, f"no route knows the header {preview.header}, as the two releases have too little in common"
        )
    raise _unknown(state, f"release {held.number} has no preview, so nothing leads to it from outside")


def _tls(route: Route, shown: Route | Preview) -> bool:
    """Whether an Ingress is served with TLS.

    An ALB listens for TLS where it is told a certificate or the port, and not because of `tls`:
    https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/#listen-ports
    """
    if route.controller != "alb":
        return shown.tls is not None
    return f"{_ALB}/certificate-arn" in shown.annotations or "HTTPS" in shown.annotations.get(
        f"{_ALB}/listen-ports", ""
    )


def _refuse_elsewhere(state: EnvState, test: HttpSmoke, *routes: Route | None) -> None:
    """Refuse to ask where another component would answer: in the cluster the test asks its component by name."""
    asked = test.path.partition("#")[0].partition("?")[0]
    found = (component_at(asked, route.paths) for route in routes if route)
    who = next(filter(None, found), None)
    if who != test.component:
        leads = f"leads to {who}" if who else "leads nowhere"
        raise _unknown(state, f"from outside, {test.path} {leads}, and the smoke test is of {test.component}")


def _base(state: EnvState, route: Route, hosts: tuple[str, ...], *, tls: bool) -> str:
    host = next((each for each in hosts if not each.startswith("*")), None)
    if host is None:
        raise _unknown(state, f"{', '.join(hosts)} stands for many hosts" if hosts else "the releases share no host")
    if not route.parent_refs:
        return f"http{'s' * tls}://{host}"
    # Whether it is served with TLS, the Gateway's listener says, which is not ours.
    secure = {_secure(each.port, each.section_name) for each in route.parent_refs}
    if secure == {True}:
        return f"https://{host}"
    if secure == {False}:
        return f"http://{host}"
    raise _unknown(state, "the listeners of its Gateways do not tell http from https", hint=f"--url https://{host}")


def _secure(port: int | None, section: str | None) -> bool | None:
    known = {443: True, 80: False}.get(port or 0)
    if known is not None or section is None:
        return known
    return True if section.startswith("https") else False if section.startswith("http") else None


def _unknown(state: EnvState, message: str, hint: str = "--url https://HOST says where it is reached") -> RefusedError:
    return RefusedError(f"{_where(state)}: no URL is known: {message}", hint=hint, kind="no-url")


def _where(state: EnvState) -> str:
    return f"{state.app}/{state.env}"


def _options(state: EnvState) -> str:
    return f"--app {state.app} --env {state.env}"


def _port_exists(port: str | None) -> bool:
    return port is None or 0 < int(port) <= _HIGHEST_PORT


def _shown(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:100]}…"  # noqa: PLR2004 - enough to see what it is

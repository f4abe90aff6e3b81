"""Ask an app over HTTP until it answers as it must, or the time is over; what it sends beside a status is not read."""

from __future__ import annotations

import itertools
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bggen import __version__
from bggen.errors import ForgeError, UsageError
from bggen.forge.trust import proxy_for, ssl_context
from bggen.model.probes import Answer, Tries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from urllib.parse import SplitResult

    import httpx

    from bggen.model.probes import Question, Reason

CONNECT_SECONDS = 5.0
# A try may take a third of the time, so that one that hangs is not the only one; but it must not be cut short.
_SHARE, _LEAST_SECONDS = 3, 10.0
# A try that is cut short at once says nothing, and would be told as the last one.
_WORTH_SECONDS = 0.5
_PAUSES = (0.25, 0.5)
_PAUSE = 1.0
_NO_NAME = "the host's name is not known"


def ask(
    question: Question,
    environ: Mapping[str, str],
    *,
    headers: Mapping[str, str],
    connect_to: tuple[str, int | None] | None = None,
) -> Tries:
    """Ask until the answer is as it must be, or the time is over; it never takes longer, whatever the server does.

    Redirects are answers, certificates are verified, and nothing is sent but what stands here: no cookie, no password
    of a .netrc, no token of bggen's own.

    Args:
        question: what to ask.
        environ: the variables, for proxies and authorities.
        headers: to be sent as well.
        connect_to: the host and port that take the connection instead of the URL's own, without a proxy.

    Raises:
        UsageError: a variable names authorities or a proxy that cannot be used.
    """
    request = _prepared(question, environ, headers, connect_to)
    began = time.monotonic()
    end = began + question.seconds
    most = max(_LEAST_SECONDS, question.seconds / _SHARE)
    answers: dict[Answer, int] = {}
    passed = False
    for pause in _pauses():
        left = end - time.monotonic()
        if answers and left < _WORTH_SECONDS:
            break
        answer = _within(request, min(left, most))
        answers[answer] = answers.pop(answer, 0) + 1
        passed = answer.status == question.expect
        if passed:
            break
        time.sleep(max(0.0, min(pause, end - time.monotonic())))
    return Tries(tuple(answers.items()), passed, time.monotonic() - began)


@dataclass(frozen=True, slots=True)
class _Request:
    """A request that can be sent again and again, each time over a connection of its own."""

    url: str
    # What is asked for, as it stands in the spec; None for the path of the URL, in which dots are resolved.
    target: str | None
    headers: Mapping[str, str]
    # None for the URL's own.
    server_name: str | None
    verify: ssl.SSLContext | bool
    proxy: str | None


def _prepared(
    question: Question,
    environ: Mapping[str, str],
    headers: Mapping[str, str],
    connect_to: tuple[str, int | None] | None,
) -> _Request:
    parts = _parts(question.url)
    target = question.url.removeprefix(f"{parts.scheme}://{parts.netloc}")
    sent = {"Accept": "*/*", "User-Agent": f"bggen/{__version__}", "Connection": "close", **headers}
    if question.header:
        name, value = question.header
        sent[name] = value
    try:
        verify = ssl_context(environ, of_git=False) if parts.scheme == "https" else True
    except ForgeError as error:
        raise UsageError(error.message, hint=error.hint) from None
    if connect_to is None:
        proxy = _proxy(question.url, environ)
        # A proxy needs to see the whole URL, or the name of its host.
        return _Request(question.url, None if proxy else target, sent, None, verify, proxy)
    host, port = connect_to
    port = port or parts.port or (443 if parts.scheme == "https" else 80)
    sent["Host"] = parts.netloc
    url = f"{parts.scheme}://{host}:{port}/"
    _parts(url)
    return _Request(url, target, sent, parts.hostname, verify, None)


def _parts(url: str) -> SplitResult:
    """Return a URL in its parts; it brings the library, too, whose import is not to count as time to pass."""
    import httpx  # noqa: PLC0415 - takes 100 ms, and few commands need it

    try:
        httpx.URL(url)
        return urlsplit(url)
    except (httpx.InvalidURL, ValueError):
        raise UsageError(f"{url}: no such host can be asked", hint="--url https://HOST names another") from None


def _proxy(url: str, environ: Mapping[str, str]) -> str | None:
    import httpx  # noqa: PLC0415 - imported already by then

    proxy = proxy_for(url, environ)
    try:
        if proxy:
            httpx.HTTPTransport(proxy=proxy).close()
    except (ValueError, ImportError, httpx.InvalidURL):
        # The address may hold a password.
        raise UsageError(
            "the proxy that the environment names cannot be used",
            hint="check HTTPS_PROXY, http_proxy and ALL_PROXY: http://HOST:PORT",
        ) from None
    return proxy


def _pauses() -> Iterator[float]:
    return itertools.chain(_PAUSES, itertools.repeat(_PAUSE))


def _within(request: _Request, seconds: float) -> Answer:
    """Try once, in a thread that is left alone when the time is over.

    The library's own limits are for single reads, which a server that sends a byte a second never breaks, and looking
    up a name knows no limit at all. A thread that is left alone ends with the process at the latest.
    """
    results: list[Answer | Exception] = []
    done = threading.Event()

    def work() -> None:
        try:
            results.append(_tried(request, seconds))
        except Exception as error:  # noqa: BLE001 - raised again where it is seen
            results.append(error)
        done.set()

    threading.Thread(target=work, daemon=True).start()
    if not done.wait(seconds):
        return Answer(f"no answer within {seconds:.3g} s", reason="timeout")
    (result,) = results
    if isinstance(result, Exception):
        raise result
    return result


def _tried(request: _Request, seconds: float) -> Answer:
    import httpx  # noqa: PLC0415 - takes 100 ms, and few commands need it

    extensions: dict[str, object] = {}
    if request.target is not None:
        extensions["target"] = request.target.encode("ascii")
    if request.server_name is not None:
        extensions["sni_hostname"] = request.server_name
    timeout = httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))
    try:
        with (
            httpx.HTTPTransport(verify=request.verify, proxy=request.proxy) as transport,
            httpx.Client(transport=transport, timeout=timeout, trust_env=False) as client,
            client.stream("GET", request.url, headers=request.headers, extensions=extensions) as response,
        ):
            return Answer(str(response.status_code), status=response.status_code)
    except httpx.TransportError as error:
        words, reason = _words(error, seconds)
        return Answer(words, reason=reason)
    except UnicodeError:
        # Python has no way to look up a name with a part that is empty or longer than 63 letters.
        return Answer(_NO_NAME, reason="name")


def _words(error: httpx.TransportError, seconds: float) -> tuple[str, Reason]:
    """Say in plain words what went wrong; the library's own words may hold the address of a proxy."""
    causes = list(_causes(error))
    return next(filter(None, map(_of_system, causes)), None) or _of_library(error, seconds, causes)


def _of_system(cause: BaseException) -> tuple[str, Reason] | None:
    match cause:
        case ssl.SSLCertVerificationError():
            return f"the certificate is not valid: {cause.verify_message.rstrip('.')}", "tls"
        case ssl.SSLError():
            why = (cause.reason or "").replace("_", " ").lower()
            return f"TLS failed{why and f': {why}'}", "tls"
        case socket.gaierror():
            return _NO_NAME, "name"
        case ConnectionRefusedError():
            return "connection refused", "connection"
    return None


def _of_library(error: httpx.TransportError, seconds: float, causes: list[BaseException]) -> tuple[str, Reason]:
    import httpx  # noqa: PLC0415 - imported already by then

    found: tuple[str, Reason]
    match error:
        case httpx.ConnectTimeout():
            found = f"no connection within {min(CONNECT_SECONDS, seconds):.3g} s", "connection"
        case httpx.TimeoutException():
            found = f"no answer within {seconds:.3g} s", "timeout"
        case httpx.ProxyError():
            found = "the proxy does not let it through", "proxy"
        case httpx.ConnectError():
            why = next((each.strerror for each in causes if isinstance(each, OSError) and each.strerror), "")
            found = f"no connection{why and f': {why.lower()}'}", "connection"
        case httpx.NetworkError():
            found = "the connection broke off", "protocol"
        case _ if "disconnected" in str(error):
            found = "the connection was closed without an answer", "protocol"
        case _:
            found = "the answer is no HTTP", "protocol"
    return found


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Return what an error came from; libraries raise their own in place of the system's."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__

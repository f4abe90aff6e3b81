"""One HTTP client for all forges: sign-in, time-outs, bounded retries, and errors that hold no secret."""

from __future__ import annotations

import re
import time
import weakref
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from bggen import __version__
from bggen.errors import ForgeError
from bggen.forge.trust import proxy_for, ssl_context

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import httpx

CONNECT_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 30.0
#: How often one request is sent, and the most seconds that are spent waiting between: a rate limit of a minute fits.
TRIES: Final = 5
MOST_WAITING: Final = 90.0
MOST_REDIRECTS: Final = 3

_RETRIED = frozenset({429, 500, 502, 503, 504})
# The forge says that it did none of it, so that even a request that opens something may be sent again.
_UNDONE = frozenset({429})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_OF_A_MESSAGE = 300
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class RefusalError(ForgeError):
    """The forge answered that it will not do it; `status` is its HTTP status, `reason` its own words."""

    def __init__(self, message: str, *, status: int, reason: str = "", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.reason = reason


class LostError(ForgeError):
    """The request was sent and its answer did not come: whether it was done can only be looked up."""


@dataclass(frozen=True, slots=True)
class _Failed:
    """A failure after which the request may be sent again, and the seconds that the forge asks to wait first."""

    error: ForgeError
    wait: float | None = None


class Client:
    """Sends requests to one API, and to no other host.

    Args:
        api: where the API lies, without a slash at the end.
        headers: of every request: how bggen signs in, what it accepts.
        secrets: values that may stand in no message.
        environ: where proxies and authorities are looked up.
        pause: waits that many seconds.
    """

    def __init__(
        self,
        api: str,
        headers: Mapping[str, str],
        *,
        secrets: Sequence[str] = (),
        environ: Mapping[str, str],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        import httpx  # noqa: PLC0415  # takes 100 ms, and only a pull request needs it

        self.api = api.rstrip("/")
        self.host = urlsplit(api).netloc
        self._secrets = tuple(secret for secret in secrets if secret)
        self._pause = pause
        if not all(value.isascii() and value.isprintable() for value in headers.values()):
            raise ForgeError("the token holds characters that no HTTP header can hold", hint="check how it was copied")
        verify = ssl_context(environ) if api.startswith("https:") else True
        try:
            transport = httpx.HTTPTransport(verify=verify, proxy=proxy_for(api, environ))
        except (ValueError, ImportError, httpx.InvalidURL):
            # The address may hold a password.
            message = f"the proxy that the environment names for {self.host} cannot be used"
            raise ForgeError(message, hint="check HTTPS_PROXY and ALL_PROXY: http://HOST:PORT") from None
        self._http = httpx.Client(
            headers={"User-Agent": f"bggen/{__version__}", "Accept": "application/json", **headers},
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            transport=transport,
            # Neither a .netrc nor a proxy that this module did not choose.
            trust_env=False,
        )
        # Nobody has to remember to close a forge.
        weakref.finalize(self, self._http.close)

    def send(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        params: Mapping[str, str] | None = None,
        again: bool | None = None,
    ) -> Any:
        """Send one request and return the decoded answer, None where it has no content.

        Args:
            method: of HTTP.
            path: below the API, with a slash at the beginning; or a URL below it.
            json: the body.
            params: the query.
            again: whether it may be sent twice although the first may have been done; everything but POST may.

        Raises:
            LostError: it may have been done, and may not be sent again.
            RefusalError: the forge answered with an error.
            ForgeError: the forge cannot be reached, or its answer makes no sense.
        """
        return self._decoded(self._answer(method, path, json=json, params=params, again=again), method, path)

    def pages(self, path: str, params: Mapping[str, str], *, most: int = 20) -> list[Any]:
        """Return the entries of a list that is told page by page by `Link` headers (RFC 8288), up to `most` pages."""
        found: list[Any] = []
        response = self._answer("GET", path, params=params)
        for _ in range(most):
            page = self._decoded(response, "GET", path)
            if not isinstance(page, list):
                raise self._senseless("GET", path)
            found += page
            following = response.links.get("next", {}).get("url")
            if not following:
                break
            # Of the link only the query counts: a server behind another name, or a proxy, names itself in it.
            response = self._answer("GET", f"{path}?{urlsplit(following).query}")
        return found

    def _answer(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        params: Mapping[str, str] | None = None,
        again: bool | None = None,
    ) -> httpx.Response:
        safe, waited = (method != "POST" if again is None else again), 0.0
        attempt = 1
        while True:
            result = self._try(method, path, json, params, safe=safe)
            if not isinstance(result, _Failed):
                return result
            pause = result.wait if result.wait is not None else min(2.0 ** (attempt - 1), 8.0)
            if waited + pause > MOST_WAITING:
                result.error.hint = f"it asks to wait {pause:.0f} s: run this again later"
            if attempt == TRIES or waited + pause > MOST_WAITING:
                raise result.error
            self._pause(pause)
            waited, attempt = waited + pause, attempt + 1

    def _try(
        self, method: str, path: str, json: object, params: Mapping[str, str] | None, *, safe: bool
    ) -> httpx.Response | _Failed:
        """Return an answer that is final, or a failure after which the request may be sent again."""
        import httpx  # noqa: PLC0415  # imported already by then

        try:
            response = self._sent(method, path, json, params)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            return _Failed(self._unreachable(error))
        except httpx.HTTPError as error:
            if not safe:
                raise self._lost(method, path, error) from None
            return _Failed(self._unreachable(error))
        except (httpx.InvalidURL, UnicodeError):
            raise ForgeError(f"{self.api} is not the address of an API") from None
        limited = _is_limit(response)
        if not limited and response.status_code not in _RETRIED:
            return response
        refusal = self._refusal(response, method, path)
        if not limited and not safe:
            raise self._lost(method, path, refusal)
        return _Failed(refusal, _asked_to_wait(response))

    def _sent(self, method: str, path: str, json: object, params: Mapping[str, str] | None) -> httpx.Response:
        response = self._http.request(method, self._url(path), json=json, params=params)
        for _ in range(MOST_REDIRECTS):
            if response.status_code not in _REDIRECTS:
                break
            response = self._http.request(method, self._redirected(response), json=json)
        return response

    def _url(self, path: str) -> str:
        if not path.startswith("/"):
            self._same_host(path)
            return path
        return self.api + path

    def _redirected(self, response: httpx.Response) -> str:
        target = str(response.url.join(response.headers.get("location", "")))
        self._same_host(target)
        return target

    def _same_host(self, url: str) -> None:
        """Refuse a URL that would carry the token to another host, or over an open line."""
        there, here = urlsplit(url), urlsplit(self.api)
        if (there.scheme, there.netloc) != (here.scheme, here.netloc):
            where = self.scrubbed(f"{there.scheme}://{there.hostname}")
            message = f"{self.host} sends on to {where}, where bggen does not take the token"
            raise ForgeError(
                message, hint="a wrong token often ends at a sign-in page; else set forge.api in bggen.yaml"
            )

    def _decoded(self, response: httpx.Response, method: str, path: str) -> Any:
        if not response.is_success:
            raise self._refusal(response, method, path)
        if response.status_code in {204, 205} or not response.content.strip():
            return None
        try:
            return response.json()
        except ValueError:
            raise self._senseless(method, path) from None

    def _senseless(self, method: str, path: str) -> ForgeError:
        message = f"{self.host} answered {method} {self._shown(path)} with something that is not its API's"
        return ForgeError(
            message,
            hint="a proxy, or a sign-in page for a wrong token, may stand before it; else set forge.api in bggen.yaml",
        )

    def _refusal(self, response: httpx.Response, method: str, path: str) -> RefusalError:
        status, reason = response.status_code, self.scrubbed(_reason(response))
        said = f": {reason}" if reason else ""
        message = f"{self.host} answered {status} to {method} {self._shown(path)}{said}"
        return RefusalError(message, status=status, reason=reason, hint=_hint(status, limited=_is_limit(response)))

    def _unreachable(self, error: Exception) -> ForgeError:
        message = f"{self.host} cannot be reached: {self.scrubbed(str(error)) or type(error).__name__}"
        hint = "check the host, the proxy variables, and SSL_CERT_FILE for a private authority"
        return ForgeError(message, hint=hint)

    def _lost(self, method: str, path: str, error: Exception) -> LostError:
        why = self.scrubbed(error.message if isinstance(error, ForgeError) else str(error)) or type(error).__name__
        return LostError(f"{self.host} gave no answer to {method} {self._shown(path)}: {why}")

    def _shown(self, path: str) -> str:
        return self.scrubbed(path.partition("?")[0])

    def scrubbed(self, text: str) -> str:
        """Return the text as one short line without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        line = _UNPRINTABLE.sub(" ", text).strip()
        return line if len(line) <= _MOST_OF_A_MESSAGE else line[: _MOST_OF_A_MESSAGE - 1] + "…"


def _is_limit(response: httpx.Response) -> bool:
    """Whether it is a rate limit. GitHub's are 403 as well.

    Source: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
    """
    if response.status_code in _UNDONE:
        return True
    if response.status_code != 403:  # noqa: PLR2004  # the status is its own name
        return False
    headers = response.headers
    told = "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0"
    return told or "secondary rate limit" in _reason(response).lower()


def _asked_to_wait(response: httpx.Response) -> float | None:
    """Return the seconds that the forge asks for: `Retry-After` in seconds or as a date, or GitHub's reset."""
    after = response.headers.get("retry-after", "").strip()
    if after.isdecimal():
        return float(after)
    try:
        return max(0.0, parsedate_to_datetime(after).timestamp() - time.time())
    except ValueError:
        pass
    reset = response.headers.get("x-ratelimit-reset", "").strip()
    if response.headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        return max(1.0, float(reset) - time.time())
    # "Otherwise, wait for at least one minute before retrying", says GitHub of a secondary limit.
    return 60.0 if "secondary rate limit" in _reason(response).lower() else None


def _reason(response: httpx.Response) -> str:
    """Return the forge's own words: every forge has another place for them."""
    try:
        data = response.json()
    except ValueError:
        return ""
    words: list[str] = []
    _gather(data, words)
    return "; ".join(dict.fromkeys(words))


def _gather(data: Any, words: list[str]) -> None:
    if isinstance(data, str):
        words.append(data)
    elif isinstance(data, list):
        for entry in data[:5]:
            _gather(entry, words)
    elif isinstance(data, dict):
        for name in ("message", "error", "error_description", "errors", "detail", "base"):
            _gather(data.get(name), words)


def _hint(status: int, *, limited: bool) -> str | None:
    if limited:
        return "it limits how much may be asked: run this again later"
    return {
        401: "the token is wrong or has expired: check BGGEN_TOKEN",
        403: "the token may not do this: it needs to read and write pull requests",
        404: "the token may not see the repository, or the address is wrong",
    }.get(status)

"""The trailers by which Argo CD shows the source commit beside a commit of the config repo.

Argo CD reads any line of the message that begins so, the key in exactly this spelling, and leaves out a value that Go's
`mail.ParseAddress`, `time.RFC3339`, `json.Unmarshal` or `url.Parse` do not take; a line of 64 KiB ends its reading
(`getReferences` in argo-cd's util/git/client.go; user guide, "Source Hydrator", "Commit Tracing").
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bggen.provenance.source import SourceCommit

_PREFIX = "Argocd-reference-commit-"
_MOST_SUBJECT = 200
_MOST_BODY = 2000
# Nothing of these belongs into a line of text: controls, other line ends, what turns the direction of what follows.
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_UNFIT_LINES = re.compile(f"(?![\n\t]){_UNFIT.pattern}")


def with_references(message: str, source: SourceCommit | None) -> str:
    """Return a commit message that names the source commit as well.

    Args:
        message: a message that ends with its trailers, as `bggen.plan` makes them.
        source: the source commit; None leaves the message as it is.
    """
    return message + reference_lines(source) if message else message


def reference_lines(source: SourceCommit | None) -> str:
    """Return the trailers that name a source commit, one a line; "" for None. What is not known has no line."""
    if source is None:
        return ""
    values = {
        "author": source.author.mailbox if source.author else "",
        "date": source.date,
        "sha": source.sha,
        "subject": _cut(_line(source.subject), _MOST_SUBJECT),
        "body": _json(source.body),
        "repourl": source.repo_url,
    }
    return "".join(f"{_PREFIX}{key}: {value}\n" for key, value in values.items() if value)


def _json(body: str) -> str:
    text = _UNFIT_LINES.sub("", _whole(body)).strip()
    return json.dumps(_cut(text, _MOST_BODY), ensure_ascii=False) if text else ""


def _line(text: str) -> str:
    return " ".join(_UNFIT.sub(" ", _whole(text)).split())


def _whole(text: str) -> str:
    """Return text that UTF-8 can hold, with git's line ends."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"

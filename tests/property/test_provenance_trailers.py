"""No text of a source commit adds a trailer or hides one: git itself and Argo CD's way of reading say what there is."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bggen.plan import commit_message
from bggen.provenance import Author, SourceCommit, with_references
from bggen.provenance.people import make_author
from bggen.transitions import hold
from tests.support.repos import clean_environment
from tests.support.states import first, hello_spec

if TYPE_CHECKING:
    from pathlib import Path

MESSAGE = "shop(prod): flip blue → green (v2)\n\n- a note\n\nBggen-App: shop\n"
OURS = ["Bggen-App", "Bggen-Env", "Bggen-Action", "Bggen-From", "Bggen-To", "Bggen-Release"]
PREFIX = "Argocd-reference-commit-"
# What breaks lines, ends messages, or looks like a trailer, a comment, a scissors line or a patch.
PIECES = [
    "\n",
    "\r",
    "\r\n",
    "\x00",
    "\v",
    "\f",
    "\x1b[31m",
    "\x85",
    "\u2028",
    "\u202e",
    "---",
    "\n---\n",
    " ",
    "\n\n",
    ": ",
]
PIECES += [
    "Bggen-App: evil",
    f"{PREFIX}sha: eeeee",
    "Signed-off-by: E <e@e.e>",
    "# ---- >8 ----",
    "\ndiff --git a b",
    "# x",
]
PIECES += [
    '"',
    "\\",
    "\ud800",
    "\U0001f600",
    "(cherry picked from commit abc)",
    "=?utf-8?q?=0A?=",
    "<",
    ">",
    "\t",
    "\xa0",
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=12).map("".join)


@st.composite
def sources(draw: st.DrawFn) -> SourceCommit:
    author: Author | None = make_author(draw(TEXTS), draw(TEXTS) + "@example.com")
    return SourceCommit(
        draw(st.text("0123456789abcdef", min_size=5, max_size=40)),
        author,
        draw(st.sampled_from(["", "2026-06-01T12:00:00+02:00"])),
        draw(TEXTS),
        draw(TEXTS | TEXTS.map(lambda text: text * 2000)),
        draw(st.sampled_from(["", "https://git.example.com/acme/shop"])),
    )


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("trailers")
    env = clean_environment(folder)
    subprocess.run(["git", "init", "--quiet", "."], cwd=folder, env=env, check=True)
    return folder, env


@given(source=sources(), reason=TEXTS.map(lambda text: f"because {text}"))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_trailers_are_ours_and_what_was_said(
    git: tuple[Path, dict[str, str]], source: SourceCommit, reason: str
) -> None:
    folder, env = git

    def run(*arguments: str, stdin: str = "") -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, env=env, input=stdin.encode(), capture_output=True, check=True
        )
        return done.stdout.decode()

    plain = commit_message(hold(first(hello_spec()), reason=reason, by="Ada <ada@example.com>"))
    message = with_references(plain, source).encode("utf-8", "replace").decode()
    tree = run("mktree").strip()
    commit = run("commit-tree", "-F", "-", tree, stdin=message).strip()
    parsed = run("interpret-trailers", "--parse", stdin=message).split("\n")[:-1]
    logged = run("log", "-1", "--format=%(trailers)", commit).rstrip("\n").split("\n")
    references = {line.partition(": ")[0].removeprefix(PREFIX): line.partition(": ")[2] for line in parsed[6:]}

    assert [line.partition(": ")[0] for line in parsed[:6]] == OURS
    assert logged == parsed
    assert all(line.startswith(PREFIX) for line in parsed[6:])
    expected = {
        "author": bool(source.author),
        "date": bool(source.date),
        "sha": True,
        # Of control characters alone nothing is left.
        "subject": bool(source.subject.strip()) and "subject" in references,
        "body": bool(source.body.strip()) and "body" in references,
        "repourl": bool(source.repo_url),
    }
    assert list(references) == [name for name, there in expected.items() if there]
    # Argo CD takes any line of the message, a trailer or not.
    found = [line for line in run("log", "-1", "--format=%B", commit).split("\n") if line.startswith(PREFIX)]
    assert found == parsed[6:]
    assert references["sha"] == source.sha
    if "body" in references:
        assert isinstance(json.loads(references["body"]), str)
    assert (
        run("log", "-1", "--format=%s", commit).rstrip("\n")
        == plain.encode("utf-8", "replace").decode().split("\n", maxsplit=1)[0]
    )


def test_a_plain_body_arrives_as_it_is() -> None:
    body = 'First\n\n\tcode "x" \\ y\n\nSigned-off-by: Ada <ada@example.com>'
    lines = with_references(MESSAGE, SourceCommit("abcdef0", body=body)).splitlines()
    assert json.loads(lines[-1].partition(": ")[2]) == body


def test_without_a_source_the_message_stays() -> None:
    assert with_references(MESSAGE, None) == MESSAGE
    assert with_references("", SourceCommit("abcdef0")) == ""

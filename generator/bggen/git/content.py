"""What git would write to disk for a blob: line endings, and the filters of .gitattributes."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from bggen.errors import GitError
from bggen.git.process import finish
from bggen.workspace import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.git.place import Place


def on_disk(place: Place, blobs: Mapping[str, str]) -> dict[str, bytes]:
    """Return path → bytes as git checks the blob out at that path.

    Args:
        place: where.
        blobs: path, relative to the config repo's root → id of a blob that the repository holds.

    Raises:
        GitError: a filter fails.
    """
    if not blobs:
        return {}
    # With --filters git announces each blob's size from before the filter, so the end of each content is found by a
    # name that no object and, being random, no content has.
    mark = f"no-such-object-{os.urandom(12).hex()}"
    asked = "".join(f"{oid} {place.prefix}{path}\n{mark}\n" for path, oid in blobs.items())
    process = place.git.start("cat-file", "--batch", "--filters")
    done = finish(process, asked.encode("utf-8", "surrogateescape"))
    answers = done.out.split(f"\n{mark} missing\n".encode())
    if done.code != 0 or len(answers) != len(blobs) + 1:
        raise done.error("prepare the files for the work tree")
    return {path: answer.partition(b"\n")[2] for path, answer in zip(blobs, answers, strict=False)}


def refuse_lossy(place: Place, written: Mapping[str, bytes], blobs: Mapping[str, str]) -> None:
    """Refuse paths whose filter program would put something else into the index than the commit holds.

    Git LFS is such a filter: it would replace the content by a pointer, which Argo CD could not read.

    Args:
        place: where.
        written: path → what is to be written to disk.
        blobs: path → the id of the blob that the commit holds.

    Raises:
        GitError: with the path and its filter.
    """
    names = b"".join(path.encode() + b"\0" for path in written)
    out = place.git.output("read .gitattributes", "check-attr", "-z", "--stdin", "filter", stdin=names)
    words = out.decode("utf-8", "surrogateescape").split("\0")
    for path, value in zip(words[0::3], words[2::3], strict=False):
        if value in {"unspecified", "unset"}:
            continue
        oid = place.git.output(
            f"put {printable(path)} through its filter",
            "hash-object",
            "--stdin",
            f"--path={path}",
            stdin=written[path],
        )
        if oid.decode().strip() != blobs[path]:
            raise GitError(
                f"{printable(path)} goes through the filter {printable(value)}, which gives back something else",
                hint="take the config repo's state and manifests out of that filter in .gitattributes",
            )


def cleaned(place: Place, paths: list[str]) -> dict[str, str]:
    """Return path → the id that the file on disk would have as a blob, for files that exist.

    Raises:
        GitError: a filter fails.
    """
    if not paths:
        return {}
    # From standard input git takes paths from the top of the work tree, wherever it was started.
    words = "".join(f"{place.prefix}{path}\n" for path in paths).encode("utf-8", "surrogateescape")
    done = finish(
        place.git.start("-c", "core.safecrlf=false", "hash-object", "--stdin-paths", stdin=subprocess.PIPE), words
    )
    if done.code != 0:
        raise done.error("look at the files in the work tree")
    return dict(zip(paths, done.out.decode().split(), strict=True))

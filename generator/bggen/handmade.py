"""What people put beside our manifests: Argo CD applies it with them, so it can break or shadow them.

Such files are other people's YAML, in any style, with several documents: ruamel.yaml reads them.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from bggen.model import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bggen.model import Manifest

# What Argo CD reads in a directory source, Jsonnet aside.
# Source: Argo CD, reposerver/repository/repository.go, manifestFile.
_READ_BY_ARGO_CD = (".yaml", ".yml", ".json")


def check_handmade(files: Mapping[str, bytes], manifests: Iterable[Manifest]) -> tuple[Problem, ...]:
    """Return what is wrong with the hand-made files of one `manifests/` folder.

    Args:
        files: path → content.
        manifests: what bggen renders into the same folder.
    """
    ours = {(manifest.kind, manifest.namespace, manifest.name): manifest for manifest in manifests}
    return tuple(
        problem
        for path in sorted(files)
        if path.endswith(_READ_BY_ARGO_CD)
        for problem in _check_file(path, files[path], ours)
    )


def _check_file(
    path: str,
    content: bytes,
    ours: Mapping[tuple[str, str | None, str], Manifest],
) -> Iterator[Problem]:
    try:
        documents = _read(content)
    except ValueError as error:
        line, column, message = error.args
        yield Problem(path, line, column, "", f"{message}; Argo CD cannot read it, and syncs nothing of the folder")
        return
    for item in _objects(documents):
        kind, metadata = _text(item, "kind"), item.get("metadata") if isinstance(item, dict) else None
        name = _text(metadata, "name")
        if kind is None or name is None or _text(item, "apiVersion") is None:
            yield Problem(path, 0, 0, "", "holds something that is no Kubernetes object: Argo CD syncs nothing then")
            continue
        namespace = _text(metadata, "namespace")
        # Without a namespace it goes to the Application's, and that may be the one that ours name.
        twins = [m for (k, ns, n), m in ours.items() if (k, n) == (kind, name) and namespace in (None, ns)]
        for twin in twins:
            yield Problem(path, 0, 0, "", f"is the same {kind} as {twin.file}: rename or delete it")


def _read(content: bytes) -> list[Any]:
    """Return all documents.

    Raises:
        ValueError: line, column and message of the first mistake.
    """
    from ruamel.yaml import YAML  # noqa: PLC0415 - only `validate` looks at such files
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415 - the same

    try:
        # An anchor that is given anew, say, is allowed: ruamel's remarks on style would go to standard error.
        with warnings.catch_warnings(action="ignore"):
            return list(YAML(typ="safe", pure=True).load_all(content))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = " ".join(str(error.problem or error.context).split())
        raise ValueError(mark.line + 1 if mark else 0, mark.column + 1 if mark else 0, message) from None
    except YAMLError as error:
        raise ValueError(0, 0, " ".join(str(error).split())) from None
    except UnicodeDecodeError:
        raise ValueError(0, 0, "is not UTF-8") from None
    except RecursionError:
        raise ValueError(0, 0, "is nested too deeply") from None


def _objects(documents: Iterable[Any]) -> Iterator[Any]:
    """Yield the objects of all documents; a `kind: List` stands for its items, an empty document for nothing."""
    for document in documents:
        if document is None:
            continue
        items = document.get("items") if isinstance(document, dict) and document.get("kind") == "List" else None
        yield from items if isinstance(items, list) else [document]


def _text(data: Any, key: str) -> str | None:
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, str) and value else None

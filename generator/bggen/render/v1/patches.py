"""Renderer 1: a release's patches, applied to the objects that the release makes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bggen import yamlio
from bggen.errors import InvalidError, PatchError
from bggen.patch import OperationError, apply_operations, merge_patch, shown
from bggen.render.v1.protected import depends_on_role, forbidden

if TYPE_CHECKING:
    from bggen.model import Manifest, Release
    from bggen.model.parts import Patch


def patched(manifest: Manifest, release: Release) -> Manifest:
    """Return the object as the release's patches change it, one after another; without a match, byte for byte as it is.

    Args:
        manifest: an object that the release makes.
        release: the release.

    Raises:
        PatchError: a patch does not fit the object, changes what it must not, or leaves what is no YAML of Kubernetes.
    """
    chosen = [(index, patch) for index, patch in enumerate(release.spec.patches) if patch.targets(manifest)]
    if not chosen:
        return manifest
    header, _, _ = manifest.text.partition("\n")
    try:
        data = yamlio.parse(manifest.text.encode(), manifest.file).data
        for index, patch in chosen:
            data = _changed(data, patch, manifest, release, ("patches", index))
        text = yamlio.dump(data)
    except PatchError:
        raise
    except InvalidError as error:
        # Of a text that no file can hold, or an object that is too large to be read.
        raise PatchError(error.message, release=release.number, where=("patches", chosen[0][0])) from error
    return replace(manifest, text=f"{header}\n{text}")


def _changed(data: Any, patch: Patch, manifest: Manifest, release: Release, where: yamlio.Path) -> dict[str, Any]:
    what = f"{manifest.kind} {manifest.name}"
    if patch.merge is not None:
        after = merge_patch(data, patch.merge)
    else:
        for number, operation in enumerate(patch.operations):
            if depends_on_role(operation):
                message = f"`{operation['op']}` reads a label or an annotation that a flip may change"
                raise PatchError(message, release=release.number, where=(*where, "json", number))
        try:
            after = apply_operations(data, patch.operations)
        except OperationError as error:
            operation = patch.operations[error.index]
            message = f"`{operation['op']}` of {shown(operation['path'])} does not fit {what}: {error}"
            raise PatchError(message, release=release.number, where=(*where, "json", error.index)) from error
    if found := forbidden(data, after):
        field, advice = found
        place = where if patch.merge is None else (*where, "merge", *field)
        message = f"{yamlio.dotted(field)} of {what} can't be patched: {advice}"
        raise PatchError(message, release=release.number, where=place)
    if not _finite(after):
        message = f"{what} would hold .nan or .inf, which Kubernetes cannot read"
        raise PatchError(message, release=release.number, where=where)
    # Its kind is what it was, so it is a mapping.
    return dict(after)


def _finite(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_finite, value.values()))
    if isinstance(value, list):
        return all(map(_finite, value))
    return not isinstance(value, float) or math.isfinite(value)

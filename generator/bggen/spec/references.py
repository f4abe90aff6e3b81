"""`${component.url}` in values: which of them stand for nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bggen.spec.decoding import shown
from bggen.spec.messages import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ATTRIBUTES = ("url", "host", "port")
# `$${` is a literal `${`. Without a dot it is the program's or the shell's business.
REFERENCE = re.compile(r"\$\$\{|\$\{([^{}.]*)\.([^{}]*)\}")
_OPEN = re.compile(r"\$\$\{|\$\{([^{}.]*)\.[^{}]*(?=\{|\Z)")
_SHORT = re.compile(r"[!-~]{1,80}")


def mistakes(text: str, ports: Mapping[str, bool]) -> Iterator[str]:
    """Yield what is wrong with a value: each of its references, or that no program can be given it.

    Args:
        text: a value of `env`, `args` or `command`.
        ports: whether each component of the app has a port.
    """
    if "\0" in text:
        # Kubernetes takes it, and then no container starts: to a program it is the end of the text.
        yield "holds the character U+0000, which no variable or argument of a program can hold"
    if "${" not in text:
        return
    for found in REFERENCE.finditer(text):
        component, attribute = found.group(1, 2)
        if component is None:
            continue
        whole = found.group() if _SHORT.fullmatch(found.group()) else shown(found.group())
        if component not in ports:
            near = nearest(component, ports)
            hint = f"did you mean `{near}`?" if near else "write `$${` for a literal `${`"
            yield f"{whole} names no component of this app: {hint}"
        elif attribute not in ATTRIBUTES:
            yield f"{whole}: a component has `url`, `host` and `port`"
        elif not ports[component]:
            yield f"{whole}: the component {shown(component)} has no port"
    for found in _OPEN.finditer(text):
        if found.group(1) in ports:
            yield f"{shown(found.group())} has no `}}` at its end: write `$${{` for a literal `${{`"

"""Read canonical data strictly: what is not exactly as bggen writes it is a ValueError that names the place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    _Item = TypeVar("_Item")

_NAME = re.compile(r"[a-z](?:[-a-z0-9]*[a-z0-9])?")
_MINOR = re.compile(r"1\.[0-9]{2}")
_LONGEST_SHOWN = 40


class Fields:
    """A mapping of canonical data whose keys are known; each reader raises a ValueError where the value is another.

    Args:
        data: what stands there.
        where: the place, for errors.
        required: the keys that must be there.
        optional: the keys that may be.

    Raises:
        ValueError: it is no mapping, a key is missing, or one is unknown.
    """

    def __init__(self, data: Any, where: str, required: frozenset[str], optional: frozenset[str] = frozenset()) -> None:
        self._data = mapping(data, where)
        self.where = where
        if missing := sorted(required - self._data.keys()):
            raise ValueError(f"{where} has no {missing[0]}")
        if unknown := [key for key in self._data if key not in required and key not in optional]:
            raise ValueError(f"{where} has the unknown key {shown(unknown[0])}")

    def __contains__(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self._data

    def raw(self, key: str, default: Any = None) -> Any:
        """Return what stands there."""
        return self._data.get(key, default)

    def place(self, key: str) -> str:
        """Return the place of a key, for errors."""
        return f"{self.where}.{key}"

    def text(self, key: str) -> str:
        """Return text that must be there."""
        return text(self._needed(key), self.place(key))

    def optional_text(self, key: str) -> str | None:
        """Return text, or None where the key is missing."""
        return self.text(key) if key in self else None

    def number(self, key: str) -> int:
        """Return a whole number that must be there."""
        return number(self._needed(key), self.place(key))

    def optional_number(self, key: str) -> int | None:
        """Return a whole number, or None where the key is missing."""
        return self.number(key) if key in self else None

    def flag(self, key: str) -> bool:
        """Return true or false; false where the key is missing."""
        value = self._data.get(key, False)
        if not isinstance(value, bool):
            raise ValueError(f"{self.place(key)} must be true or false")  # noqa: TRY004 - decoding raises one kind of error
        return value

    def one_of(self, key: str, *known: str) -> str:
        """Return one of the known words."""
        value = self._needed(key)
        if value not in known:
            raise ValueError(f"{self.place(key)} is {shown(value)}, which this bggen does not know")
        return cast("str", value)

    def _needed(self, key: str) -> Any:
        if key not in self._data:
            raise ValueError(f"{self.where} has no {key}")
        return self._data[key]

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of text; none where the key is missing."""
        return self.items(key, text)

    def items(self, key: str, read: Callable[[Any, str], _Item]) -> tuple[_Item, ...]:
        """Return a list, every item read by a function of it and its place; none where the key is missing."""
        value = self._data.get(key, [])
        if not isinstance(value, list):
            raise ValueError(f"{self.place(key)} must be a list")  # noqa: TRY004 - decoding raises one kind of error
        return tuple(read(item, f"{self.place(key)}[{index}]") for index, item in enumerate(value))

    def pairs(self, key: str, read: Callable[[Any, str], _Item]) -> dict[str, _Item]:
        """Return a mapping in the order of its keys, every value read by a function; empty where the key is missing."""
        place = self.place(key)
        found = mapping(self._data.get(key, {}), place)
        return {name: read(item, f"{place}.{shown(name)}") for name, item in sorted(found.items())}


def shown(value: object) -> str:
    """Return a value of a file for an error: short and printable, text in quotes."""
    text = value if isinstance(value, str) else repr(value)
    if len(text) > _LONGEST_SHOWN:
        text = text[:_LONGEST_SHOWN] + "…"
    if not isinstance(value, str):
        return text if text.isprintable() else ascii(text)
    return f"'{text}'" if text.isprintable() else ascii(text)


def mapping(value: Any, where: str) -> dict[str, Any]:
    """Return a mapping whose keys are text."""
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ValueError(f"{where} must be a mapping")
    return value


def text(value: Any, where: str) -> str:
    """Return text."""
    if not isinstance(value, str):
        raise ValueError(f"{where} must be text")  # noqa: TRY004 - decoding raises one kind of error
    return value


def number(value: Any, where: str) -> int:
    """Return a whole number from 0."""
    if type(value) is not int or value < 0:
        raise ValueError(f"{where} must be a whole number")
    return value


def name(value: Any, where: str) -> str:
    """Return the name of an app or a component."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError(f"{where} is {shown(value)}, which is not a name")
    return value


def minor(value: Any, where: str) -> str:
    """Return a minor version of Kubernetes."""
    if not isinstance(value, str) or not _MINOR.fullmatch(value):
        raise ValueError(f"{where} must be a minor version such as '1.34'")
    return value


def present(parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is set: not None, and no empty list or mapping."""
    return {key: value for key, value in parts.items() if value is not None and value not in ([], {})}

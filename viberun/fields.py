"""Reads JSON that others wrote: checks every field, reports every problem at once.

Knows nothing of any one document. A field that nobody asks for is left alone, so that documents can
grow without breaking the readers that are out there.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple, TypeVar

# Below what JSON readers that calculate in doubles can tell apart.
MOST = 2**53 - 1

_MISSING = object()
_T = TypeVar("_T")


class Form(NamedTuple):
    """What a text must look like, as a pattern for the whole of it and in words."""

    pattern: str
    meaning: str

    def fits(self, text: str) -> bool:
        return re.fullmatch(self.pattern, text, re.ASCII) is not None


class Fields:
    """One JSON object, called `where` in the problems (empty for the outermost).

    `readable` is whether it was an object at all.

    Each reader of a field returns its value, or adds to `problems` and returns something empty. So
    look at `problems` before using what came back.
    """

    def __init__(self, value: object, where: str, problems: list[str]) -> None:
        self._where = where
        self.problems = problems
        self.readable = isinstance(value, dict)
        self._values: dict[str, object] = value if isinstance(value, dict) else {}
        self._asked: set[str] = set()
        if not self.readable:
            problems.append(f"{where or 'the document'} must be an object, not {_kind(value)}")

    def text(self, key: str, form: Form | None = None) -> str:
        value = self._get(key)
        if value is _MISSING:
            return ""
        if not isinstance(value, str):
            self.report(key, f"must be a text, not {_kind(value)}")
            return ""
        if form is not None and not form.fits(value):
            self.report(key, f"must be {form.meaning}, not {_shown(value)}")
            return ""
        return value

    def text_or_null(self, key: str, form: Form | None = None) -> str | None:
        if self._values.get(key, _MISSING) is None:
            self._asked.add(key)
            return None
        return self.text(key, form)

    def text_or(self, key: str, missing: _T, form: Form) -> str | _T:
        """As `text`; `missing` where there is no such field."""
        return self.text(key, form) if key in self._values else missing

    def integer(self, key: str, least: int, most: int) -> int:
        """Returns a whole number between the limits, both included; `1.0` and `true` are none."""
        value = self._get(key)
        if value is _MISSING:
            return 0
        if isinstance(value, bool) or not isinstance(value, int):
            self.report(key, f"must be a whole number, not {_kind(value)}")
            return 0
        if not least <= value <= most:
            self.report(key, f"must be between {least} and {most}, not {_clipped(str(value))}")
            return 0
        return value

    def integer_or(self, key: str, missing: int, least: int, most: int) -> int:
        """As `integer`; `missing` where there is no such field."""
        return self.integer(key, least, most) if key in self._values else missing

    def fields(self, key: str) -> Fields:
        """Returns the object under `key`; where it is missing, one whose fields are not reported again."""
        value = self._get(key)
        if value is not _MISSING:
            return Fields(value, self._path(key), self.problems)
        nothing = Fields({}, self._path(key), self.problems)
        nothing.readable = False
        return nothing

    def each(self, key: str) -> list[Fields]:
        """Returns the objects of the array under `key`."""
        value = self._get(key)
        if value is _MISSING:
            return []
        if not isinstance(value, list):
            self.report(key, f"must be an array, not {_kind(value)}")
            return []
        path = self._path(key)
        return [Fields(item, f"{path}[{i}]", self.problems) for i, item in enumerate(value)]

    def peek(self, key: str) -> object:
        """Returns what stands under `key`, whatever it is; None where nothing does."""
        return self._values.get(key)

    def names(self) -> list[str]:
        """Returns the keys of the object, in its order."""
        return list(self._values)

    def rest(self) -> dict[str, object]:
        """Returns the fields that nobody has asked for: what a later release has written, to be written back."""
        return {key: value for key, value in self._values.items() if key not in self._asked}

    def report(self, key: str, problem: str) -> None:
        self.problems.append(f"{self._path(key)} {problem}")

    def _get(self, key: str) -> object:
        self._asked.add(key)
        if key not in self._values and self.readable:
            self.report(key, "is missing")
        return self._values.get(key, _MISSING)

    def _path(self, key: str) -> str:
        return f"{self._where}.{key}" if self._where else key


def needed_reader(document: Fields) -> int:
    """Returns the lowest schema whose readers get the document right: `min_reader`, 1 where that is missing.

    `schema`, which says what the writer kept to, stops no reader. What is wrong with either is in the problems.
    """
    document.integer("schema", 1, MOST)
    return document.integer_or("min_reader", 1, 1, MOST)


def decode(text: str | bytes) -> object:
    """Returns the value of a JSON text (RFC 8259), UTF-8 where it is bytes.

    Raises ValueError with a reason of one line; a key that stands twice in an object is one.
    """
    try:
        return json.loads(
            text.decode() if isinstance(text, bytes) else text,
            object_pairs_hook=_unique,
            parse_constant=_refuse,
        )
    except UnicodeDecodeError as error:
        raise ValueError(f"is not UTF-8 at byte {error.start}") from None
    except RecursionError:
        raise ValueError("is not JSON that can be read: nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"is not JSON: {error}") from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {_shown(twice)} stands twice in one object")
    return values


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON number")


def _kind(value: object) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    names = {str: "a text", int: "a number", float: "a number", list: "an array", dict: "an object"}
    return names[type(value)]


def _shown(text: str) -> str:
    """Returns the text for a message: escaped, and short enough for a line."""
    return ascii(_clipped(text))


def _clipped(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."

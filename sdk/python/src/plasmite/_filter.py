"""jq programs that say which messages are wanted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from ._binding import ffi, lib
from ._errors import fail

if TYPE_CHECKING:
    from ._view import View


class Filter:
    """A jq program over the whole message, such as `.data.level == "error"`, compiled once and used many times.

    A message matches when the outputs are true, false and null only, at least one is true, and no error comes up. A
    missing key is null; integers compare exactly. Environment, files, further input, printing, local time and modules
    are not available. Steps, memory and nesting are limited, so that every evaluation ends. Any number of threads and
    tails may use one at once.

    Args:
        expression: the program. The message is `{"seq": …, "time": …, "meta": {"tags": […]}, "data": …}`.

    Raises:
        UsageError: the program is not valid; `offset` tells where.
    """

    __slots__ = ("_expression", "_pointer")

    def __init__(self, expression: str) -> None:
        if not isinstance(expression, str):
            raise TypeError(f"expression must be a str, not {type(expression).__name__}")
        try:
            raw = expression.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ValueError(f"expression must be text that UTF-8 can hold: {expression!r}") from error
        out, slot = ffi.new("plsm_filter_t **"), ffi.new("plsm_error_t **")
        code = lib.plsm_filter_new(raw, len(raw), ffi.NULL, out, slot)
        if code != 0:
            fail(code, slot)
        self._expression = expression
        self._pointer: Any = ffi.gc(out[0], lib.plsm_filter_free)

    @property
    def expression(self) -> str:
        """The program."""
        return self._expression

    def matches(self, view: View) -> bool:
        """Whether a message matches.

        Raises:
            UsageError: the program gave a number, a string, an array or an object, or went beyond a limit; `seq`
                tells the message.
            RetentionGapError: it was overwritten meanwhile.
        """
        slot = ffi.new("plsm_error_t **")
        code = lib.plsm_filter_matches(self._pointer, view._view, slot)
        if code < 0:
            fail(code, slot)
        return bool(code)

    def __repr__(self) -> str:
        return f"plasmite.Filter({self._expression!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Filter) and other._expression == self._expression

    def __hash__(self) -> int:
        return hash((Filter, self._expression))

    def __reduce__(self) -> tuple[Any, ...]:
        return Filter, (self._expression,)


Where: TypeAlias = str | Filter | Iterable[str | Filter]
"""A filter, its expression, or several of them, which must all match."""


def filters_of(where: Where | None) -> list[Filter]:
    """The compiled filters of an argument."""
    if where is None:
        return []
    if isinstance(where, (str, Filter)):
        where = [where]
    try:
        listed = list(where)
    except TypeError:
        raise TypeError(f"where must be a str, a Filter or several, not {type(where).__name__}") from None
    for item in listed:
        if not isinstance(item, (str, Filter)):
            raise TypeError(f"where must hold str and Filter only, not {type(item).__name__}")
    return [item if isinstance(item, Filter) else Filter(item) for item in listed]

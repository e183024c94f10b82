"""Reading from a pool."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from . import _arguments as arguments
from ._aio import AsyncTail
from ._binding import ffi, lib
from ._errors import fail
from ._handle import Handle, give_back, take_cell
from ._message import Lite3Frame, Message, delivered
from ._replay import Replay, check_speed
from ._streams import Lite3Stream, Stream, Tail
from ._tail_options import FilterOptions, TailOptions, open_tail
from ._view import View, ViewTail

if TYPE_CHECKING:
    from typing_extensions import Unpack

_buffer = ffi.buffer


class Reading(Handle):
    """The methods that read."""

    # Reading one.

    def get_json(self, seq: int) -> bytes:
        """A message by its seq, as JSON text.

        Raises:
            MessageNotFoundError: never written, or overwritten.
        """
        pointer = self._open_pointer()
        number = arguments.integer("seq", seq)
        cell = take_cell()
        _, out, _, slot = cell
        code = lib.plsm_pool_get_json(pointer, number, out, slot)
        if code != 0:
            fail(code, slot)
        raw: bytes = _buffer(out.data, out.len)[:]
        lib.plsm_buf_free(out)
        give_back(cell)
        return raw

    def get(self, seq: int) -> Message:
        """A message by its seq.

        Raises:
            MessageNotFoundError: never written, or overwritten.
        """
        return delivered(self.get_json(seq), self._codec.decode)

    def get_lite3(self, seq: int) -> Lite3Frame:
        """A message by its seq, as Lite3.

        Raises:
            MessageNotFoundError: never written, or overwritten.
            UsageError: Lite3 cannot hold it (an integer above 2^63-1, a key with a NUL).
        """
        frame, slot = ffi.new("plsm_lite3_frame_t *"), ffi.new("plsm_error_t **")
        code = lib.plsm_pool_get_lite3(self._open_pointer(), arguments.integer("seq", seq), frame, slot)
        if code != 0:
            fail(code, slot)
        payload = _buffer(frame.payload.data, frame.payload.len)[:]
        found = Lite3Frame(int(frame.seq), int(frame.timestamp_ns), int(frame.flags), payload)
        lib.plsm_lite3_frame_free(frame)
        return found

    def get_view(self, seq: int, *, copy: bool = False) -> View:
        """Looks at a message where it lies, without copying or decoding it (`copy` takes a private copy instead).

        Raises:
            MessageNotFoundError: never written, or overwritten.
        """
        pointer = self._open_pointer()
        number = arguments.integer("seq", seq)
        view, slot = ffi.new("plsm_view_t *"), ffi.new("plsm_error_t **")
        if not copy:
            code = lib.plsm_pool_get_view(pointer, number, view, slot)
            if code != 0:
                fail(code, slot)
            return View(view, pointer, self._codec.decode)
        out = ffi.new("plsm_message_t **")
        code = lib.plsm_pool_get_message(pointer, number, out, slot)
        if code != 0:
            fail(code, slot)
        message = ffi.gc(out[0], lib.plsm_message_free)
        lib.plsm_message_view(message, view)
        return View(view, message, self._codec.decode)

    # Reading many.

    def open_stream(
        self,
        since_seq: int | None = None,
        max_messages: int | None = None,
        timeout_ms: int | None = None,
        error_on_gap: bool = False,
        *,
        tags: Iterable[str] | None = None,
        **options: Unpack[TailOptions],
    ) -> Stream:
        """Opens a stream of messages as JSON text; see `tail` for the arguments."""
        pointer = open_tail(self._open_pointer(), since_seq, max_messages, timeout_ms, tags, error_on_gap, options)
        stream = Stream(pointer, timeout_ms, options.get("on_gap"), self._codec.decode)
        stream._batch.searches = options.get("last") is not None
        return stream

    def open_lite3_stream(
        self,
        since_seq: int | None = None,
        max_messages: int | None = None,
        timeout_ms: int | None = None,
        error_on_gap: bool = False,
        *,
        tags: Iterable[str] | None = None,
        **options: Unpack[TailOptions],
    ) -> Lite3Stream:
        """Opens a stream of messages as Lite3; see `tail` for the arguments."""
        pointer = open_tail(self._open_pointer(), since_seq, max_messages, timeout_ms, tags, error_on_gap, options)
        return Lite3Stream(pointer, timeout_ms, options.get("on_gap"))

    def tail(
        self,
        since_seq: int | None = None,
        max_messages: int | None = None,
        timeout_ms: int | None = None,
        tags: Iterable[str] | None = None,
        error_on_gap: bool = False,
        **options: Unpack[TailOptions],
    ) -> Tail:
        """Messages in a row: those that are there, then those that come.

        Waits for messages without an end unless `max_messages`, `timeout_ms`, `end_seq` or `snapshot` tells one. Ctrl-C
        works while it waits; what it or another signal handler raises loses no message, and the tail may be read on.

        Args:
            since_seq: the first seq wanted; one in the future is waited for. Without any start, the oldest message.
            max_messages: end after so many, counted after the filters.
            timeout_ms: end so many ms after opening, even when messages are waiting.
            tags: only messages that have all of these.
            error_on_gap: raise RetentionGapError when messages were overwritten before they were read, and end;
                otherwise go on with the oldest that is there.
            options: see `TailOptions`.

        Raises:
            RetentionGapError: while iterating; `seq` is the first missing one.
            TypeError, ValueError: a bad argument.
        """
        pointer = open_tail(self._open_pointer(), since_seq, max_messages, timeout_ms, tags, error_on_gap, options)
        return Tail(pointer, timeout_ms, options.get("on_gap"), self._codec.decode)

    def tail_async(
        self,
        since_seq: int | None = None,
        max_messages: int | None = None,
        timeout_ms: int | None = None,
        tags: Iterable[str] | None = None,
        error_on_gap: bool = False,
        **options: Unpack[TailOptions],
    ) -> AsyncTail[Message]:
        """As `tail`, for `async for`; waits in the event loop."""
        return AsyncTail(self.tail(since_seq, max_messages, timeout_ms, tags, error_on_gap, **options))

    def lite3_tail_async(
        self,
        since_seq: int | None = None,
        max_messages: int | None = None,
        timeout_ms: int | None = None,
        tags: Iterable[str] | None = None,
        error_on_gap: bool = False,
        **options: Unpack[TailOptions],
    ) -> AsyncTail[Lite3Frame]:
        """As `open_lite3_stream`, for `async for`; waits in the event loop."""
        return AsyncTail(
            self.open_lite3_stream(since_seq, max_messages, timeout_ms, error_on_gap, tags=tags, **options)
        )

    def tail_views(
        self,
        since_seq: int | None = None,
        max_messages: int | None = None,
        timeout_ms: int | None = None,
        tags: Iterable[str] | None = None,
        error_on_gap: bool = False,
        **options: Unpack[TailOptions],
    ) -> ViewTail:
        """As `tail`, but looks at each message where it lies, without copying or decoding it; see `View`."""
        pointer = open_tail(
            self._open_pointer(),
            since_seq,
            max_messages,
            timeout_ms,
            tags,
            error_on_gap,
            options,
            lib.PLSM_TAIL_IN_PLACE,
        )
        return ViewTail(pointer, timeout_ms, options.get("on_gap"), self._codec.decode)

    def range(
        self,
        first: int | None = None,
        last: int | None = None,
        *,
        tags: Iterable[str] | None = None,
        backwards: bool = False,
        **options: Unpack[FilterOptions],
    ) -> Tail:
        """The messages with seqs from `first` to `last`, both included, as far as they are there; never waits.

        Args:
            first: the lowest seq wanted; without it the oldest message's.
            last: the highest seq wanted; without it the newest message's as of now.
            tags: only messages that have all of these.
            backwards: from the highest to the lowest.
            options: further filters, as for `tail`.
        """
        wanted = cast("TailOptions", {**options, "snapshot": True})
        begin, end = (last, first) if backwards else (first, last)
        if backwards:
            wanted["backwards"] = True
        if end is not None:
            wanted["end_seq"] = end
        return self.tail(begin, tags=tags, **wanted)

    def replay(
        self,
        speed: float = 1.0,
        since_seq: int | None = None,
        max_messages: int | None = None,
        timeout_ms: int | None = None,
        tags: Iterable[str] | None = None,
        error_on_gap: bool = False,
        **options: Unpack[TailOptions],
    ) -> Replay:
        """As `tail`, with the pauses between the messages as they were, divided by `speed`.

        Args:
            speed: 1 keeps the pauses, 10 makes them a tenth, infinity leaves them out.

        Raises:
            ValueError: `speed` is not above 0.
        """
        checked = check_speed(speed)
        pointer = open_tail(self._open_pointer(), since_seq, max_messages, timeout_ms, tags, error_on_gap, options)
        return Replay(pointer, timeout_ms, options.get("on_gap"), self._codec.decode, checked)

    def replay_async(
        self,
        speed: float = 1.0,
        since_seq: int | None = None,
        max_messages: int | None = None,
        timeout_ms: int | None = None,
        tags: Iterable[str] | None = None,
        error_on_gap: bool = False,
        **options: Unpack[TailOptions],
    ) -> AsyncTail[Message]:
        """As `replay`, for `async for`; waits in the event loop."""
        return AsyncTail(self.replay(speed, since_seq, max_messages, timeout_ms, tags, error_on_gap, **options))

"""A pool of a server: the same methods, each of which is a request."""

from __future__ import annotations

from typing import Any

from ._aio import AsyncTail
from ._message import Lite3Frame, Message
from ._pool import Pool
from ._servers import on_server

_REQUESTS = (
    *("append", "append_json", "append_receipt", "append_json_receipt", "append_many", "append_json_many"),
    *("append_lite3", "flush", "get", "get_json", "get_lite3", "get_view", "open_stream", "open_lite3_stream"),
    *("tail", "tail_views", "range", "replay", "bounds", "info", "is_current", "writers", "warnings"),
)


class ServerPool(Pool):
    __doc__ = Pool.__doc__

    _is_remote = True

    @property
    @on_server
    def id(self) -> bytes:
        """As of a pool that is here."""
        return super().id

    # Opening is a request, which the event loop must not wait for.

    def tail_async(self, *args: Any, **options: Any) -> AsyncTail[Message]:
        """As of a pool that is here. It is opened, with the errors of that, when the first message is asked for."""
        self._open_pointer()
        return AsyncTail(None, lambda: Pool.tail(self, *args, **options))

    def lite3_tail_async(self, *args: Any, **options: Any) -> AsyncTail[Lite3Frame]:
        """As `tail_async`."""
        self._open_pointer()
        return AsyncTail(None, lambda: self.open_lite3_stream(*args, **options))

    def replay_async(self, *args: Any, **options: Any) -> AsyncTail[Message]:
        """As `tail_async`."""
        self._open_pointer()
        return AsyncTail(None, lambda: Pool.replay(self, *args, **options))


for _name in _REQUESTS:
    setattr(ServerPool, _name, on_server(getattr(Pool, _name)))

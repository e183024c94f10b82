"""What a client brings along to servers, and calls that wait for an answer of one."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Concatenate, ParamSpec, TypeVar

from . import _arguments as arguments
from ._binding import ffi, lib
from ._errors import fail
from ._waiting import run_interruptibly

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")

TextPath = str | os.PathLike[str]


def is_url(reference: object) -> bool:
    """Whether a pool reference or a directory is an address and no name or path."""
    return isinstance(reference, str) and "://" in reference


@dataclass(frozen=True)
class ServerOptions:
    """As `Client` takes them, checked. With a token it cannot be pickled."""

    token: str | None = field(default=None, repr=False)
    token_file: str | None = None
    tls_ca_file: str | None = None
    tls_skip_verify: bool = False
    insecure_token: bool = False
    request_timeout_ms: int = 0

    def __reduce__(self) -> tuple[Any, ...]:
        if self.token is not None:
            raise TypeError(
                "a token is never pickled: give token_file= instead of token=, or make a client in the other process"
            )
        return ServerOptions, (
            None,
            self.token_file,
            self.tls_ca_file,
            self.tls_skip_verify,
            self.insecure_token,
            self.request_timeout_ms,
        )


def server_options(
    token: str | None,
    token_file: TextPath | None,
    tls_ca_file: TextPath | None,
    tls_skip_verify: bool,
    insecure_token: bool,
    request_timeout: float | None,
) -> ServerOptions:
    """Checks what `Client` was given."""
    if token is not None and not isinstance(token, str):
        raise TypeError(f"token must be a str, not {type(token).__name__}")
    if token is not None and (not token.isascii() or not token.isprintable()):
        raise ValueError("token must be printable ASCII")  # and is not shown
    return ServerOptions(
        token,
        None if token_file is None else os.fsdecode(token_file),
        None if tls_ca_file is None else os.fsdecode(tls_ca_file),
        bool(tls_skip_verify),
        bool(insecure_token),
        0 if request_timeout is None else _milliseconds(request_timeout),
    )


def _milliseconds(request_timeout: float) -> int:
    seconds = arguments.number("request_timeout", request_timeout)
    if not 0 < seconds < 2**53:
        raise ValueError(f"request_timeout must be above 0, in seconds, and not {request_timeout!r}")
    return ceil(seconds * 1000)


def new_client(pool_dir: bytes | None, server: ServerOptions) -> Any:
    """A client of the library."""
    options = ffi.new("plsm_client_options_t *")
    options.struct_size = ffi.sizeof("plsm_client_options_t")
    texts = {
        "pool_dir": pool_dir,
        "token": None if server.token is None else server.token.encode("utf-8"),
        "token_file": None if server.token_file is None else arguments.name_text("token_file", server.token_file),
        "tls_ca_file": None if server.tls_ca_file is None else arguments.name_text("tls_ca_file", server.tls_ca_file),
    }
    keep = {name: ffi.from_buffer("char[]", text + b"\0") for name, text in texts.items() if text is not None}
    for name, buffer in keep.items():
        setattr(options, name, buffer)
    options.flags = (lib.PLSM_CLIENT_TLS_SKIP_VERIFY if server.tls_skip_verify else 0) | (
        lib.PLSM_CLIENT_INSECURE_TOKEN if server.insecure_token else 0
    )
    options.request_timeout_ms = server.request_timeout_ms
    out, slot = ffi.new("plsm_client_t **"), ffi.new("plsm_error_t **")
    code = lib.plsm_client_new_with(options, out, slot)
    if code != 0:
        fail(code, slot)
    return ffi.gc(out[0], lib.plsm_client_free)


def on_server(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """A method that waits for the answer of a server, without keeping Ctrl-C away meanwhile."""

    @functools.wraps(method)
    def waiting(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return run_interruptibly(functools.partial(method, self, *args, **kwargs))

    return waiting


def maybe_on_server(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """As `on_server`, for a method of a client, whose pools may be here and there."""
    there = on_server(method)

    @functools.wraps(method)
    def waiting(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        pool_ref = args[0] if args else kwargs.get("pool_ref")
        is_remote: bool = getattr(self, "_is_remote", False)
        return (there if is_remote or is_url(pool_ref) else method)(self, *args, **kwargs)

    return waiting

"""From native objects to JSON text and back, with the hooks of the caller."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from json import encoder as _json_encoder
from typing import Any, TypeAlias

Encoder: TypeAlias = Callable[[Any], bytes | bytearray | str]
"""Turns a value into JSON text in UTF-8, as orjson.dumps does."""
Decoder: TypeAlias = Callable[[bytes], Any]
"""Turns JSON text into a value, as orjson.loads does."""
Default: TypeAlias = Callable[[Any], Any]
"""Turns an object that JSON has no form for into one it has, or raises TypeError; as in json.dumps."""


def plain_default(value: Any) -> Any:
    """Dataclass instances become objects; everything else that JSON has no form for is an error."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    raise TypeError(f"an object of type {type(value).__name__} has no form in JSON; convert it, or give default=")


def _make_encoder(default: Default) -> Callable[[Any], bytes]:
    checked = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=default)
    make = getattr(_json_encoder, "c_make_encoder", None)
    if make is None:
        return lambda value: checked.encode(value).encode("utf-8")
    # What JSONEncoder.encode makes anew for each value. Without its notes on containers, which threads
    # could not share, a value that contains itself shows only as a recursion.
    chunks = make(
        None,
        default,
        _json_encoder.encode_basestring,
        None,
        ":",
        ",",
        False,
        False,
        False,
    )
    join = "".join

    def encode(value: Any) -> bytes:
        try:
            return join(chunks(value, 0)).encode("utf-8")
        except RecursionError:
            return checked.encode(value).encode("utf-8")  # says so, if the value contains itself

    return encode


_encode_plainly = _make_encoder(plain_default)
# The parser proper, which json.loads wraps into looks at the text's encoding and at what stands around the value.
_scan: Callable[[str, int], tuple[Any, int]] = getattr(json.JSONDecoder(), "scan_once")  # noqa: B009


def decode_plainly(text: bytes) -> Any:
    """The value of JSON text that the library has written."""
    return _scan(str(text, "utf-8"), 0)[0]


def _bytes_of(encoder: Encoder) -> Callable[[Any], bytes]:
    def encode(value: Any) -> bytes:
        text = encoder(value)
        if type(text) is bytes:
            return text
        if isinstance(text, str):
            return text.encode("utf-8")
        if isinstance(text, (bytes, bytearray)):
            return bytes(text)
        raise TypeError(f"encoder must return bytes or str, not {type(text).__name__}")

    return encode


class Codec:
    """How a client's pools encode and decode `data`."""

    __slots__ = ("decode", "decoder", "default", "encode", "encoder")

    def __init__(
        self, encoder: Encoder | None = None, decoder: Decoder | None = None, default: Default | None = None
    ) -> None:
        for name, hook in (("encoder", encoder), ("decoder", decoder), ("default", default)):
            if hook is not None and not callable(hook):
                raise TypeError(f"{name} must be callable, not {type(hook).__name__}")
        if encoder is not None and default is not None:
            raise ValueError("encoder and default exclude each other: give the default to the encoder")
        self.encoder, self.decoder, self.default = encoder, decoder, default
        self.encode = _encode_plainly
        if encoder is not None:
            self.encode = _bytes_of(encoder)
        elif default is not None:
            self.encode = _make_encoder(default)
        self.decode: Decoder = decode_plainly if decoder is None else decoder

    def __reduce__(self) -> tuple[Any, ...]:
        return Codec, (self.encoder, self.decoder, self.default)

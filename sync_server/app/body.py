"""Reading a request's body, bounded in size and time before any of it is looked at."""

import asyncio

from starlette.types import Receive

from protocol import limits
from protocol.errors import ErrorCode, ProtocolError

READ_SECONDS = 75.0
"""Longer than any client waits: on a slow line the client gives up first and sends less the next time, where an answer from here
would say that the very same thing never comes through."""
_DRAINED_BYTES = 8 * limits.BATCH_BYTES


class Disconnected(Exception):
    """The client went away before its request was whole."""


async def read_body(receive: Receive) -> bytes:
    """The whole body. Raises ProtocolError(too_large), Disconnected, or ProtocolError(bad_request) when it takes too long."""
    try:
        async with asyncio.timeout(READ_SECONDS):
            return await _read(receive)
    except TimeoutError as error:
        raise ProtocolError(ErrorCode.BAD_REQUEST, "the body came too slowly") from error


async def _read(receive: Receive) -> bytes:
    message = await receive()
    if not message.get("more_body", False) and message["type"] == "http.request":
        body: bytes = message.get("body", b"")
        if len(body) > limits.BATCH_BYTES:
            raise ProtocolError(ErrorCode.TOO_LARGE, "request")
        return body
    chunks: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        # What is too much is thrown away as it comes; a client that is cut off in mid-sending never sees the answer.
        if size <= limits.BATCH_BYTES:
            chunks.append(chunk)
        else:
            chunks.clear()
        if size > _DRAINED_BYTES or (size > limits.BATCH_BYTES and not message.get("more_body", False)):
            raise ProtocolError(ErrorCode.TOO_LARGE, "request")
        if not message.get("more_body", False):
            return b"".join(chunks)
        message = await receive()

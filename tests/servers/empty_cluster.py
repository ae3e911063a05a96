"""An API server of a cluster that holds nothing: run as a script, it answers 404 to everything.

One thread without a memory, in a process of its own, where `ApiServer` would be what is measured.
"""

from __future__ import annotations

import asyncio
import json
import sys

_BODY = json.dumps(
    {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}
).encode()
_ANSWER = (
    b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: "
    + str(len(_BODY)).encode()
    + b"\r\n\r\n"
    + _BODY
)


class _Connection(asyncio.Protocol):
    """Requests without bodies, one after the other."""

    def __init__(self) -> None:
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *requests, self._unread = (self._unread + data).split(b"\r\n\r\n")
        self._transport.write(_ANSWER * len(requests))


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))

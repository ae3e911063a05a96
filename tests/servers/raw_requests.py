"""What a client may send that means to confuse, and the codes that may answer it."""

from __future__ import annotations

import json
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from .api_server import PATIENCE

__all__ = ["HARMLESS", "REFUSED", "Raw", "Said", "converse"]

_PATH = b"/api/healthz/shop/deployment/api"
_HOST = b"Host: a\r\n"
_HIDDEN = b"GET " + _PATH + b" HTTP/1.1\r\nHost: a\r\n\r\n"
_TLS = bytes.fromhex("160301020001000001fc0303") + b"\x00\x01\x02\x0a\x0d" * 40


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes that a client sends.

    Attributes:
        data: All of them.
        codes: The codes that may answer them.
        closes: Whether the connection has to end with the answer, since nobody can say where the
            next request begins.
    """

    data: bytes
    codes: Collection[int] = (400,)
    closes: bool = True

    def fault(self, said: Said) -> str:
        """What is wrong with an answer to them; empty where nothing is."""
        if said.status not in self.codes:
            return f"{said.status}"
        if said.status >= 400 and not said.is_problem():
            return f"no problem: {said.headers} {said.body[:200]!r}"
        if said.more.count(b"HTTP/1.") != (not self.closes):
            return f"more than was asked for, or less: {said.more[:200]!r}"
        return ""


@dataclass(frozen=True, slots=True)
class Said:
    """What came back.

    Attributes:
        status: The code.
        headers: The headers, their names in lower case.
        body: The body.
        more: What came after this answer, until the server closed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    more: bytes

    def is_problem(self) -> bool:
        """Whether it is a problem of ours, or the head of one."""
        if self.headers.get("content-type") != "application/problem+json":
            return False
        if self.headers.get("heartbeat-status") != "unknown":
            return False
        return not self.body or json.loads(self.body)["status"] == self.status


def converse(port: int, raw: Raw, pieces: int = 1) -> Said:
    """Send bytes in so many pieces; what comes back until the server closes.

    Where the connection is to live on, one more request ends it, whose answer is in `more`.
    """
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        size = max(1, -(-len(raw.data) // pieces))
        for at in range(0, len(raw.data), size):
            client.sendall(raw.data[at : at + size])
        if not raw.closes:
            client.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        with client.makefile("rb") as stream:
            return _said(stream.read(), has_body=not raw.data.startswith(b"HEAD "))


def _said(data: bytes, *, has_body: bool) -> Said:
    head, _, rest = data.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (field.partition(": ") for field in lines)}
    status = int(line.split(" ")[1]) if line.startswith("HTTP/1.") else 0
    size = int(headers.get("content-length", "0")) if has_body else 0
    return Said(status, headers, rest[:size], rest[size:])


def _get(
    line: bytes = b"GET " + _PATH + b" HTTP/1.1", headers: bytes = _HOST, body: bytes = b""
) -> bytes:
    return line + b"\r\n" + headers + b"\r\n" + body


def _target(target: bytes) -> bytes:
    return _get(b"GET " + target + b" HTTP/1.1")


def _version(version: bytes) -> bytes:
    return _get(b"GET " + _PATH + b" " + version)


def _with(headers: bytes, body: bytes = b"") -> bytes:
    return _get(headers=_HOST + headers, body=body)


def _object(namespace: bytes = b"shop", kind: bytes = b"deployment", name: bytes = b"api") -> bytes:
    return _target(b"/api/healthz/" + namespace + b"/" + kind + b"/" + name)


_SMUGGLED: dict[str, Raw] = {
    name: Raw(_with(headers, body + _HIDDEN))
    for name, headers, body in (
        ("CL.TE", b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
        ("TE.CL", b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", b"5c\r\n"),
        ("TE alone", b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
        ("TE with trailers", b"Transfer-Encoding: chunked\r\nTrailer: X\r\n", b"0\r\nX: y\r\n\r\n"),
        ("TE unknown", b"Transfer-Encoding: gzip\r\n", b""),
        ("TE identity", b"Transfer-Encoding: identity\r\n", b""),
        ("TE empty", b"Transfer-Encoding:\r\n", b""),
        ("TE twice", b"Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
        ("TE list", b"Transfer-Encoding: chunked, identity\r\n", b"0\r\n\r\n"),
        ("TE quoted", b'Transfer-Encoding: "chunked"\r\n', b"0\r\n\r\n"),
        ("TE with a tab", b"Transfer-Encoding:\tchunked\r\n", b"0\r\n\r\n"),
        ("TE with a vertical tab", b"Transfer-Encoding: \x0bchunked\r\n", b"0\r\n\r\n"),
        ("TE with a space before the colon", b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n"),
        ("TE with a tab before the colon", b"Transfer-Encoding\t: chunked\r\n", b"0\r\n\r\n"),
        ("TE after a space", b" Transfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
        ("TE in a folded line", b"X: y\r\n Transfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
        ("TE folded", b"Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n"),
        ("TE after a bare LF", b"X: y\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
        ("TE after a bare CR", b"X: y\rTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
        ("TE with an underscore", b"Transfer_Encoding: chunked\r\n", b"0\r\n\r\n"),
        ("TE with a NUL", b"Transfer-Encoding\0: chunked\r\n", b"0\r\n\r\n"),
        ("TE in capitals", b"TRANSFER-ENCODING: CHUNKED\r\n", b"0\r\n\r\n"),
        ("TE, huge chunk", b"Transfer-Encoding: chunked\r\n", b"ffffffffffffffffff\r\n"),
        ("CL twice", b"Content-Length: 4\r\nContent-Length: 4\r\n", b"abcd"),
        ("CL twice, other", b"Content-Length: 4\r\nContent-Length: 0\r\n", b"abcd"),
        ("CL twice, cases", b"Content-Length: 0\r\ncontent-length: 4\r\n", b"abcd"),
        ("CL list", b"Content-Length: 4, 4\r\n", b"abcd"),
        ("CL with a sign", b"Content-Length: +4\r\n", b"abcd"),
        ("CL negative", b"Content-Length: -4\r\n", b"abcd"),
        ("CL hexadecimal", b"Content-Length: 0x4\r\n", b"abcd"),
        ("CL with an underscore in it", b"Content-Length: 1_0\r\n", b"abcd"),
        ("CL fraction", b"Content-Length: 4.0\r\n", b"abcd"),
        ("CL exponent", b"Content-Length: 4e0\r\n", b"abcd"),
        ("CL empty", b"Content-Length:\r\n", b""),
        ("CL no ASCII digit", b"Content-Length: \xb2\r\n", b""),
        ("CL folded", b"Content-Length:\r\n 4\r\n", b"abcd"),
        ("CL of thousands of digits", b"Content-Length: " + b"9" * 5000 + b"\r\n", b""),
        ("CL with an underscore", b"Content_Length: 4\r\n", b"abcd"),
        ("CL with a space before the colon", b"Content-Length : 4\r\n", b"abcd"),
    )
}
_HEADERS: dict[str, Raw] = {
    "no Host": Raw(_get(headers=b"X: y\r\n")),
    "no header": Raw(_get(headers=b"")),
    "two Hosts": Raw(_with(b"Host: b\r\n")),
    "two Hosts alike": Raw(_with(b"host: a\r\n")),
    "two Hosts in HTTP/1.0": Raw(_get(b"GET " + _PATH + b" HTTP/1.0", _HOST + _HOST)),
    "Host of two": Raw(_get(headers=b"Host: a, b\r\n")),
    "Host with a user": Raw(_get(headers=b"Host: a@b\r\n")),
    "Host with a path": Raw(_get(headers=b"Host: a/b\r\n")),
    "Host with a space": Raw(_get(headers=b"Host: a b\r\n")),
    "Host with no port": Raw(_get(headers=b"Host: a:b\r\n")),
    "Host not closed": Raw(_get(headers=b"Host: [::1\r\n")),
    "Host not ASCII": Raw(_get(headers=b"Host: \xc3\xa4\r\n")),
    "Host folded": Raw(_get(headers=b"Host: a\r\n b\r\n")),
    "folded": Raw(_with(b"X: y\r\n z\r\n")),
    "folded at once": Raw(_get(headers=b" X: y\r\n" + _HOST)),
    "no colon": Raw(_with(b"X\r\n")),
    "no name": Raw(_with(b": y\r\n")),
    "space in a name": Raw(_with(b"X Y: z\r\n")),
    "space before the colon": Raw(_with(b"X : y\r\n")),
    "NUL in a value": Raw(_with(b"X: y\0z\r\n")),
    "NUL in a name": Raw(_with(b"X\0: y\r\n")),
    "control character in a value": Raw(_with(b"X: y\x01z\r\n")),
    "DEL in a value": Raw(_with(b"X: y\x7fz\r\n")),
    "bytes in a name": Raw(_with(b"X\xff: y\r\n")),
    "bare LF in a value": Raw(_with(b"X: y\nZ: z\r\n")),
    "bare CR in a value": Raw(_with(b"X: y\rZ: z\r\n")),
    "bare LF everywhere": Raw(_get().replace(b"\r\n", b"\n")),
    "bare CR everywhere": Raw(_get().replace(b"\r\n", b"\r")),
    "bare LF at the end": Raw(_get()[:-2] + b"\n"),
    "one header too large": Raw(_with(b"X: " + b"y" * 9_000 + b"\r\n"), (431,)),
    "one header far too large": Raw(_with(b"X: " + b"y" * 300_000 + b"\r\n"), (431,)),
    "a thousand headers": Raw(_with(b"".join(b"X%d: y\r\n" % at for at in range(1000))), (431,)),
    "a large header that never ends": Raw(_get()[:-2] + b"X: " + b"y" * 9_000, (431,)),
    "TE in HTTP/1.0": Raw(
        _get(b"GET " + _PATH + b" HTTP/1.0", b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n")
    ),
}
_LINES: dict[str, Raw] = {
    "HTTP/0.9": Raw(b"GET " + _PATH + b"\r\n\r\n"),
    "no version": Raw(_get(b"GET " + _PATH)),
    "HTTP/0.9 by name": Raw(_version(b"HTTP/0.9")),
    "HTTP/1.10": Raw(_version(b"HTTP/1.10")),
    "HTTP/1.2": Raw(_version(b"HTTP/1.2")),
    "HTTP/1": Raw(_version(b"HTTP/1")),
    "HTTP/01.1": Raw(_version(b"HTTP/01.1")),
    "HTTP/2.0": Raw(_version(b"HTTP/2.0")),
    "HTTP/9.9": Raw(_version(b"HTTP/9.9")),
    "http/1.1": Raw(_version(b"http/1.1")),
    "HTTP/-1.1": Raw(_version(b"HTTP/-1.1")),
    "ICY": Raw(_version(b"ICY/1.1")),
    "the preface of HTTP/2": Raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"),
    "TLS": Raw(_TLS),
    "SSH": Raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    "bytes": Raw(b"\xff\xfe\xfd" * 30),
    "NULs": Raw(b"\0" * 30),
    "a space first": Raw(b" " + _get()),
    "a vertical tab first": Raw(b"\x0b" + _get()),
    "a bare LF first": Raw(b"\n" + _get()),
    "two spaces": Raw(_get(b"GET  " + _PATH + b" HTTP/1.1")),
    "a space at the end": Raw(_get(b"GET " + _PATH + b" HTTP/1.1 ")),
    "tabs": Raw(_get(b"GET\t" + _PATH + b"\tHTTP/1.1")),
    "a method in small letters": Raw(_get(b"get " + _PATH + b" HTTP/1.1")),
    "a method of bytes": Raw(_get(b"G\xc9T " + _PATH + b" HTTP/1.1")),
    "no method": Raw(_get(b" " + _PATH + b" HTTP/1.1")),
    "a method that nobody knows": Raw(_get(b"FOO " + _PATH + b" HTTP/1.1"), closes=False),
    "a method of odd characters": Raw(_get(b"G#T " + _PATH + b" HTTP/1.1"), closes=False),
    "a very long method": Raw(_get(b"A" * 4_000 + b" " + _PATH + b" HTTP/1.1"), closes=False),
    "a method too long": Raw(_get(b"A" * 9_000 + b" " + _PATH + b" HTTP/1.1"), (431,)),
    "TRACE": Raw(_get(b"TRACE " + _PATH + b" HTTP/1.1"), (405,), closes=False),
    "POST": Raw(_get(b"POST " + _PATH + b" HTTP/1.1"), (405,), closes=False),
    "HEAD that is refused": Raw(
        _get(b"HEAD " + _PATH + b" HTTP/1.1", _HOST + b"Transfer-Encoding: chunked\r\n")
    ),
    "HEAD too large": Raw(
        _get(b"HEAD " + _PATH + b" HTTP/1.1", _HOST + b"X: " + b"y" * 9_000 + b"\r\n"), (431,)
    ),
    "another host's": Raw(_target(b"http://evil" + _PATH)),
    "another scheme's": Raw(_target(b"ftp://a" + _PATH)),
    "an address not closed": Raw(_target(b"http://[::1" + _PATH)),
    "an address that is none": Raw(_target(b"http://[zz]" + _PATH)),
    "a user's": Raw(_target(b"http://u:p@a" + _PATH)),
    "without a path": Raw(_target(b"http://a")),
    "an authority": Raw(_target(b"a:80")),
    "CONNECT": Raw(_get(b"CONNECT a:80 HTTP/1.1")),
    "CONNECT to a path": Raw(_get(b"CONNECT " + _PATH + b" HTTP/1.1"), (400, 405), closes=False),
    "an asterisk": Raw(_target(b"*")),
    "OPTIONS of all": Raw(_get(b"OPTIONS * HTTP/1.1")),
    "a path that hangs in the air": Raw(_target(_PATH[1:])),
    "a query alone": Raw(_target(b"?x")),
    "a fragment": Raw(_target(_PATH + b"#x")),
    "a target too large": Raw(_target(b"/" + b"a" * 9_000), (414, 431)),
    "a query too large": Raw(_target(_PATH + b"?" + b"a" * 9_000), (414, 431)),
    "a long path": Raw(_target(b"/" + b"a" * 7_000), (404,), closes=False),
    "a thousand segments": Raw(_target(b"/a" * 1_000), (404,), closes=False),
    "NUL in the path": Raw(_object(namespace=b"sh\0op")),
    "DEL in the path": Raw(_object(namespace=b"sh\x7fop")),
    "a tab in the path": Raw(_object(namespace=b"sh\top")),
    "bytes in the path": Raw(_object(namespace=b"\xff\xfe")),
    "UTF-8 in the path": Raw(_object(namespace="ü".encode())),
    "bytes in the query": Raw(_target(_PATH + b"?\xff")),
    "dots and slashes that are encoded": Raw(_object(name=b"..%2f..%2f..%2fsecrets%2fa")),
    "a kind of a path": Raw(_object(kind=b"pods%2flog")),
    "slashes that are encoded": Raw(_target(b"/api/healthz/shop%2Fdeployment%2Fapi")),
    "a probe with slashes that are encoded": Raw(_target(b"/livez%2f%2f")),
}
_PATHS: dict[str, Raw] = {
    name: Raw(data, (400, 404), closes=False)
    for name, data in {
        "dots": _object(namespace=b".."),
        "a dot": _object(namespace=b"."),
        "encoded dots": _object(namespace=b"%2e%2e"),
        "dots encoded twice": _object(namespace=b"%252e%252e"),
        "slashes encoded twice": _object(name=b"..%252f..%252fsecrets"),
        "overlong dots": _object(namespace=b"%c0%ae%c0%ae"),
        "overlong slash": _object(name=b"a%c0%afb"),
        "encoded NUL": _object(namespace=b"shop%00"),
        "encoded line end": _object(name=b"api%0d%0aSet-Cookie:%20x"),
        "encoded DEL": _object(name=b"api%7f"),
        "an encoded byte": _object(name=b"%ff"),
        "a surrogate": _object(name=b"%ed%a0%80"),
        "an escape that is none": _object(name=b"%zz"),
        "half an escape": _object(name=b"%"),
        "a backslash": _object(namespace=b"shop\\..\\kube-system"),
        "a semicolon": _object(namespace=b"shop;x=y"),
        "an encoded question mark": _object(name=b"api%3fwatch=true"),
        "an encoded hash": _object(name=b"api%23"),
        "an encoded space": _object(name=b"a%20b"),
        "full-width letters": _object(name=b"%ef%bd%81pi"),
        "capitals": _object(name=b"API"),
        "an asterisk for a name": _object(name=b"*"),
        "braces": _object(name=b"{name}"),
        "a very long name": _object(name=b"a" * 300),
        "a subresource": _object(name=b"api/log"),
        "an empty namespace": _object(namespace=b""),
        "an empty name": _target(b"/api/healthz/shop/deployment//"),
        "a kind of dots": _object(kind=b".."),
    }.items()
}
_BODIES: dict[str, Raw] = {
    "a body of 1,024 bytes": Raw(_with(b"Content-Length: 1024\r\n", b"x" * 1024), (413,)),
    "a body of 100,000 bytes": Raw(_with(b"Content-Length: 100000\r\n", b"x" * 100_000), (413,)),
    "a body that is never sent": Raw(_with(b"Content-Length: 999999999999\r\n"), (413,)),
    "a body of thirty digits": Raw(_with(b"Content-Length: " + b"9" * 30 + b"\r\n"), (413,)),
    "a large body that asks first": Raw(
        _with(b"Content-Length: 5000\r\nExpect: 100-continue\r\n"), (413,)
    ),
    "a POST with a body": Raw(
        _get(b"POST " + _PATH + b" HTTP/1.1", _HOST + b"Content-Length: 4\r\n", b"abcd"),
        (405,),
        closes=False,
    ),
}

REFUSED: Mapping[str, Raw] = {
    **_SMUGGLED,
    **{f"header: {name}": raw for name, raw in _HEADERS.items()},
    **{f"line: {name}": raw for name, raw in _LINES.items()},
    **{f"path: {name}": raw for name, raw in _PATHS.items()},
    **{f"body: {name}": raw for name, raw in _BODIES.items()},
}
"""By name, what gets one answer that is an error, and costs no call to the API server."""


def _livez(headers: bytes = _HOST, body: bytes = b"", line: bytes = b"GET /livez") -> Raw:
    return Raw(line + b" HTTP/1.1\r\n" + headers + b"\r\n" + body, (200,), closes=False)


HARMLESS: Mapping[str, Raw] = {
    "plain": _livez(),
    "HEAD": _livez(line=b"HEAD /livez"),
    "HTTP/1.0": Raw(b"GET /livez HTTP/1.0\r\n\r\n", (200,)),
    "HTTP/1.0 that stays": Raw(
        b"GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", (200,), closes=False
    ),
    "close among others": Raw(
        b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: TE, close\r\n\r\n", (200,)
    ),
    "our own address": _livez(line=b"GET http://a/livez"),
    "an empty Host": _livez(b"Host:\r\n"),
    "a Host with a port": _livez(b"Host: heartbeat.example.com:8080\r\n"),
    "a Host of IPv6": _livez(b"Host: [2001:db8::1]:8080\r\n"),
    "a Host of Docker": _livez(b"Host: k8s_heartbeat:8080\r\n"),
    "a body": _livez(_HOST + b"Content-Length: 4\r\n", b"abcd"),
    "a body of 1,023 bytes": _livez(_HOST + b"Content-Length: 1023\r\n", b"x" * 1023),
    "no body, and it says so": _livez(_HOST + b"Content-Length: 0\r\n"),
    "asks first, without a body": _livez(_HOST + b"Expect: 100-continue\r\n"),
    "expects the unknown": _livez(_HOST + b"Expect: magic\r\n"),
    "an upgrade to WebSocket": _livez(
        _HOST + b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: eA==\r\n"
    ),
    "an upgrade to HTTP/2": _livez(
        _HOST + b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMA\r\n"
    ),
    "blank lines first": Raw(
        b"\r\n\r\nGET /livez HTTP/1.1\r\nHost: a\r\n\r\n", (200,), closes=False
    ),
    "hundreds of headers": _livez(_HOST + b"".join(b"X%d: y\r\n" % at for at in range(600))),
    "one header hundreds of times": _livez(_HOST + b"X: y\r\n" * 600),
    "an underscore in a name": _livez(_HOST + b"X_Forwarded_For: 10.0.0.1\r\n"),
    "bytes in a value": _livez(_HOST + b"X: \xff\xfe\r\n"),
    "no value": _livez(_HOST + b"X:\r\n"),
    "slashes first": _livez(line=b"GET //livez"),
    "a long query": _livez(line=b"GET /livez?" + b"x" * 7_000),
    "a query of odd characters": _livez(line=b"GET /livez?a=[]{}|\\^`<>&%zz"),
}
"""By name, what is odd or rare and gets the answer that a plain request gets."""

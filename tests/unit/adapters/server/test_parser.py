"""What the server takes for a request, whatever the network does to the bytes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from waitress.adjustments import Adjustments

from k8s_heartbeat.adapters.server.parser import Parser
from tests.servers.raw_requests import HARMLESS, REFUSED

ADJUSTMENTS = Adjustments(max_request_header_size=8192, max_request_body_size=1024)
CORPUS = sorted(raw.data for raw in (*REFUSED.values(), *HARMLESS.values()))
PARTS = st.sampled_from(
    b"GET |/api| HTTP/1.1|\r\n|\n|\r|: |Host|a| |\t|Content-Length|Transfer-Encoding|chunked|4|\0"
    b"|\xff|_|//|[".split(b"|")
)


def parsed(pieces: Sequence[bytes]) -> tuple[bool, int | None, dict[str, str]]:
    """Whether these pieces end in a request, the code that refuses it, and its headers."""
    parser = Parser(ADJUSTMENTS)
    for piece in pieces:
        rest = piece
        while rest and not parser.completed:
            rest = rest[parser.received(rest) :]
    code = parser.error.code if parser.error else None
    return parser.completed, code, {} if code else dict(parser.headers)


@given(st.one_of(st.sampled_from(CORPUS), st.lists(PARTS, max_size=30).map(b"".join)), st.data())
def test_it_matters_not_where_the_network_cuts(data: bytes, drawn: st.DataObject) -> None:
    """All at once or in pieces: a request, or the lack of one, is the same."""
    cuts = sorted(drawn.draw(st.sets(st.integers(0, len(data)), max_size=8)) | {0, len(data)})
    pieces = [data[start:end] for start, end in pairwise(cuts)]
    assert parsed(pieces) == parsed([data])


@given(st.binary(max_size=300), st.sampled_from(CORPUS))
def test_nothing_raises(noise: bytes, data: bytes) -> None:
    """Whatever comes, it is a request, one that is refused, or not yet either."""
    at = len(noise) % (len(data) + 1)
    for sent in (noise, noise + b"\r\n\r\n", data[:at] + noise + data[at:]):
        _, code, _ = parsed([sent])
        assert code in (None, 400, 413, 431)

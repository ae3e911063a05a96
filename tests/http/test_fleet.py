"""An ordinary fleet meets no limit, whoever else asks from its address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.http.support import GUARDED, PATH, TOKEN, Service, ask, healthy, service

URLS = 500
SECONDS_BETWEEN = 30.0
MINUTES = 10
OLD = "taken-out"


@dataclass(slots=True)
class Address:
    """Everybody who asks from one address, on a clock that stands."""

    served: Service = field(default_factory=lambda: service(healthy(), contract=GUARDED))
    codes: dict[str, Counter[int]] = field(default_factory=dict[str, Counter[int]])

    def ask(self, who: str, token: str | None, query: str = "") -> None:
        """Ask once, and note what came of it."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        answer = ask(self.served, path=PATH, query=query, headers=headers)
        self.codes.setdefault(who, Counter())[answer.status] += 1

    def moments(self) -> Iterator[int]:
        """The number of each moment of ten minutes at which one of the URLs is asked for."""
        each = SECONDS_BETWEEN / URLS
        for number in range(int(MINUTES * 60 / each)):
            self.served.clock.seconds = number * each
            yield number


def test_a_fleet_with_one_token_meets_no_limit() -> None:
    """Five hundred URLs, each every thirty seconds for ten minutes, with the default settings.

    Beside it are a guesser, a monitor with an old token, and who asks without a token and is over.
    """
    here = Address()
    for number in here.moments():
        here.ask("fleet", TOKEN, f"for={number % URLS + 1}s")
        if not number % 2:
            here.ask("nobody", None)
        if not number % 16:
            here.ask("guesser", f"guess-{number}")
            here.ask("old", OLD)
    assert here.codes["fleet"] == Counter({200: 10_000})
    # They share what an address may ask: an hour's at once, and then one a second.
    unknown = here.codes["nobody"] + here.codes["old"] + here.codes["guesser"]
    assert unknown.keys() == {401, 429}
    assert 3600 + 590 <= unknown[401] <= 3600 + 601

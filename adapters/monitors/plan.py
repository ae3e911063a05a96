"""What configuration is printed for: the targets, and how they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from .target import Target, url_of

__all__ = ["Plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """The targets, and how a client is to ask for them.

    Attributes:
        base: The URL of the service: what comes before ``/api``.
        targets: What to ask for, in order.
        namespace: The namespace that they were selected in; empty for all.
        fail_on: The `fail_on` of each check; empty for the service's default.
        lasting: The `for` of each check; empty for none.
        alerts: The types of the alerts of each endpoint, for Gatus.
        exporter: Host and port of the blackbox exporter, for Prometheus.
    """

    base: str
    targets: Sequence[Target]
    namespace: str = ""
    fail_on: str = ""
    lasting: str = ""
    alerts: Sequence[str] = ()
    exporter: str = ""

    @property
    def is_strict(self) -> bool:
        """Whether the code of an answer says other than its `up`."""
        return bool(self.fail_on or self.lasting)

    @property
    def query(self) -> str:
        """The query of each check."""
        stated = {"fail_on": self.fail_on, "for": self.lasting}
        return urlencode({name: value for name, value in stated.items() if value})

    @property
    def scheme(self) -> str:
        """The scheme of the service."""
        return urlsplit(self.base).scheme

    @property
    def host(self) -> str:
        """The host of the service, with its port where one is stated."""
        return urlsplit(self.base).netloc

    @property
    def prefix(self) -> str:
        """The path of the service; empty for none."""
        return urlsplit(self.base).path

    def url(self, target: Target, query: str | None = None) -> str:
        """The URL that answers for a target.

        Args:
            target: The target.
            query: The query; None for that of each check.
        """
        return url_of(self.base, target, self.query if query is None else query)

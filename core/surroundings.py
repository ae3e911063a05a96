"""What stands around an object, taken apart only as far as somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property

from .fields import is_mapping
from .manifests import parse_related, uids_of
from .model import Manifest, Related

__all__ = ["Surroundings"]


class Surroundings:
    """Objects around the one that is judged.

    Args:
        manifests: As the Kubernetes API gives them, in any order; what is none is passed over.
        parse: Takes one apart; one that remembers saves time where many share their surroundings.
    """

    def __init__(
        self,
        manifests: Iterable[object] = (),
        parse: Callable[[Manifest], Related] = parse_related,
    ) -> None:
        self._manifests = [entry for entry in manifests if is_mapping(entry)]
        self._parse = parse

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self._manifests)

    def of_kind(self, kind: str) -> list[Manifest]:
        """Those of a kind."""
        return [entry for entry in self._manifests if entry.get("kind") == kind]

    def controlled_by(self, uid: str, kind: str) -> list[Manifest]:
        """Those of a kind whose controller owner has that UID."""
        if not uid:
            return []
        return [entry for entry in self.of_kind(kind) if uids_of(entry)[1] == uid]

    @cached_property
    def parsed(self) -> list[Related]:
        """All of them, as far as they explain others."""
        return [self._parse(entry) for entry in self._manifests]

"""What a request asks for: an object, a selection or a component, checked before any reading."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

import falcon

from k8s_heartbeat.core import RULES, Kind, Threshold
from k8s_heartbeat.core.checks.reader import ClusterReader, Deadline
from k8s_heartbeat.core.checks.resolution import KindWord, resolve
from k8s_heartbeat.core.checks.selection import Selection
from k8s_heartbeat.core.query import InvalidQuery, Query, WrongScope, check_name, check_namespace
from k8s_heartbeat.core.selectors import LabelSelector, parse_selector

__all__ = ["NO_NAMESPACE", "NoPlace", "ObjectQuestion", "SelectionQuestion", "check_component_name"]

NO_NAMESPACE = "-"
"""Takes the place of the namespace in the path of a cluster-scoped object."""

_MOST_KINDS = 20


@dataclass(frozen=True, slots=True)
class ObjectQuestion:
    """The object that a path names; possibly only the cluster knows its kind.

    Attributes:
        namespace: Where; empty for a cluster-scoped kind.
        kind: Its kind, or the caller's word for it if only the cluster knows the kind.
        name: Its name.
        known: The query, if the kind is known without asking the cluster; otherwise None.
    """

    namespace: str
    kind: Kind | KindWord
    name: str
    known: Query | None

    @staticmethod
    # Monitors repeat their requests; an invalid one raises, and is not cached.
    @lru_cache(maxsize=4096)
    def of(namespace: str, word: str, name: str) -> ObjectQuestion:
        """Parse the path of an object; nothing is read.

        Raises:
            InvalidQuery: A namespace, kind or name is invalid.
        """
        if not name:
            raise InvalidQuery("name", "it is empty; a name is such as api")
        place = "" if namespace == NO_NAMESPACE else namespace
        kind = RULES.kind_called(word)
        if kind is not None:
            return ObjectQuestion(place, kind, name, Query(kind, place, name))
        kind_word = KindWord(word)
        if place:
            check_namespace(place)
        check_name(name)
        return ObjectQuestion(place, kind_word, name, None)

    def query(self, reader: ClusterReader, deadline: Deadline) -> Query:
        """Resolve the kind by what the cluster serves.

        Raises:
            InvalidQuery: The kind's scope does not fit.
            NotServed: The cluster serves no such kind.
            ReadError: What the cluster serves could not be read.
        """
        if isinstance(self.kind, Kind):
            return Query(self.kind, self.namespace, self.name)
        return Query(resolve(self.kind, reader, deadline), self.namespace, self.name)


@dataclass(frozen=True, slots=True)
class SelectionQuestion:
    """The objects that a path and its parameters select.

    Attributes:
        namespace: Where; empty for all namespaces, and for cluster-scoped kinds.
        words: The caller's words for their kinds; none for the workloads.
        selector: Which of them; None for all.
        cluster_scoped: Whether the objects are cluster-scoped.
        min_available: How many of their replicas `up` needs; None for the policy's value.
    """

    namespace: str
    words: tuple[KindWord, ...]
    selector: LabelSelector | None
    cluster_scoped: bool
    min_available: Threshold | None = None

    @classmethod
    def of(
        cls, req: falcon.Request, namespace: str, min_available: Threshold | None
    ) -> SelectionQuestion:
        """Parse a request for many objects; nothing is read.

        Raises:
            InvalidQuery: A namespace, kind or selector is invalid.
        """
        cluster_scoped = namespace == NO_NAMESPACE
        if namespace and not cluster_scoped:
            check_namespace(namespace)
        # Doubled or outer commas leave an invalid empty name.
        words = tuple(
            KindWord(word.strip())
            for text in req.get_param_as_list("kind") or []
            for word in text.split(",")
        )
        if len(words) > _MOST_KINDS:
            raise InvalidQuery("kind", f"more than {_MOST_KINDS} are named, as in kind=deploy,sts")
        if cluster_scoped and not words:
            raise NoPlace
        place = "" if cluster_scoped else namespace
        question = cls(place, words, _selector(req), cluster_scoped, min_available)
        question._check(filter(None, (RULES.kind_called(word.text) for word in words)))
        return question

    def selection(self, reader: ClusterReader, deadline: Deadline) -> Selection:
        """Resolve the kinds by what the cluster serves.

        Raises:
            InvalidQuery: A kind's scope does not fit.
            NotServed: The cluster serves no such kind.
            ReadError: What the cluster serves could not be read.
        """
        named = {resolve(word, reader, deadline) for word in self.words}
        # Equal selections share a result, in whatever order their kinds were named.
        kinds = tuple(sorted(named, key=attrgetter("plural", "group", "version")))
        self._check(kinds)
        return Selection(self.namespace, kinds, self.min_available)

    def _check(self, kinds: Iterable[Kind]) -> None:
        for kind in kinds:
            if self.cluster_scoped and kind.namespaced:
                raise NoPlace
            if self.namespace and not kind.namespaced:
                raise WrongScope(kind)


class NoPlace(InvalidQuery):
    """`NO_NAMESPACE` is used for something that is not cluster-scoped."""

    def __init__(self) -> None:
        super().__init__("namespace", f"{NO_NAMESPACE} is for cluster-scoped kinds")


def check_component_name(name: str) -> None:
    """Raise unless a name is valid for a component, by the rules for namespaces.

    Raises:
        InvalidQuery: It cannot.
    """
    try:
        check_namespace(name)
    except InvalidQuery as error:
        raise InvalidQuery("name", error.problem) from None


def _selector(req: falcon.Request) -> LabelSelector | None:
    stated = req.get_param("selector")
    if stated is None:
        return None
    try:
        return parse_selector(stated)
    except ValueError as error:
        raise InvalidQuery("selector", f"{stated[:40]!a} {error}") from None

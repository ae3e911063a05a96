"""The lists that a selection is searched in, and what explains and dates the verdicts on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from ..assessment import Assessment, Cause, Health
from ..evidence import Evidence
from ..gap import Gap, GapReason
from ..judgement import explained
from ..kinds import EVENT, POD, Kind, is_custom
from ..policy import Policy
from ..query import InvalidQuery, Query
from ..rules import Rules
from ..subject import Subject
from .batch import is_over
from .reader import ClusterReader, Deadline, Forbidden, NotServed, ReadError
from .readings import Readings, Worth
from .result import MemberList

__all__ = ["Lists"]


class Lists:
    """Full lists of one namespace or of all, each read once.

    Args:
        reader: Where they are read.
        namespace: Empty for all.
        deadline: When all must have been read.

    Attributes:
        readings: All that was read.
        behind: Further readings that decided what is a member.
    """

    def __init__(self, reader: ClusterReader, namespace: str, deadline: Deadline) -> None:
        self.readings: Readings = Readings(reader, deadline)
        self.behind: list[Worth] = []
        self._reader = reader
        self._namespace = namespace
        self._deadline = deadline
        self._queries: dict[Kind, Query] = {}

    def query(self, kind: Kind) -> Query:
        """The query for a kind."""
        found = self._queries.get(kind)
        if found is None:
            found = Query(kind, self._namespace if kind.namespaced else "")
            self._queries[kind] = found
        return found

    def gap(self, evidence: Evidence) -> Gap | None:
        """Read some evidence; return why it could not be read."""
        query = self._query_for(evidence)
        return None if query is None else self.readings.read(query).gap

    def read_members(self, kinds: Iterable[Kind], *, named: bool) -> list[MemberList]:
        """Read the lists that are searched for members.

        Args:
            kinds: Their kinds.
            named: Whether a kind that the cluster does not serve is an error; otherwise it is
                ignored if it is another project's.

        Raises:
            InvalidQuery: The namespace cannot exist, or a kind is cluster-scoped.
            NotServed: The cluster does not serve a named kind.
        """
        # Invalid queries are rejected before anything is read.
        queries = [Query(kind, self._namespace) for kind in kinds]
        found: list[MemberList] = []
        for query in queries:
            part = self.readings.read(query)
            if isinstance(part.error, NotServed) and named:
                raise part.error
            if part.gap is not None and part.gap.reason is GapReason.NOT_GIVEN:
                # Everything in the input was read.
                part = replace(part, gap=None)
            found.append(MemberList(query.kind, part, len(part.objects)))
        if named:
            return found
        # If nothing could be read, discovery is not asked about refusals: a namespace that the
        # service may not see would cost more than one that does not exist.
        known = (Forbidden, NotServed) if any(_is_read(entry) for entry in found) else (NotServed,)
        return [
            entry
            for entry in found
            if not (isinstance(entry.part.error, known) and self._is_elsewhere(entry))
        ] or found

    def read_links(self, kinds: Sequence[Kind], rules: Rules) -> list[MemberList]:
        """Read the kinds between members and their pods, so that the pods do not count too."""
        if POD not in kinds:
            return []
        owned = {
            link
            for kind in kinds
            for link in rules.find(kind.kind, kind.api_version).owns
            if link not in kinds and POD in rules.find(link.kind, link.api_version).owns
        }
        parts = [
            (link, self.readings.read(self.query(link))) for link in sorted(owned, key=_plural)
        ]
        return [MemberList(link, part, len(part.objects)) for link, part in parts]

    def explain(
        self,
        subjects: Sequence[Subject],
        judged: list[Assessment],
        now: datetime,
        deadline: Deadline,
        policy: Policy,
    ) -> None:
        """Add causes to the unhealthy ones, without changing their verdicts."""
        unwell = [number for number, entry in enumerate(judged) if not _is_well(entry)]
        kinds = dict.fromkeys(kind for number in unwell for kind in subjects[number].rule.below)
        parts = {kind: self.readings.read(self.query(kind)) for kind in (*kinds, EVENT) if unwell}
        for count, number in enumerate(unwell):
            if is_over(deadline, count):
                # When time runs out, the rest stays unexplained.
                return
            subject = subjects[number]
            found = explained(judged[number], subject, self.readings.related, now, policy)
            unread = tuple(
                Cause("CausesUnreadable", kind.kind, "", str(parts[kind].error))
                for kind in (*subject.rule.below, EVENT)
                if parts[kind].error is not None
            )
            judged[number] = replace(found, causes=found.causes + unread) if unread else found

    def worths(
        self,
        kinds: Sequence[Kind],
        subjects: Sequence[Subject],
        judged: Sequence[Assessment],
    ) -> list[Worth]:
        """The worth of each verdict: the worst of the readings behind it."""
        known: dict[tuple[Query, ...], Worth] = {}
        found: list[Worth] = []
        for kind, subject, assessment in zip(kinds, subjects, judged, strict=True):
            below = () if _is_well(assessment) else (*subject.rule.below, EVENT)
            queries = (
                *map(self._query_for, subject.evidence),
                *map(self.query, (kind, *below)),
            )
            behind = tuple(filter(None, queries))
            if behind not in known:
                known[behind] = self.readings.worth(behind)
            found.append(known[behind])
        return found

    def _query_for(self, evidence: Evidence) -> Query | None:
        """The query for evidence; None if no object can have its name."""
        if not evidence.name and self._namespace in ("", evidence.namespace):
            return self.query(evidence.kind)
        try:
            return evidence.query()
        except InvalidQuery:
            return None

    def _is_elsewhere(self, entry: MemberList) -> bool:
        """Whether a refused or unserved kind is custom, and the cluster does not serve it.

        Kubernetes refuses before it checks whether it serves a kind; a 404 may be a proxy's.
        """
        if not is_custom(entry.kind):
            return False
        try:
            served = self._reader.discover(self._deadline)
        except ReadError:
            return False
        if isinstance(entry.part.error, NotServed):
            # The error is current; discovery only confirms that it is not a proxy's.
            self.behind.append(entry.part.worth)
        else:
            self.behind += (entry.part.worth, Worth(served.began))
        return served.knows(entry.kind.group) and not served.has(entry.kind)


def _is_well(assessment: Assessment) -> bool:
    return assessment.health is Health.HEALTHY


def _is_read(entry: MemberList) -> bool:
    return entry.part.error is None


def _plural(kind: Kind) -> str:
    return kind.plural

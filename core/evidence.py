"""Other objects that a verdict depends on."""

from __future__ import annotations

from .kinds import Kind
from .model import record
from .query import Query
from .selectors import LabelSelector

__all__ = ["Evidence"]


@record
class Evidence:
    """Objects that are needed to judge another one.

    Attributes:
        kind: Their kind.
        namespace: Their namespace; empty for a cluster-scoped kind.
        name: Empty for all that the selector matches.
        selector: Label selector; None for all.
    """

    kind: Kind
    namespace: str
    name: str = ""
    selector: LabelSelector | None = None

    def query(self) -> Query:
        """The query to read them.

        Raises:
            InvalidQuery: A name is not valid in Kubernetes.
        """
        return Query(self.kind, self.namespace, self.name, self.selector)

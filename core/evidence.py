"""What a verdict rests on besides the object itself."""

from __future__ import annotations

from .kinds import Kind
from .model import record
from .query import Query
from .selectors import LabelSelector

__all__ = ["Evidence"]


@record
class Evidence:
    """Objects without which another one cannot be judged.

    Attributes:
        kind: Their kind.
        namespace: Where they are; empty for a cluster-scoped kind.
        name: Which one; empty for all that the selector matches.
        selector: Which of them; None for all.
    """

    kind: Kind
    namespace: str
    name: str = ""
    selector: LabelSelector | None = None

    def query(self) -> Query:
        """How they are read.

        Raises:
            InvalidQuery: They are named as nothing in Kubernetes can be.
        """
        return Query(self.kind, self.namespace, self.name, self.selector)

"""An object that is judged, parsed once: its rule, its metadata, the fields that the rule reads."""

from __future__ import annotations

from typing import Any

from .fields import FieldError, mapping, text
from .manifests import source_of
from .model import Malformed, Metadata, record
from .rules import RULES, Evidence, Rule, Rules

__all__ = ["Subject"]


@record
class Subject:
    """An object and what its rule has read of it.

    Attributes:
        manifest: The object as it was given.
        meta: Its metadata.
        rule: The rule that judges it.
        fields: What the rule read; None if it could not, or if there is no status yet.
        api_version: The apiVersion that it states; empty if it states none.
        evidence: Other objects that must be read before it can be judged.
        problem: Why it cannot be judged; empty if it can.
    """

    manifest: Any
    meta: Metadata
    rule: Rule
    fields: Any
    api_version: str
    evidence: tuple[Evidence, ...] = ()
    problem: str = ""

    @classmethod
    def of(cls, manifest: object, rules: Rules = RULES) -> Subject:
        """Parse an object; a fault becomes its `problem` and is not raised."""
        source = source_of(manifest)
        if isinstance(source, Malformed):
            stated = mapping(manifest).get("apiVersion")
            rule = rules.find(source.meta.kind, stated)
            return cls(manifest, source.meta, rule, None, text(stated), (), source.problem)
        api_version = source.manifest.get("apiVersion")
        rule = rules.find(source.meta.kind, api_version)
        fields, problem = None, ""
        evidence: tuple[Evidence, ...] = ()
        if not rule.needs_status or source.manifest.get("status") is not None:
            try:
                fields = rule.read(source)
                evidence = tuple(rule.evidence(fields)) if rule.evidence else ()
            except FieldError as error:
                problem = str(error)
        return cls(manifest, source.meta, rule, fields, text(api_version), evidence, problem)

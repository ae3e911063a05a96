"""Manifests as the rules see them."""

from __future__ import annotations

from k8s_heartbeat.core import RULES, FieldError
from k8s_heartbeat.core.manifests import source_of
from k8s_heartbeat.core.model import Malformed


def parse(manifest: object) -> object:
    """The model that the rule of its kind reads from a manifest, or why there is none."""
    source = source_of(manifest)
    if isinstance(source, Malformed):
        return source
    rule = RULES.find(source.meta.kind, source.manifest.get("apiVersion"))
    try:
        return rule.read(source)
    except FieldError as error:
        return Malformed(source.meta, str(error))

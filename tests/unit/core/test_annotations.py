"""What an owner writes on an object, and what is said of what cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given

from k8s_heartbeat.core import Threshold
from k8s_heartbeat.core.annotations import (
    IGNORE,
    KNOWN,
    MAINTENANCE_UNTIL,
    MIN_AVAILABLE,
    annotation_faults,
    annotations_of,
    is_ignored,
    maintenance_until,
    min_available,
)
from k8s_heartbeat.core.manifests import meta_of
from k8s_heartbeat.core.model import Metadata
from tests.builders import deployment
from tests.property.strategies import Json, json_values


def annotated(annotations: Json) -> Metadata:
    """The metadata of a Deployment with these annotations."""
    manifest = deployment()
    manifest["metadata"]["annotations"] = annotations
    return meta_of(manifest)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("2", Threshold(2)),
        ("50%", Threshold(50, percent=True)),
        ("0", None),
        ("", None),
        (2.5, None),
    ],
)
def test_the_minimum_of_the_owner(value: Json, read: Threshold | None) -> None:
    """A number or a percentage; otherwise none is set."""
    assert min_available(annotated({MIN_AVAILABLE: value})) == read


@pytest.mark.parametrize(
    ("value", "ignored"), [("true", True), ("false", False), ("True", False), (True, False)]
)
def test_what_the_owner_keeps_out(value: Json, ignored: bool) -> None:
    """The text true alone does; the API holds nothing but texts there."""
    assert is_ignored(annotated({IGNORE: value})) is ignored


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("2026-03-02T13:00:00Z", datetime(2026, 3, 2, 13, tzinfo=UTC)),
        ("2026-03-02T13:00:00+01:00", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("2026-03-02T13:00:00", None),
        ("tomorrow", None),
        ("", None),
    ],
)
def test_until_when_the_owner_works_on_it(value: str, read: datetime | None) -> None:
    """A time with its timezone; otherwise no maintenance is announced."""
    assert maintenance_until(annotated({MAINTENANCE_UNTIL: value})) == read


@pytest.mark.parametrize("annotations", [None, {}, [], "x", {"example.com/other": "1"}, 7])
def test_without_annotations_of_ours_nothing_is_set(annotations: Json) -> None:
    """Nor is anything wrong with them."""
    meta = annotated(annotations)
    assert dict(meta.annotations) == {}
    assert (min_available(meta), is_ignored(meta), maintenance_until(meta)) == (None, False, None)
    assert annotation_faults(meta) == ()


def test_no_other_annotation_is_kept() -> None:
    """They may be of any size, and secret."""
    found = annotations_of({"annotations": {MIN_AVAILABLE: "2", "example.com/token": "secret"}})
    assert dict(found) == {MIN_AVAILABLE: "2"}
    assert MIN_AVAILABLE in KNOWN


@pytest.mark.parametrize(
    ("name", "value", "form"),
    [
        (MIN_AVAILABLE, "none", 'a number from 1 or a percentage, such as "2" or "50%"'),
        (MIN_AVAILABLE, "0", 'a number from 1 or a percentage, such as "2" or "50%"'),
        (IGNORE, "yes", 'the text "true" or "false"'),
        (IGNORE, "", 'the text "true" or "false"'),
        (
            MAINTENANCE_UNTIL,
            "tomorrow",
            'an RFC 3339 time, such as "2026-01-01T12:00:00Z"',
        ),
    ],
)
def test_what_cannot_be_read_is_a_cause(name: str, value: str, form: str) -> None:
    """It names the annotation, what was found and the form."""
    (fault,) = annotation_faults(annotated({name: value}))
    assert (fault.reason, fault.kind, fault.name) == ("MalformedAnnotation", "Deployment", "api")
    assert fault.message == f"{name}: {value!a} is not {form}"


def test_what_can_be_read_is_none() -> None:
    """Each in its form, at once."""
    meta = annotated(
        {MIN_AVAILABLE: "50%", IGNORE: "false", MAINTENANCE_UNTIL: "2026-03-02T13:00:00Z"}
    )
    assert annotation_faults(meta) == ()


@given(json_values())
def test_any_value_is_read_or_told(value: Json) -> None:
    """Nothing is raised, and what is not in order is a cause."""
    for name in (MIN_AVAILABLE, IGNORE, MAINTENANCE_UNTIL):
        meta = annotated({name: value})
        read = min_available(meta) is not None or maintenance_until(meta) is not None
        in_order = read or (name == IGNORE and value in ("true", "false"))
        assert len(annotation_faults(meta)) == (0 if in_order else 1)
    annotated(value)

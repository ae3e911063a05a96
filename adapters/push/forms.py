"""The form of a receiver: the one that is named, or the one its URL implies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import SplitResult, urlsplit

from . import FORMS
from .gatus import Gatus
from .healthchecks import Healthchecks
from .pushgateway import Pushgateway
from .receiver import Receiver
from .uptime_kuma import UptimeKuma
from .webhook import Webhook

__all__ = ["ReceiverError", "receiver_at", "secrets_in"]

_Form = type[Healthchecks] | type[UptimeKuma] | type[Gatus] | type[Pushgateway] | type[Webhook]

_FORMS: Mapping[str, _Form] = dict(
    zip(FORMS, (Healthchecks, UptimeKuma, Gatus, Pushgateway, Webhook), strict=True)
)
# A shorter part of a URL is no secret, and masking it would hide words.
_SHORTEST_SECRET = 8


class ReceiverError(ValueError):
    """A URL that fits no receiver, or that implies no form; it is not quoted."""


def receiver_at(address: str, form: str) -> tuple[str, Receiver]:
    """The receiver at a URL, and the name of its form.

    Args:
        address: An http or https URL.
        form: One of `FORMS`; empty for the one that the URL implies.

    Raises:
        ReceiverError: The URL implies no form, or does not fit the form that is named.
    """
    url = urlsplit(address)
    if not form:
        told = [name for name, entry in _FORMS.items() if entry.is_at(url)]
        if len(told) != 1:
            raise ReceiverError(
                "the form of the receiver does not follow from the URL: name it with --as "
                f"{', '.join(FORMS[:-1])} or {FORMS[-1]}"
            )
        (form,) = told
    entry = _FORMS[form]
    fault = entry.fault(url)
    if fault:
        raise ReceiverError(f"the URL does not fit {form}, which expects {fault}")
    return form, entry(url)


def secrets_in(address: str, form: str) -> Iterator[str]:
    """The parts of a receiver's URL that are enough to report in its owner's name.

    Args:
        address: The URL.
        form: One of `FORMS`.
    """
    url = urlsplit(address)
    yield address
    yield from filter(None, (url.password,))
    if form in ("healthchecks", "uptime-kuma", "webhook"):
        yield from (text for text in _parts(url) if len(text) >= _SHORTEST_SECRET)


def _parts(url: SplitResult) -> Iterator[str]:
    yield url.path
    yield url.query
    yield from url.path.split("/")
    for pair in url.query.split("&"):
        yield pair.partition("=")[2]

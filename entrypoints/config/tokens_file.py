"""The tokens file: who may ask, what of the cluster they see, and how much they are told."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TypeVar

from k8s_heartbeat.adapters.http.rendering import Detail
from k8s_heartbeat.adapters.http.tokens import NO_NAMESPACE, Token, digest_of
from k8s_heartbeat.adapters.refused import repeated, repeated_path
from k8s_heartbeat.adapters.reread import RereadFile
from k8s_heartbeat.core import RULES
from k8s_heartbeat.core.fields import is_list, is_mapping
from k8s_heartbeat.core.kinds import is_word
from k8s_heartbeat.core.query import check_namespace

from .document import (
    ConfigurationError,
    Sort,
    Value,
    decoded_document,
    parse_document,
    read_document,
)
from .forms import Form
from .settings import PLACEHOLDER_TOKENS

__all__ = ["parse_tokens", "watch_tokens"]

T = TypeVar("T")

_REFUSED = {digest_of(token): token for token in ("", *PLACEHOLDER_TOKENS)}
_KEYS = ("name", "sha256", "namespaces", "kinds", "components", "detail")
_HEX = "0123456789abcdef" * 4
_EXAMPLE = "tokens: [{name: uptimerobot, sha256: the line of `k8s-heartbeat token`}]"
_SORT = Sort("tokens file", "a tokens file", _EXAMPLE)
_ALL = "*"
_DEFAULT = "default"
# Each request compares with all of them.
_MOST_TOKENS = 1000
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")


def watch_tokens(path: str, *, beside_variable: bool = False) -> RereadFile[tuple[Token, ...]]:
    """The tokens of a file, read again when it changes.

    Args:
        path: The file.
        beside_variable: Whether AUTH_TOKEN_BASIC is set; its token has a name too.

    Raises:
        ConfigurationError: It cannot be read, or is wrong; every fault at once.
    """

    def parse_text(text: str) -> tuple[Token, ...]:
        return parse_tokens(text, beside_variable=beside_variable)

    # First as any document, for its faults are told to whoever starts the service.
    read_document(path, _SORT, parse_text)

    def parse(content: bytes) -> tuple[Token, ...]:
        return decoded_document(content, path, _SORT, parse_text)

    try:
        return RereadFile(path, parse, clock=time.monotonic, wall=time.time)
    except OSError as error:
        told = f"{repeated_path(path)}: cannot be read ({error.strerror})"
        raise ConfigurationError([told]) from None


def parse_tokens(text: str, *, beside_variable: bool = False) -> tuple[Token, ...]:
    """The tokens that a YAML text states.

    Args:
        text: The text.
        beside_variable: Whether AUTH_TOKEN_BASIC is set; its token has a name too.

    Raises:
        ConfigurationError: It is wrong; every fault at once.
    """
    root = parse_document(text, _SORT)
    tokens: list[Token] = []
    if root.is_mapping_of(("tokens",), _EXAMPLE):
        # A file that is empty was hardly meant to shut everybody out; `tokens: []` was.
        stated = root.need_at("tokens", _TOKENS)
        entries = root.at("tokens").entries() if stated else []
        made = [_token(entry) for entry in entries]
        tokens = [token for token in made if token is not None]
        _check_once(entries, "name")
        if beside_variable:
            _check_no_default(entries)
        _check_digests(root, tokens)
    root.check()
    return tuple(tokens)


def _token(value: Value) -> Token | None:
    """A token; None where there are faults in it."""
    before = len(value.faults)
    if not value.is_mapping_of(_KEYS, _ENTRY):
        return None
    name = value.need_at("name", _NAME_FORM)
    digests = value.need_at("sha256", _DIGESTS)
    namespaces = value.take_at("namespaces", _NAMESPACES)
    kinds = value.take_at("kinds", _KINDS)
    components = value.take_at("components", _COMPONENTS)
    detail = value.take_at("detail", _DETAIL)
    if name is None or digests is None or len(value.faults) > before:
        return None
    scoped = any(value.has(key) for key in ("namespaces", "kinds", "components"))
    # What a scope does not name it does not give: components alone are no objects, and neither
    # are objects components.
    if scoped and not value.has("components"):
        components = ()
    if scoped and not value.has("namespaces") and not value.has("kinds"):
        namespaces = ()
    return Token(
        name,
        digests,
        namespaces=_scope(namespaces),
        kinds=None if kinds is None or _ALL in kinds else kinds,
        components=_scope(components),
        detail=detail,
    )


def _scope(names: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if names is None or _ALL in names else frozenset(names)


def _check_once(entries: list[Value], key: str) -> None:
    """Refuse what an earlier entry has under a key already."""
    places: dict[str, str] = {}
    for entry in entries:
        found = entry.found.get(key) if is_mapping(entry.found) else None
        if not isinstance(found, str):
            continue
        if found in places:
            entry.at(key).refuse(
                f"{repeated(found)} is {places[found]}'s already; for two tokens of one name write "
                "sha256: [OLD, NEW]"
            )
        places.setdefault(found, entry.place)


def _check_no_default(entries: list[Value]) -> None:
    """Refuse the name of AUTH_TOKEN_BASIC's token: the two would share limits and lines of log."""
    for entry in entries:
        if is_mapping(entry.found) and entry.found.get("name") == _DEFAULT:
            entry.at("name").refuse(
                f"{_DEFAULT} is what the log and the limits call the token of AUTH_TOKEN_BASIC, "
                "which is set; give it another name, such as uptimerobot, or unset "
                "AUTH_TOKEN_BASIC"
            )


def _check_digests(root: Value, tokens: list[Token]) -> None:
    """Refuse hashes of public placeholders, and one that stands for two."""
    owners: dict[bytes, str] = {}
    for token in tokens:
        name = repeated(token.name)
        if digest_of(token.name) in token.digests:
            root.at("tokens").refuse(
                "one has its token for its name, which stands in the log; a name is such as "
                "uptimerobot"
            )
        for digest in token.digests:
            if digest in _REFUSED:
                placeholder = _REFUSED[digest] or "the empty text"
                root.at("tokens").refuse(
                    f"{name} has the hash of {placeholder}, which is a placeholder from "
                    "public examples; make a token with: k8s-heartbeat token"
                )
            elif digest in owners:
                root.at("tokens").refuse(
                    f"{name} has a token of {owners[digest]}; each token is for one name"
                )
            owners.setdefault(digest, name)


def _texts(check: Callable[[str], object]) -> Callable[[object], tuple[str, ...]]:
    """Takes a text, or a list of at least one, of which each passes a check."""

    def parse(found: object) -> tuple[str, ...]:
        listed = found if is_list(found) else [found]
        texts = [entry for entry in listed if isinstance(entry, str)]
        if not texts or len(texts) < len(listed):
            raise ValueError
        for text in texts:
            if text != _ALL:
                check(text)
        return tuple(texts)

    return parse


def _check_place(text: str) -> None:
    if text != NO_NAMESPACE:
        check_namespace(text)


def _check_kind(text: str) -> None:
    # A word that another project could take for a kind of its own says too little.
    if not is_word(text) or (RULES.kind_called(text) is None and "." not in text):
        raise ValueError


def _digests(found: object) -> tuple[bytes, ...]:
    listed = found if is_list(found) else [found]
    texts = [entry for entry in listed if isinstance(entry, str) and _DIGEST.fullmatch(entry)]
    if not texts or len(texts) < len(listed):
        raise ValueError
    return tuple(bytes.fromhex(text) for text in texts)


def _name(found: object) -> str:
    if not isinstance(found, str) or not _NAME.fullmatch(found):
        raise ValueError
    return found


def _list(found: object) -> list[object]:
    if not is_list(found) or len(found) > _MOST_TOKENS:
        raise ValueError
    return list(found)


_ENTRY = "{name: uptimerobot, sha256: …, namespaces: [shop]}"
_TOKENS = Form(_list, f"a list of up to {_MOST_TOKENS} tokens", f"[{_ENTRY}]")
_NAME_FORM = Form(_name, "up to 63 letters, digits, '.', '_' and '-'", "uptimerobot")
_DIGESTS = Form(
    _digests,
    "the SHA-256 of a token as 64 hexadecimal digits in quotes, or a list of such",
    f'"{_HEX}"',
    # Who mistakes it writes the token itself there.
    secret=True,
)
_NAMESPACES = Form(
    _texts(_check_place),
    "a namespace, '-' for what stands in none, '*' for all, or a list of these",
    "[shop, shop-eu]",
)
_KINDS = Form(
    _texts(_check_kind),
    "a kind of Kubernetes' own, another project's with its group, '*', or a list of these",
    "[deploy, certificates.cert-manager.io]",
)
_COMPONENTS = Form(
    _texts(check_namespace), "the name of a component, '*', or a list of these", "[checkout]"
)
_DETAIL = Form(Detail, "status, summary or full", "status")

"""Parses the tokens file: the callers, what they may see, and in how much detail."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial

from k8s_heartbeat.adapters.http.rendering import Detail
from k8s_heartbeat.adapters.http.tokens import NO_NAMESPACE, Token, digest_of
from k8s_heartbeat.adapters.refused import repeated
from k8s_heartbeat.adapters.reread import RereadFile
from k8s_heartbeat.core import RULES
from k8s_heartbeat.core.fields import is_list, is_mapping
from k8s_heartbeat.core.kinds import is_word
from k8s_heartbeat.core.query import check_namespace

from .document import (
    Sort,
    Value,
    parse_document,
    read_document,
)
from .forms import Form, any_text, listed, matching
from .settings import PLACEHOLDER_TOKENS

__all__ = ["parse_tokens", "read_tokens"]

_REFUSED = {digest_of(token): token for token in ("", *PLACEHOLDER_TOKENS)}
_KEYS = ("name", "sha256", "namespaces", "kinds", "components", "detail")
_HEX = "0123456789abcdef" * 4
_EXAMPLE = "tokens: [{name: uptimerobot, sha256: the line of `k8s-heartbeat token`}]"
_SORT = Sort("tokens file", "a tokens file", _EXAMPLE)
_ALL = "*"
_DEFAULT = "default"
# Each request compares with all of them.
_MOST_TOKENS = 1000
_NAME = matching(re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"))
_DIGEST = matching(re.compile(r"[0-9a-fA-F]{64}"))
_FILLED = listed(least=1)


def read_tokens(path: str, *, beside_variable: bool = False) -> RereadFile[tuple[Token, ...]]:
    """The tokens of a file, read again when it changes.

    Args:
        path: The file.
        beside_variable: Whether AUTH_TOKEN_BASIC is set; its token has a name too.

    Raises:
        ConfigurationError: It cannot be read, or is wrong; every fault at once.
    """
    return read_document(path, _SORT, partial(parse_tokens, beside_variable=beside_variable))


def parse_tokens(content: str, *, beside_variable: bool = False) -> tuple[Token, ...]:
    """The tokens that a YAML text states.

    Args:
        content: The text.
        beside_variable: Whether AUTH_TOKEN_BASIC is set; its token has a name too.

    Raises:
        ConfigurationError: It is wrong; every fault at once.
    """
    root = parse_document(content, _SORT)
    tokens: list[Token] = []
    if root.is_mapping_of(("tokens",), _EXAMPLE):
        # An empty file is hardly meant to lock everyone out; `tokens: []` is.
        stated = root.need_at("tokens", _TOKENS)
        entries = root.at("tokens").entries() if stated else []
        made = [_token(entry) for entry in entries]
        tokens = [token for token in made if token is not None]
        if stated:
            root.at("tokens").check_once(
                "name", "for two tokens of one name write sha256: [OLD, NEW]"
            )
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
    # A scope grants only what it names: components alone do not grant objects, nor objects
    # components.
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
    """Refuse hashes of public placeholders or names, and duplicates."""
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
    """Takes a text, or a non-empty list of texts, and checks each."""

    def parse(found: object) -> tuple[str, ...]:
        texts = tuple(map(any_text, _one_or_more(found)))
        for entry in texts:
            if entry != _ALL:
                check(entry)
        return texts

    return parse


def _one_or_more(found: object) -> Sequence[object]:
    return _FILLED(found) if is_list(found) else [found]


def _check_place(word: str) -> None:
    if word != NO_NAMESPACE:
        check_namespace(word)


def _check_kind(word: str) -> None:
    # A word that could also be another project's kind is ambiguous.
    if not is_word(word) or (RULES.kind_called(word) is None and "." not in word):
        raise ValueError


def _digests(found: object) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(_DIGEST(entry)) for entry in _one_or_more(found))


_ENTRY = "{name: uptimerobot, sha256: …, namespaces: [shop]}"
_TOKENS = Form(listed(most=_MOST_TOKENS), f"a list of up to {_MOST_TOKENS} tokens", f"[{_ENTRY}]")
_NAME_FORM = Form(_NAME, "up to 63 letters, digits, '.', '_' and '-'", "uptimerobot")
_DIGESTS = Form(
    _digests,
    "the SHA-256 of a token as 64 hexadecimal digits in quotes, or a list of such",
    f'"{_HEX}"',
    # A user may write the token itself here by mistake.
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

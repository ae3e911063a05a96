"""How schemathesis makes the values whose form no JSON Schema can state."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from hypothesis import strategies as st

# Only the environment of these tests has it, and that of the type checkers has not.
_openapi: Any = import_module("schemathesis").openapi

_LABEL = "[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?"
_KEY = r"([a-z]{1,9}\.example/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,20}[A-Za-z0-9])?"
_VALUE = "([A-Za-z0-9]([-A-Za-z0-9_.]{0,20}[A-Za-z0-9])?)?"
_REQUIREMENT = (
    rf"{_KEY}|! ?{_KEY}|{_KEY} ?(=|==|!=) ?{_VALUE}|{_KEY} (in|notin) \({_VALUE}(, ?{_VALUE})?\)"
)


def _matching(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(pattern, fullmatch=True, alphabet=st.characters(max_codepoint=0x7F))


_openapi.format("kubernetes-name", _matching(rf"{_LABEL}(\.{_LABEL}){{0,2}}"))
# Short enough to add up to less than a year.
_openapi.format(
    "go-duration", _matching(r"([0-9]{1,3}(\.[0-9]{1,9})?h)?([0-9]{1,5}(\.[0-9])?(ms|s|m)){1,3}")
)
_openapi.format("label-selector", _matching(rf"({_REQUIREMENT})(,({_REQUIREMENT})){{0,2}}"))

"""The status page, for people: HTML that says what is wrong, since when and why.

It needs Jinja2, which is imported with it.
"""

from __future__ import annotations

from .failures import write_failure
from .resources import ComponentPage, ObjectPage, StatusPage

__all__ = ["ComponentPage", "ObjectPage", "StatusPage", "write_failure"]

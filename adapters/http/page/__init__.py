"""The status page, for people: HTML that says what is wrong, since when and why.

It needs Jinja2, which is imported with it.
"""

from __future__ import annotations

from .component_page import ComponentPage
from .failures import write_failure
from .object_page import ObjectPage
from .status_page import StatusPage

__all__ = ["ComponentPage", "ObjectPage", "StatusPage", "write_failure"]

"""Reports verdicts to monitors that cannot reach the cluster.

This package imports nothing by itself: settings name its forms.
"""

from __future__ import annotations

__all__ = ["FORMS"]

FORMS = ("healthchecks", "uptime-kuma", "gatus", "pushgateway", "webhook")
"""The forms that receivers have for a report."""

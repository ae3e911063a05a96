"""`application` for any WSGI server, configured by the environment alone.

    gunicorn --threads 8 k8s_heartbeat.entrypoints.wsgi:application

Such a server drains and logs in its own way; `k8s-heartbeat serve` does both as `classic` does.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from k8s_heartbeat.adapters.logs import configure_logging

from . import wiring
from .configuration import read_configuration
from .settings import SettingsError, load, secrets_of, token_faults
from .tokens_file import watch_tokens

if TYPE_CHECKING:
    import falcon

__all__ = ["application"]

# A WSGI server imports this module for its one name, so it is made here and now: what is wrong
# with the configuration shall stop the server before it takes a request.
_settings = load(os.environ)[0]
configure_logging(_settings.log_level, secrets_of(_settings))
if _faults := token_faults(_settings, live=not _settings.snapshot):
    raise SettingsError(_faults, _settings)
application: falcon.App[Any, Any] = wiring.application(
    _settings,
    wiring.server_cluster(_settings),
    read_configuration(_settings.config) if _settings.config else None,
    tokens=watch_tokens(_settings.tokens_file) if _settings.tokens_file else None,
)

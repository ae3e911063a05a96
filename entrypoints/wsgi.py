"""`application` for any WSGI server, configured by the environment alone.

    gunicorn --threads 8 k8s_heartbeat.entrypoints.wsgi:application

Such a server drains and logs in its own way, which importing this changes nothing of: what this
package has to say goes through the logger ``k8s_heartbeat`` alone, as lines of JSON to stderr.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from k8s_heartbeat.adapters.dump import check_regular
from k8s_heartbeat.adapters.logs import configure_own_logging

from . import wiring
from .config.files import read_all
from .config.settings import SettingsError, load, secrets_of

if TYPE_CHECKING:
    import falcon

__all__ = ["application"]

# A WSGI server imports this module for its one name, so the app is created on import: an invalid
# configuration must stop the server before it takes a request.
_wrong: SettingsError | None = None
try:
    _settings = load(os.environ)[0]
except SettingsError as _error:
    _settings, _wrong = _error.settings, _error
_lines = configure_own_logging(_settings.log_level, secrets_of(_settings))
_files = read_all(_settings, _wrong, live=not _settings.snapshot)
if _files.faults:
    raise SettingsError(_files.faults, _settings)
if _settings.snapshot:
    check_regular(_settings.snapshot)
application: falcon.App[Any, Any] = wiring.application(
    _settings,
    wiring.server_cluster(_settings),
    _files,
    lines=_lines,
)

"""A `ClusterReader` that asks a live cluster's API server."""

from .client import Client
from .connect import NoClusterError, connect
from .reader import LiveReader
from .shared_lists import SharedLists

__all__ = ["Client", "LiveReader", "NoClusterError", "SharedLists", "connect"]

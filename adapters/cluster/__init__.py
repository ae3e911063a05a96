"""A `ClusterReader` over the official Kubernetes client."""

from .connect import NoClusterError, connect
from .fetch import LiveReader
from .session import Session

__all__ = ["LiveReader", "NoClusterError", "Session", "connect"]

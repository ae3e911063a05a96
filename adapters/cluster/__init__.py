"""A `ClusterReader` over the official Kubernetes client."""

from .connect import NoClusterError, connect
from .fetch import LiveReader

__all__ = ["LiveReader", "NoClusterError", "connect"]

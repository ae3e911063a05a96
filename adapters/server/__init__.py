"""The HTTP server: waitress, hardened against slow clients and shut down gracefully by signals.

No other package imports waitress. One test names its private parts that are used here:
``tests/unit/adapters/server/test_waitress.py``.
"""

from .descriptors import TooFewFilesError
from .loop import Server, Stopping, TooFewThreadsError

__all__ = ["Server", "Stopping", "TooFewFilesError", "TooFewThreadsError"]

"""All that is ours around waitress: an HTTP server that slow clients and signals do not harm.

No other package knows waitress. What of its insides is used here stands in one test,
``tests/unit/adapters/server/test_waitress.py``.
"""

from .descriptors import TooFewFilesError
from .loop import Server, Stopping, TooFewThreadsError

__all__ = ["Server", "Stopping", "TooFewFilesError", "TooFewThreadsError"]

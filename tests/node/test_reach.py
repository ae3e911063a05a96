"""What the image's build takes for reachable; it needs no image."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
FILES = {
    "ours/__init__.py": "",
    "ours/main.py": """
from typing import TYPE_CHECKING
import client.config
from client.lazy import Wanted
from .part import load
if TYPE_CHECKING:
    from client.models import Huge
def later():
    try:
        import optional
    except ImportError:
        return "client.by_name"
""",
    "ours/part.py": "def load(): from . import other",
    "ours/other.py": "import json",
    "client/__init__.py": "from . import stream",
    "client/stream/__init__.py": "from .socket import open",
    "client/stream/socket.py": "import websocket",
    "client/config/__init__.py": "from client.stream.retry import again",
    "client/stream/retry.py": "",
    "client/lazy/__init__.py": """
import typing
if typing.TYPE_CHECKING:
    from client.lazy.wanted import Wanted as Wanted
    from client.lazy.huge import Huge as Huge
else:
    def __getattr__(name): ...
""",
    "client/lazy/wanted.py": "",
    "client/lazy/huge.py": "",
    "client/models.py": "",
    "client/by_name.py": "",
    "optional.py": "",
    "websocket.py": "",
    "json/__init__.py": "import unwanted",
    "unwanted.py": "",
}


@pytest.fixture
def reach() -> ModuleType:
    """The module of the build, which is not a part of any package."""
    path = ROOT / "deploy" / "image" / "reach.py"
    spec = importlib.util.spec_from_file_location("image_reach", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # dataclasses look their module up
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def reached(reach: ModuleType, folder: Path, *empty: str) -> set[str]:
    """What can be reached from our module in the files above."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    found = reach.Reach(
        reach.Tree([folder]), "ours", ends=frozenset({"json"}), empty=frozenset(empty)
    )
    found.follow(["ours.main"])
    return set(found.modules)


def test_imports_are_followed_wherever_they_stand(reach: ModuleType, tmp_path: Path) -> None:
    """In functions and in a `try`, relative ones, those of packages around, and names in texts."""
    own = {"ours", "ours.main", "ours.part", "ours.other", "json", "optional"}
    client = {"client", "client.config", "client.lazy", "client.lazy.wanted", "client.by_name"}
    stream = {"client.stream", "client.stream.retry", "client.stream.socket", "websocket"}
    assert reached(reach, tmp_path) == own | client | stream


def test_a_package_that_stays_empty_is_there_but_not_followed(
    reach: ModuleType, tmp_path: Path
) -> None:
    """Its modules can still be reached one by one."""
    found = reached(reach, tmp_path, "client.stream")
    assert {"client.stream", "client.stream.retry"} <= found
    assert not found & {"client.stream.socket", "websocket"}

"""The configuration file, edited, broken and mended while the service runs."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

import pytest

from k8s_heartbeat.core import Kind
from tests.builders import Manifest, deployment
from tests.servers.api_server import PLAIN, ApiServer, until
from tests.servers.process import Service

from .support import API, log_lines, served

NAMESPACE, PAY = "/api/healthz/shop", "/api/components/pay"
OVEN = "/api/healthz/shop/ovens.example.com/one"
COMPONENT = "components: [{name: pay, members: [{namespace: shop, kind: deployment, name: api}]}]"
# Beyond any test: nothing that was read or judged grows old by itself.
REMEMBERED = "10m"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """One that changes nothing."""
    path = tmp_path / "heartbeat.yaml"
    path.write_text("policy: {}", encoding="utf-8")
    return path


def mount(folder: Path, text: str) -> None:
    """Write a ConfigMap into the folder that it is mounted as, in the way of a kubelet.

    The files are links through the link `..data` to a folder of that version; the link is replaced
    at one stroke, and the folder of the version before is removed.
    """
    data = folder / "..data"
    before = data.readlink() if data.is_symlink() else None
    version = Path(mkdtemp(prefix="..2026_11_30_", dir=folder))
    (version / "heartbeat.yaml").write_text(text, encoding="utf-8")
    (folder / "..data_tmp").symlink_to(version.name)
    (folder / "..data_tmp").rename(data)
    if before is None:
        (folder / "heartbeat.yaml").symlink_to("..data/heartbeat.yaml")
    else:
        shutil.rmtree(folder / before)


def codes(service: Service, *paths: str) -> list[int]:
    """The code of each of these."""
    return [service.get(path).status for path in paths]


def gives(service: Service, code: int) -> bool:
    """Whether the oven's is this code."""
    return codes(service, OVEN) == [code]


def verbose(service: Service) -> str:
    """What `/readyz?verbose` says, which is 200."""
    answer = service.get("/readyz?verbose")
    assert answer.status == 200
    return answer.body.decode()


def test_policy_and_components_change_without_a_restart(home: Path, file: Path) -> None:
    """No verdict of the old policy is told any more, remembered or not; readings go on counting."""
    with (
        ApiServer([deployment(0)]) as api,
        served(home, api, HEARTBEAT_CONFIG=str(file), HEARTBEAT_CACHE_TTL=REMEMBERED) as service,
    ):
        asked = (API, NAMESPACE, PAY)
        assert codes(service, *asked) == [200, 200, 404]
        file.write_text(f"policy: {{zero: down}}\n{COMPONENT}", encoding="utf-8")
        until(lambda: codes(service, *asked) == [503, 503, 503], "the new policy")
        file.write_text(COMPONENT, encoding="utf-8")
        until(lambda: codes(service, *asked) == [200, 200, 200], "the old policy")
        assert len(api.requests_for("/deployments/api")) == 1
        assert "[+]configuration-file ok" in verbose(service)


def test_a_config_map_that_changes_is_taken_up(home: Path, tmp_path: Path) -> None:
    """Policy, components and the page's title; one that is wrong changes nothing."""
    folder = tmp_path / "mounted"
    folder.mkdir()
    mount(folder, "policy: {}")
    with (
        ApiServer([deployment(0)]) as api,
        served(home, api, HEARTBEAT_CONFIG=str(folder / "heartbeat.yaml")) as service,
    ):
        assert codes(service, API, PAY) == [200, 404]
        mount(folder, f"policy: {{zero: down}}\npage: {{title: Harbour}}\n{COMPONENT}")
        until(lambda: codes(service, API, PAY) == [503, 503], "the new version")
        assert b"Harbour" in service.get("/status").body
        mount(folder, "policy: {zero: dwn}")
        until(lambda: "[-]configuration-file failed" in verbose(service), "the fault")
        assert codes(service, API, PAY) == [503, 503]
        mount(folder, "policy: {zero: healthy}")
        until(lambda: codes(service, API, PAY) == [200, 404], "the last version")
        assert "[+]configuration-file ok" in verbose(service)


def test_while_it_is_wrong_or_gone_the_last_good_one_is_in_force(home: Path, file: Path) -> None:
    """The log says once what is wrong, at ERROR, and the probe that something is."""
    with (
        ApiServer([deployment(0)]) as api,
        served(home, api, HEARTBEAT_CONFIG=str(file)) as service,
    ):
        file.write_text("policy: {zero: down}", encoding="utf-8")
        until(lambda: codes(service, API) == [503], "the policy")
        file.write_text("policy: {zero: dwn}", encoding="utf-8")
        until(lambda: "[-]configuration-file failed" in verbose(service), "the fault")
        assert codes(service, API) == [503]
        assert "zero" not in verbose(service)
        service.says("policy.zero: 'dwn' is not healthy, degraded or down")
        file.unlink()
        gone = "cannot be read (No such file or directory)"
        # It is looked at by those who ask.
        until(lambda: codes(service, API) == [503] and gone in service.logged(), gone)
        file.write_text("policy: {zero: degraded}", encoding="utf-8")
        until(lambda: "[+]configuration-file ok" in verbose(service), "its being mended")
        assert codes(service, API, f"{API}?fail_on=degraded") == [200, 503]
        errors = [line["message"] for line in log_lines(service) if line["level"] == "ERROR"]
        assert len(errors) == 2


def test_kinds_of_ones_own_change_without_a_restart(home: Path, file: Path) -> None:
    """What was read with fewer fields than the new rule looks at is read again."""
    oven: Manifest = {
        "apiVersion": "example.com/v1",
        "kind": "Oven",
        "metadata": {"name": "one", "namespace": "shop", "uid": "o"},
        "spec": {"stage": "burnt"},
        "status": {"stage": "ready"},
    }
    kind = Kind("Oven", "ovens", "example.com", "v1")
    with (
        ApiServer([oven], kinds=(*PLAIN, kind)) as api,
        served(home, api, HEARTBEAT_CONFIG=str(file), HEARTBEAT_CACHE_TTL=REMEMBERED) as service,
    ):
        before = service.get(OVEN).status
        words = "words: [spec.stage]"
        for meaning, code in (("failed", 503), ("good", 200)):
            file.write_text(
                f"kinds: {{Oven.example.com: {{{words}, means: {{burnt: {meaning}}}}}}}",
                encoding="utf-8",
            )
            until(partial(gives, service, code), meaning)
        file.write_text("policy: {}", encoding="utf-8")
        until(lambda: codes(service, OVEN) == [before], "what was known before")

"""A control plane with real nodes under it: containerd, kubelet, kube-proxy and CoreDNS."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path

from tests.cluster import build
from tests.cluster.plane import OWN_KUBELET, POOL, ControlPlane, Manifest, PlaneError, schedulable
from tests.cluster.story import IMAGE, NEWER_IMAGE
from tests.node import image
from tests.node.images import write_archive
from tests.node.namespace import BRIDGE, FIRST_PROCESS, INSIDE, NETWORK, cgroups

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
COREDNS = build.Module(HERE / "coredns", {"coredns": "."})
WORKLOAD = build.Module(HERE / "workload", {"workload": "."})
MODULES = (build.CONTROL_PLANE, build.NODE, COREDNS, WORKLOAD)

PAUSE = "registry.example/pause:1"
"""The image of every pod's sandbox."""
NODES = ("real-0", "real-1")
"""The nodes of every cluster."""

_ADDRESS = f"{NETWORK}.1"
_PLUGINS = "/usr/lib/cni"
_PACKAGES = {
    "containerd": "containerd",
    "runc": "runc",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "ipset": "ipset",
    "ip": "iproute2",
    "nsenter": "util-linux",
    f"{_PLUGINS}/bridge": "containernetworking-plugins",
}
_CLUSTER_DOMAIN = "cluster.local"


def missing() -> str | None:
    """Why there can be no real node on this machine, in one line; None where there can."""
    if sys.platform != "linux":
        return "a real node needs Linux"
    if os.geteuid() != 0:
        return "a real node needs root"
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    packages = [name for tool, name in _PACKAGES.items() if not shutil.which(tool, path=path)]
    if packages:
        return f"a real node needs the packages {' '.join(packages)}"
    if not Path("/proc/sys/net/bridge").is_dir():
        return "a real node needs the kernel module br_netfilter"
    if not shutil.which("go") and not all(map(build.find, MODULES)):
        return "the parts of a real node are not built: install Go 1.26 or newer"
    return None


class Cluster(ControlPlane):
    """A control plane with real nodes; only inside `tests.node.namespace`, and one of them."""

    address = _ADDRESS
    # Much is waited for at once.
    poll = 0.3

    def __init__(self, nodes: Sequence[str] = NODES) -> None:
        """Start with these nodes."""
        super().__init__()
        self._first_nodes = nodes
        self._nodes: list[str] = []
        self._archives: list[Path] = []

    # --- start and end ---

    def _configure(self) -> None:
        super()._configure()
        self._node_binary = str(_built(build.NODE) / "node")
        self._coredns = str(_built(COREDNS) / "coredns")
        archive, names = self.home / "workload.tar", (PAUSE, IMAGE, NEWER_IMAGE)
        self._archives.append(write_archive(archive, _built(WORKLOAD) / "workload", names))
        self._write("cni.conflist", json.dumps(_NETWORK_CONFIGURATION))
        self._write("resolv.conf", f"nameserver {_ADDRESS}\n")
        self._write("kube-proxy.json", json.dumps(self._proxy_configuration()))
        self._write("Corefile", _COREFILE.format(kubeconfig=self._parts_kubeconfig))
        self._commands["kube-apiserver"] += [
            "--allow-privileged",
            "--endpoint-reconciler-type=lease",
            "--kubelet-preferred-address-types=InternalIP",
        ]
        self._commands["kube-proxy"] = [
            *(self._node_binary, "kube-proxy"),
            f"--config={self.home / 'kube-proxy.json'}",
        ]
        self._commands["coredns"] = [self._coredns, f"-conf={self.home / 'Corefile'}"]

    def _start_all(self) -> None:
        for name in self._first_nodes:
            self._start_containerd(name)
        super()._start_all()
        self.start_part("kube-proxy")
        self.start_part("coredns")
        for name in self._first_nodes:
            self._start_kubelet(name)
        for name in self._first_nodes:
            self.wait_for("Node", "", name, schedulable)

    def way_in(self) -> str:
        """The command that opens a shell in here from outside, where kubectl knows the cluster.

        helm is there too if it was built.
        """
        tools = self.home / "bin"
        tools.mkdir(exist_ok=True)
        kubectl = tools / "kubectl"
        kubectl.write_text(f'#!/bin/sh\nexec "{self._binary}" kubectl "$@"\n', encoding="utf-8")
        kubectl.chmod(0o755)
        helm = build.find(build.HELM)
        if helm:
            (tools / "helm").symlink_to(helm / "helm")
        enter = f"nsenter --target {os.environ[FIRST_PROCESS]} --mount --net --pid --wd={ROOT}"
        return f'{enter} env KUBECONFIG={self.kubeconfig} PATH="{tools}:$PATH" bash'

    def close(self) -> None:
        """End every process, of containers too, and remove every file."""
        # First those that would start others again.
        for part in sorted(self.parts(), reverse=True):
            if part.startswith(("kubelet-", "containerd-")):
                with contextlib.suppress(PlaneError):
                    self.stop_part(part)
        self._kill_containers()
        self._unmount()
        super().close()

    def _kill_containers(self) -> None:
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and b"containerd-shim" in (entry / "cmdline").read_bytes():
                    os.kill(int(entry.name), signal.SIGKILL)
        for parent in cgroups(os.environ[INSIDE]):
            for file in parent.rglob("cgroup.procs"):
                with contextlib.suppress(OSError):
                    for pid in file.read_text(encoding="ascii").split():
                        os.kill(int(pid), signal.SIGKILL)

    def _unmount(self) -> None:
        if not hasattr(self, "home"):
            return
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
        below = [
            target for target in (line.split()[1] for line in mounts) if str(self.home) in target
        ]
        if below:
            subprocess.run(["umount", "--lazy", *reversed(below)], check=False)  # noqa: S607  # wherever it is

    # --- nodes ---

    def add_real_node(self, name: str, pool: str = "", **kubelet: object) -> str:
        """Add a node whose kubelet has this configuration too; returns that part's name.

        With a pool, only pods that ask for it and tolerate it are scheduled there.
        """
        self._start_containerd(name)
        part = self._start_kubelet(name, pool, **kubelet)
        self.wait_for("Node", "", name, schedulable)
        return part

    def load(self, archive: Path) -> None:
        """Give all nodes, those that come later too, the images of an OCI archive."""
        self._archives.append(archive)
        for name in self._nodes:
            self._import(name, archive)

    def runtime(self, node: str, *arguments: str) -> str:
        """What `ctr` prints about a node's containers."""
        command = self._runtime_command(node, *arguments)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PlaneError(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout

    @contextlib.contextmanager
    def runtime_events(self, node: str) -> Generator[Iterator[str]]:
        """What `ctr` prints as it happens to a node's containers, until the block ends."""
        command = self._runtime_command(node, "events")
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            try:
                # Not the stream itself, which the end would close while somebody reads.
                yield iter(process.stdout.readline, "")
            finally:
                process.kill()

    def logs(self, node: str) -> Path:
        """The folder of what a node's containers print: NAMESPACE_POD_UID/CONTAINER/0.log."""
        return self.home / f"logs-{node}"

    def _runtime_command(self, node: str, *arguments: str) -> list[str]:
        socket = str(self._containerd_home(node) / "containerd.sock")
        return ["ctr", "--address", socket, "--namespace", "k8s.io", *arguments]

    def _containerd_home(self, node: str) -> Path:
        return self.home / f"containerd-{node}"

    def _start_containerd(self, node: str) -> None:
        home = self._containerd_home(node)
        home.mkdir()
        (home / "cni").mkdir()
        shutil.copy(self.home / "cni.conflist", home / "cni" / "10-pods.conflist")
        text = _CONTAINERD.format(home=home, sandbox=PAUSE, plugins=_PLUGINS)
        config = self._write(f"containerd-{node}.toml", text)
        part = f"containerd-{node}"
        self._commands[part] = [_which("containerd"), f"--config={config}"]
        self.start_part(part)
        self._nodes.append(node)

    def _start_kubelet(self, node: str, pool: str = "", **more: object) -> str:
        for archive in self._archives:
            self._import(node, archive)
        number = 1 + self._nodes.index(node)
        ip = f"{NETWORK}.{1 + number}"
        _run("ip", "address", "add", f"{ip}/24", "dev", BRIDGE)
        home = self.home / f"kubelet-{node}"
        configuration = self._kubelet_configuration(node, number) | more
        labels = {OWN_KUBELET: "true"}
        if pool:
            taint = {"key": POOL, "value": pool, "effect": "NoSchedule"}
            configuration["registerWithTaints"] = [taint]
            labels[POOL] = pool
        config = self._write(f"kubelet-{node}.json", json.dumps(configuration))
        part = f"kubelet-{node}"
        self._commands[part] = [
            *(self._node_binary, "kubelet"),
            f"--config={config}",
            f"--kubeconfig={self._parts_kubeconfig}",
            f"--root-dir={home}",
            f"--cert-dir={home / 'certificates'}",
            f"--hostname-override={node}",
            f"--node-ip={ip}",
            f"--node-labels={','.join(f'{key}={value}' for key, value in labels.items())}",
        ]
        self.start_part(part)
        return part

    def _import(self, node: str, archive: Path) -> None:
        socket = self._containerd_home(node) / "containerd.sock"
        self.wait_until(socket.exists, what=f"containerd of {node} listens")
        self.runtime(node, "images", "import", "--no-unpack", str(archive))

    def _kubelet_configuration(self, node: str, number: int) -> Manifest:
        socket = f"unix://{self._containerd_home(node) / 'containerd.sock'}"
        # A node has a part of its own of the run's control groups, for which these must exist.
        group = f"{os.environ[INSIDE]}/{node}"
        for path in cgroups(group):
            path.mkdir(exist_ok=True)
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "failCgroupV1": False,
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{group}",
            "enforceNodeAllocatable": [],
            "failSwapOn": False,
            "containerRuntimeEndpoint": socket,
            "imageServiceEndpoint": socket,
            "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
            "authorization": {"mode": "AlwaysAllow"},
            "address": f"{NETWORK}.{1 + number}",
            "port": 10250,
            "readOnlyPort": 0,
            "healthzPort": 0,
            "clusterDNS": [_ADDRESS],
            "clusterDomain": _CLUSTER_DOMAIN,
            "resolvConf": str(self.home / "resolv.conf"),
            "evictionHard": {
                "memory.available": "1Mi",
                "nodefs.available": "1%",
                "imagefs.available": "1%",
            },
            "imageGCHighThresholdPercent": 100,
            # Soon noticed, and well within the grace period of the node's controller.
            "nodeStatusUpdateFrequency": "2s",
            # How soon a pod has what was changed in a ConfigMap or a Secret.
            "syncFrequency": "3s",
            "nodeLeaseDurationSeconds": 8,
            "podLogsDir": str(self.logs(node)),
            "volumePluginDir": str(self.home / "plugins"),
        }

    def _proxy_configuration(self) -> Manifest:
        return {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "iptables",
            "clusterCIDR": f"{NETWORK}.0/24",
            "clientConnection": {"kubeconfig": str(self._parts_kubeconfig)},
            "conntrack": {"maxPerCore": 0},
            "hostnameOverride": self._first_nodes[0],
            "healthzBindAddress": "127.0.0.1:10256",
            "metricsBindAddress": "127.0.0.1:10249",
        }


_NETWORK_CONFIGURATION: Mapping[str, object] = {
    "cniVersion": "1.0.0",
    "name": "pods",
    "plugins": [
        {
            "type": "bridge",
            "bridge": BRIDGE,
            "isGateway": True,
            "hairpinMode": True,
            "ipMasq": False,
            "ipam": {
                "type": "host-local",
                # The first addresses are the nodes'.
                "ranges": [[{"subnet": f"{NETWORK}.0/24", "rangeStart": f"{NETWORK}.16"}]],
                "routes": [{"dst": "0.0.0.0/0"}],
            },
        },
        {"type": "loopback"},
    ],
}

_CONTAINERD = """\
version = 2
root = "{home}/root"
state = "{home}/state"
[grpc]
  address = "{home}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{sandbox}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{plugins}"
    conf_dir = "{home}/cni"
"""

_COREFILE = f"""\
{_CLUSTER_DOMAIN} in-addr.arpa ip6.arpa {{{{
    errors
    ready {_ADDRESS}:8181
    cache 5
    kubernetes {{{{
        kubeconfig {{kubeconfig}}
        pods insecure
    }}}}
}}}}
"""


def _built(module: build.Module) -> Path:
    home = build.find(module)
    if home is None:
        raise PlaneError("the parts of a real node are not built: `python -m tests.node` does it")
    return home


def _which(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise PlaneError(f"{program} is missing")
    return found


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PlaneError(f"{' '.join(command)}: {done.stderr.strip()}")


def hold(prepare: Callable[[Cluster], None] = lambda _: None) -> None:
    """Keep a cluster until interrupted, and say how to get at it; `prepare` puts more into it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), Cluster() as cluster:
        # Without what builds it there is a cluster all the same.
        with contextlib.suppress(build.BuildError):
            found = image.find()
            if found:
                cluster.load(found.archive)
                print(f"the nodes have the image {found.name}", flush=True)
        prepare(cluster)
        print(f"KUBECONFIG={cluster.kubeconfig}", flush=True)
        print(f"enter with: {cluster.way_in()}", flush=True)
        while True:
            signal.pause()


if __name__ == "__main__":
    hold()

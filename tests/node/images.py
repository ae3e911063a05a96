"""Container images of one static binary each, written without a container engine."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path

_OCI = "application/vnd.oci.image"
_NAME = "org.opencontainers.image.ref.name"
_CONTAINERD_NAME = "io.containerd.image.name"


def write_archive(archive: Path, binary: Path, names: Sequence[str]) -> Path:
    """Write an OCI archive of images that hold a binary and nothing else, and return its path.

    Args:
        archive: The file to write.
        binary: What becomes the images' entry point, under its own name at the top.
        names: What the images are called, each with a registry and a tag.
    """
    layer = _tar({binary.name: (binary.read_bytes(), 0o755)})
    blobs: dict[str, tuple[bytes, int]] = {}

    def add(content: bytes, kind: str) -> dict[str, object]:
        digest = hashlib.sha256(content).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = (content, 0o644)
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content)}

    layer_blob = add(layer, f"{_OCI}.layer.v1.tar")
    manifests: list[dict[str, object]] = []
    for name in names:
        # Two names of one image would be one to a kubelet: it states whichever it finds first.
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {
                "Entrypoint": [f"/{binary.name}"],
                "User": "65532:65532",
                "Labels": {_NAME: name},
            },
            "rootfs": {"type": "layers", "diff_ids": [layer_blob["digest"]]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": f"{_OCI}.manifest.v1+json",
            "config": add(json.dumps(config).encode(), f"{_OCI}.config.v1+json"),
            "layers": [layer_blob],
        }
        annotations = {_NAME: name.rpartition(":")[2], _CONTAINERD_NAME: name}
        described = add(json.dumps(manifest).encode(), f"{_OCI}.manifest.v1+json")
        manifests.append({**described, "annotations": annotations})
    index = {"schemaVersion": 2, "mediaType": f"{_OCI}.index.v1+json", "manifests": manifests}
    blobs["index.json"] = (json.dumps(index).encode(), 0o644)
    blobs["oci-layout"] = (json.dumps({"imageLayoutVersion": "1.0.0"}).encode(), 0o644)
    archive.write_bytes(_tar(blobs))
    return archive


def _tar(files: dict[str, tuple[bytes, int]]) -> bytes:
    """A tar of these files, each with its mode; the same bytes for the same files."""
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as tar:
        for name, (content, mode) in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
    return output.getvalue()

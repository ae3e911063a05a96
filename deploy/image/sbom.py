"""Completes the SBOM of the installed distributions by what is no distribution.

    python sbom.py BOM RUNTIME REPORT...

BOM is what `cyclonedx-py environment` has written, and is changed; RUNTIME the folder of the
interpreter, and each REPORT one of pip's on what it has installed. To it come the interpreter, the
packages of the base image that files were taken from, and the hash of the archive that each
distribution was installed from, which is one of those that the lock names.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import sys
from email.parser import Parser
from pathlib import Path
from typing import Any
from urllib.parse import quote

Component = dict[str, Any]


def main(bom: Path, reports: list[Path], runtime: Path) -> None:
    """Write the document anew."""
    document: Component = json.loads(bom.read_text("utf-8"))
    archives = {
        canonical(entry["metadata"]["name"]): entry["download_info"]["archive_info"]["hashes"]
        for report in reports
        for entry in json.loads(report.read_text("utf-8"))["install"]
    }
    root = document["metadata"]["component"]
    for component in (root, *document["components"]):
        hashes = archives.get(canonical(component["name"]))
        if hashes is None:
            raise SystemExit(f"sbom.py: no archive of {component['name']} is known")
        component["hashes"] = [{"alg": "SHA-256", "content": hashes["sha256"]}]
    added = [interpreter(runtime), *packages(runtime)]
    document["components"] = sorted(
        [*document["components"], *added], key=lambda component: str(component["bom-ref"])
    )
    for entry in document["dependencies"]:
        if entry["ref"] == root["bom-ref"]:
            below = {*entry.get("dependsOn", ()), *(component["bom-ref"] for component in added)}
            entry["dependsOn"] = sorted(below)
    document["dependencies"] += [{"ref": component["bom-ref"]} for component in added]
    bom.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n", "utf-8")


def canonical(name: str) -> str:
    """A distribution's name, as all of its spellings are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def interpreter(runtime: Path) -> Component:
    """The Python that runs all of it."""
    version = platform.python_version()
    executable = runtime / Path(sys.executable).resolve().relative_to("/")
    return {
        "bom-ref": "interpreter",
        "type": "platform",
        "name": "python",
        "version": version,
        "description": "The reference implementation of Python, CPython, with its standard library",
        "cpe": f"cpe:2.3:a:python:python:{version}:*:*:*:*:*:*:*",
        "purl": f"pkg:generic/python@{version}",
        "hashes": [
            {"alg": "SHA-256", "content": hashlib.sha256(executable.read_bytes()).hexdigest()}
        ],
        "licenses": [{"license": {"id": "PSF-2.0"}}],
    }


def packages(runtime: Path) -> list[Component]:
    """The packages whose files were taken."""
    lines = (runtime / "etc" / "os-release").read_text("utf-8").splitlines()
    system = dict(line.split("=", 1) for line in lines if line)
    distribution = system["ID"].strip('"')
    release = f"{distribution}-{system['VERSION_ID'].strip(chr(34))}"
    found = []
    for path in sorted((runtime / "var/lib/dpkg/status.d").iterdir()):
        fields = Parser().parsestr(path.read_text("utf-8"))
        name, version, arch = fields["Package"], fields["Version"], fields["Architecture"]
        purl = f"pkg:deb/{distribution}/{name}@{quote(version)}?arch={arch}&distro={release}"
        terms = (runtime / "usr/share/doc" / name / "copyright").read_text("utf-8")
        licences = re.findall(r"^License: *(\S.*)$", terms, re.MULTILINE)
        component: Component = {
            "bom-ref": f"deb-{name}",
            "type": "library",
            "name": name,
            "version": version,
            "description": fields["Description"].splitlines()[0],
            "purl": purl,
        }
        if licences:
            names = sorted({licence.strip() for licence in licences})
            component["licenses"] = [{"license": {"name": licence}} for licence in names]
        found.append(component)
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(path) for path in sys.argv[3:]], Path(sys.argv[2]))

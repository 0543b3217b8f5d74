"""Writes what an installed Python package says of itself, by its pyproject.toml: so that Nova finds its entry points.

usage: dist_info.py PYPROJECT FOLDER VERSION
Neither pip nor setuptools is needed; the folder is FOLDER/NAME-VERSION.dist-info.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path


def main() -> int:
    pyproject, folder, version = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    if project["version"] != version:
        print(f"error: {pyproject} is of {project['version']}, and the package of {version}", file=sys.stderr)
        return 1
    info = folder / f"{project['name'].replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    metadata = [
        "Metadata-Version: 2.1",
        f"Name: {project['name']}",
        f"Version: {version}",
        f"Summary: {project['description']}",
        f"License: {project['license']['text']}",
        f"Requires-Python: {project['requires-python']}",
        *(f"Requires-Dist: {wanted}" for wanted in project["dependencies"]),
    ]
    entries = [
        "\n".join([f"[{group}]", *(f"{name} = {target}" for name, target in points.items()), ""])
        for group, points in project["entry-points"].items()
    ]
    (info / "METADATA").write_text("\n".join(metadata) + "\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("\n".join(entries), encoding="utf-8")
    (info / "INSTALLER").write_text("debian\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

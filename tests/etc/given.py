"""Where things are, and the tools that some of these tests need."""

# ruff: noqa: S603, S607 (what is run here is ours)
from __future__ import annotations

import functools
import importlib
import os
import shutil
import subprocess
import unittest
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ETC = ROOT / "etc"


def run(*command: str | Path, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LC_ALL": "C.UTF-8", **environment}
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        timeout=300,
    )


def needs(tool: str, package: str) -> str:
    """The tool's path. Without it the test is skipped, and fails where CI says that all of them are there."""
    found = shutil.which(tool)
    if not found and os.environ.get("CI") == "true":
        raise AssertionError(f"{tool} is missing: apt-get install {package}")
    if not found:
        raise unittest.SkipTest(f"{tool} is not installed (Debian package {package})")
    return found


def python(module: str, package: str) -> Any:
    """A module of Python's, for which the same holds: without it the tests of the whole file are skipped."""
    try:
        return importlib.import_module(module)
    except ImportError:
        if os.environ.get("CI") == "true":
            raise
        raise unittest.SkipTest(f"Python has no {module} (Debian package {package})") from None


@functools.cache
def promtool() -> str:
    """Prometheus's own checker, out of Debian's package: to install that would also start a Prometheus here."""
    found = shutil.which("promtool")
    if found:
        return found
    tools = ROOT / "artifacts/tools"
    tool = tools / "usr/bin/promtool"
    if not tool.exists():
        needs("apt-get", "apt")
        shutil.rmtree(tools / "download", ignore_errors=True)
        (tools / "download").mkdir(parents=True)
        got = run("apt-get", "-q", "download", "prometheus", cwd=tools / "download")
        packages = list((tools / "download").glob("prometheus_*.deb"))
        if not packages:
            if os.environ.get("CI") == "true":
                raise AssertionError(f"promtool is missing: {got.stdout}")
            raise unittest.SkipTest("promtool is not there: Debian's package prometheus could not be fetched")
        # one file of it; the whole has 80 MB
        archive = subprocess.run(["dpkg-deb", "--fsys-tarfile", packages[0]], stdout=subprocess.PIPE, check=True, timeout=300).stdout
        subprocess.run(["tar", "-x", "-C", tools, "./usr/bin/promtool"], input=archive, check=True, timeout=300)
        shutil.rmtree(tools / "download")
    return str(tool)

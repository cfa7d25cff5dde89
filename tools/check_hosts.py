"""Fails where a committed file names a package registry: a lock must hold on every machine.

Looked for are the public registries' download hosts, the addresses that npm and yarn write into
their lock files, and whatever host this machine's own pip and npm are set to fetch from.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent

#: Written so that this file does not find itself.
PUBLIC = (
    r"registry\.(?:npmjs|yarnpkg)\.(?:org|com)",
    r"files\.pythonhosted\.org",
    r"pypi\.org/simple",
)
LOCKED = (r'"resolved"\s*:\s*"http', r"__archive" + "Url")
#: Addresses that text may name: they are not only registries.
EVERYWHERE = {"pypi.org", "github.com", "localhost", "127.0.0.1"}


def main() -> int:
    """Prints each line that names a registry; 1 where there is one."""
    words = [*PUBLIC, *LOCKED, *(re.escape(host) for host in sorted(_own_hosts() - EVERYWHERE))]
    pattern = re.compile("|".join(words), re.IGNORECASE)
    found = [
        f"{name}:{number}: names a package registry: {match.group()}"
        for name in _committed()
        for number, line in enumerate(_lines(ROOT / name), start=1)
        if (match := pattern.search(line))
    ]
    print("\n".join(found) or "no committed file names a package registry")
    return 1 if found else 0


def _committed() -> list[str]:
    listing = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listing.stdout.split("\0") if name]


def _lines(path: Path) -> list[str]:
    if not path.is_file():  # deleted, not yet committed
        return []
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def _own_hosts() -> set[str]:
    """Hosts that pip and npm fetch from here, as they say themselves."""
    said = [
        value for name, value in os.environ.items() if "INDEX_URL" in name or "REGISTRY" in name
    ]
    said += _output([sys.executable, "-m", "pip", "config", "list"])
    said += _output([str(Path(sys.executable).parent / "npm"), "config", "get", "registry"])
    urls = re.findall(r"https?://[^\s'\"]+", " ".join(said))
    return {host for url in urls if (host := urlsplit(url).hostname)}


def _output(command: list[str]) -> list[str]:
    try:
        return [subprocess.run(command, capture_output=True, text=True, check=False).stdout]
    except OSError:  # not installed here
        return []


if __name__ == "__main__":
    sys.exit(main())

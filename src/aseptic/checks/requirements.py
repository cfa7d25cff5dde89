"""Which versions of packages the files of a project ask for."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found]  # only there on Python 3.10

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_LARGEST = 20_000_000  # bytes: what is larger is not read
Named = tuple[str, SpecifierSet]


class Requirements:
    """What a file, or several of one kind, say about packages."""

    def __init__(self, file: str, named: Iterable[Named], *, is_lock: bool) -> None:
        self.file = file  # as messages name it
        self.is_lock = is_lock
        self._asked: dict[str, list[SpecifierSet]] = {}
        for name, specifiers in named:
            self._asked.setdefault(canonicalize_name(name), []).append(specifiers)

    def __len__(self) -> int:
        return len(self._asked)

    def names(self, package: str) -> bool:
        """Whether a package is named at all."""
        return canonicalize_name(package) in self._asked

    def allows(self, package: str, version: str) -> bool:
        """Whether a version is one that is asked for; also where the package is not named.

        A lock file may hold several versions of one package, for several platforms.
        """
        asked = self._asked.get(canonicalize_name(package))
        if not asked:
            return True
        try:
            parsed = Version(version)
        except InvalidVersion:
            return True
        met = [one.contains(parsed, prereleases=True) for one in asked]
        return any(met) if self.is_lock else all(met)

    def said(self, package: str) -> str:
        """What is asked of a package: `==2.0`, `>=1.3`."""
        asked = self._asked.get(canonicalize_name(package), [])
        return ", ".join(dict.fromkeys(str(one) for one in asked if len(one)))

    def is_fixed(self, package: str) -> bool:
        """Whether only one version of a package is asked for."""
        asked = self._asked.get(canonicalize_name(package), [])
        return any(
            one.operator in ("==", "===") and not one.version.endswith(".*")
            for specifiers in asked
            for one in specifiers
        )


def read_requirements(folder: Path) -> Requirements | None:
    """What the files in a folder ask for: the lock file, if there is one, else all others.

    None where there is none. What cannot be read is passed over.
    """
    for name, read in _LOCKS.items():
        for file in sorted(folder.glob(name)):
            found = Requirements(file.name, _read(file, read), is_lock=True)
            if len(found):
                return found
    files: dict[str, list[Named]] = {}
    for name, read in _OTHERS.items():
        for file in sorted(folder.glob(name)):
            named = _read(file, read)
            if named:
                files[file.name] = named
    if not files:
        return None
    named = [one for ones in files.values() for one in ones]
    return Requirements(" and ".join(files), named, is_lock=False)


def _read(file: Path, read: Any) -> list[Named]:
    try:
        if file.stat().st_size > _LARGEST:
            return []
        return list(read(file.read_text("utf-8", "replace")))
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return []  # no file of this kind after all, or one that is half written


def _asked(text: str) -> Named | None:
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return None
    if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
        return None
    return requirement.name, requirement.specifier


def _exact(name: str, version: str) -> Named | None:
    try:
        return name, SpecifierSet(f"=={version}")
    except InvalidSpecifier:
        return None


def _kept(found: Iterable[Named | None]) -> Iterator[Named]:
    return (one for one in found if one is not None)


# -- formats --------------------------------------------------------------------------------------
def _of_toml_lock(text: str) -> Iterator[Named]:
    """uv.lock, poetry.lock and pdm.lock have `[[package]]`, pylock.toml has `[[packages]]`."""
    table = tomllib.loads(text)
    packages = table.get("package") or table.get("packages") or []
    return _kept(_exact(one["name"], one["version"]) for one in packages if "version" in one)


def _of_pipfile_lock(text: str) -> Iterator[Named]:
    table = json.loads(text)
    for group in ("default", "develop"):
        for name, one in table.get(group, {}).items():
            yield name, SpecifierSet(one.get("version", ""))


_CONDA_LINE = re.compile(
    r"^\s*-\s*[\"']?(?:[\w.-]+::)?(?P<name>[A-Za-z][\w.-]*)\s*"
    r"(?P<asked>(?:[=<>!~]=?=?\s*[^\s\"'#,]+,?)*)"
)


def _of_conda(text: str) -> Iterator[Named]:
    """environment.yml: `- numpy=1.26` fixes the beginning of a version; pip's lines are pip's."""
    _, _, listed = text.partition("dependencies:")
    for line in listed.splitlines():
        match = _CONDA_LINE.match(line)
        if match is None or line.rstrip().endswith(":"):
            continue
        yield match["name"], _conda_specifiers(match["asked"].replace(" ", ""))


def _conda_specifiers(asked: str) -> SpecifierSet:
    single = re.fullmatch(r"=([^=<>!~]+)(?:=[^=]*)?", asked)
    if single:  # `=1.26`, `=1.26.4=build`: exact where it has three parts
        version = single[1].rstrip("*").rstrip(".")
        is_whole = version.count(".") >= 2 and not single[1].endswith("*")
        asked = f"=={version}" if is_whole else f"=={version}.*"
    try:
        return SpecifierSet(asked)
    except InvalidSpecifier:
        return SpecifierSet()


def _of_conda_lock(text: str) -> Iterator[Named]:
    found = re.findall(r"^\s*-?\s*name: (\S+)\n(?:.*\n)??\s*version: (\S+)", text, re.MULTILINE)
    return _kept(_exact(name, version.strip("\"'")) for name, version in found)


def _of_requirements(text: str) -> Iterator[Named]:
    joined = re.sub(r"\\\n", " ", text)
    for line in joined.splitlines():
        bare = re.split(r"(?:^|\s)#|\s--hash", line.strip())[0].strip()
        if bare and not bare.startswith(("-", "#")):
            yield from _kept([_asked(bare)])


def _of_pyproject(text: str) -> Iterator[Named]:
    table = tomllib.loads(text)
    project = table.get("project", {})
    groups = [
        project.get("dependencies", []),
        *project.get("optional-dependencies", {}).values(),
        *table.get("dependency-groups", {}).values(),
    ]
    for group in groups:
        yield from _kept(_asked(one) for one in group if isinstance(one, str))
    for name, one in table.get("tool", {}).get("poetry", {}).get("dependencies", {}).items():
        if name != "python":
            yield name, _poetry_specifiers(one if isinstance(one, str) else one.get("version", ""))


def _poetry_specifiers(asked: str) -> SpecifierSet:
    """`1.2.3` is exact, `^1.2` and `~1.2` ask for at least that (their upper ends are left out)."""
    if re.fullmatch(r"\d[\w.]*", asked):
        asked = f"=={asked}"
    elif asked.startswith(("^", "~")) and not asked.startswith("~="):
        asked = f">={asked[1:]}"
    try:
        return SpecifierSet("" if asked == "*" else asked)
    except InvalidSpecifier:
        return SpecifierSet()


_LOCKS = {
    "uv.lock": _of_toml_lock,
    "poetry.lock": _of_toml_lock,
    "pdm.lock": _of_toml_lock,
    "pylock*.toml": _of_toml_lock,
    "Pipfile.lock": _of_pipfile_lock,
    "conda-lock.yml": _of_conda_lock,
}
_OTHERS = {
    "requirements*.txt": _of_requirements,
    "pyproject.toml": _of_pyproject,
    "environment.y*ml": _of_conda,
}

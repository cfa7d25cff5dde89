"""Which checks there are: the files in `rules/`, those of packages, those of the project itself."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import pkgutil
import sys
from functools import lru_cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from aseptic.checks import rules
from aseptic.checks.check import Check
from aseptic.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import ModuleType


def load_checks(files: Iterable[Path] = ()) -> dict[str, Check]:
    """All checks by code, in the order of their codes.

    Those of aseptic, of installed packages (entry points of the group `aseptic.checks`, each a
    module) and of the files given. Raises BadOption where a file cannot be loaded, or two checks
    have one code.
    """
    checks: dict[str, Check] = {}
    for one in (*_own_checks(), *_checks_of_packages(), *_checks_of_files(files)):
        if checks.setdefault(one.code, one) is not one:
            raise BadOption(f"two checks have the code {one.code}: give one of them another")
    return dict(sorted(checks.items()))


def load_training_checks(files: Iterable[Path] = ()) -> list[Check]:
    """Those that can judge a training by its series alone, while it goes on.

    Of aseptic's own rules only those of training are imported, so no library of tables is. Raises
    BadOption where a file cannot be loaded.
    """
    found = (*_own_checks("t"), *_checks_of_packages(), *_checks_of_files(files))
    return [one for one in found if one.is_of_series]


@lru_cache(maxsize=2)
def _own_checks(prefix: str = "") -> tuple[Check, ...]:
    """Those of the files whose name, and so their code, begins with the prefix."""
    names = [module.name for module in pkgutil.iter_modules(rules.__path__)]
    names = [name for name in names if name.startswith(prefix)]
    modules = [importlib.import_module(f"{rules.__name__}.{name}") for name in names]
    return tuple(one for module in modules for one in _checks_in(module))


@lru_cache(maxsize=1)
def _checks_of_packages() -> tuple[Check, ...]:
    modules = [point.load() for point in entry_points(group="aseptic.checks")]
    return tuple(one for module in modules for one in _checks_in(module))


def _checks_of_files(files: Iterable[Path]) -> Iterator[Check]:
    for file in files:
        try:
            content = file.read_bytes()
            module = _module_of(file, hashlib.sha256(content).hexdigest())
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise BadOption(f"cannot load the checks of {file}: {reason}") from error
        yield from _checks_in(module)


@lru_cache(maxsize=64)
def _module_of(file: Path, digest: str) -> ModuleType:
    """The file's module, loaded anew when its content has changed."""
    name = f"_aseptic_checks_{digest[:16]}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError("no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses of the file look their module up
    spec.loader.exec_module(module)
    return module


def _checks_in(module: ModuleType) -> Iterator[Check]:
    seen: set[str] = set()
    for value in vars(module).values():
        if isinstance(value, Check) and value.code not in seen:
            seen.add(value.code)
            yield value

"""Where a run happens: Python, the packages in use, the hardware, the random generators.

Nothing here imports, initialises or draws: a package counts when the session has imported it,
a GPU when the session uses it, and the state of a generator is digested, not advanced.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

import psutil
import xxhash

from aseptic.model import Environment, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def read_environment(
    modules: Iterable[str] | None = None, *, seeds: Mapping[str, Value] | None = None
) -> Environment:
    """The environment of this process.

    `modules` are the modules whose distributions are listed, by default all that are imported.
    `seeds` are recorded as given: see `random_states`. About 20 ms the first time in a process,
    1 ms afterwards.
    """
    return Environment(
        python=platform.python_version(),
        platform=_platform(),
        packages=imported_packages(modules),
        cpu=_cpu_name(),
        cpu_count=os.cpu_count(),
        memory_bytes=_memory_bytes(),
        gpus=_gpus(),
        seeds=dict(seeds or {}),
    )


def random_states() -> dict[str, str]:
    """A short digest of the state of each global random generator that is in use.

    Of `random`, numpy's global one, torch's on the CPU, as far as they are imported; equal
    digests mean that the same numbers come next. Generators that the user made are not seen.
    """
    states = dict(_random_states())
    return {name: xxhash.xxh3_64_hexdigest(state) for name, state in states.items()}


def apply_seed(seed: int) -> tuple[str, ...]:
    """Seed `random`, and numpy's and torch's global generators where they are imported.

    Returns their names. Python's hash seed is not among them: it is fixed when a process starts
    (`PYTHONHASHSEED`), so the order of a set of strings still differs between kernels.
    """
    seeded = []
    for name, seed_generator in _seeders():
        seed_generator(seed)
        seeded.append(name)
    return tuple(seeded)


# Random generators ------------------------------------------------------------------------------


def _loaded(name: str) -> Any:
    return sys.modules.get(name)


def _random_states() -> Iterator[tuple[str, bytes]]:
    if module := _loaded("random"):
        yield "random", repr(module.getstate()).encode()
    if module := _loaded("numpy.random"):
        kind, keys, *rest = module.get_state()
        yield "numpy", repr((kind, rest)).encode() + keys.tobytes()
    if module := _loaded("torch.random"):
        yield "torch", module.get_rng_state().numpy().tobytes()


def _seeders() -> Iterator[tuple[str, Any]]:
    if module := _loaded("random"):
        yield "random", module.seed
    if module := _loaded("numpy.random"):
        numpy_seed = module.seed
        yield "numpy", lambda seed: numpy_seed(seed % 2**32)  # it takes no more bits
    if module := _loaded("torch.random"):
        yield "torch", module.manual_seed


# Packages ---------------------------------------------------------------------------------------


def imported_packages(modules: Iterable[str] | None = None) -> dict[str, str]:
    """Distribution names and versions of the modules given, by default of all imported ones.

    The version is that of the installed distribution; where it was installed since this process
    started, the module's own `__version__`, as the module may have been imported before. Python's
    own modules, those of the project (which no distribution holds), and those that only aseptic
    imports are left out: the last would differ from run to run.
    """
    names = sys.modules if modules is None else modules
    tops = {name.partition(".")[0] for name in list(names)} - _PYTHONS_OWN
    if modules is None:
        tops -= _ASEPTICS_OWN - _in_main()
    found = (_package_of(top, sys.modules.get(top)) for top in sorted(tops))
    return dict(sorted(package for package in found if package is not None))


_PYTHONS_OWN = frozenset(sys.stdlib_module_names) | {"__main__", "__mp_main__"}
#: What aseptic imports when it needs it; recorded only where the user's namespace holds it too.
_ASEPTICS_OWN = {"alembic", "anywidget", "aseptic", "git", "gitdb", "greenlet", "mako"}
_ASEPTICS_OWN |= {"markupsafe", "msgspec", "psygnal", "rich", "smmap", "sqlalchemy", "xxhash"}


def _in_main() -> set[str]:
    """The packages whose modules the user's namespace holds, under whatever name."""
    main = vars(sys.modules["__main__"]) if "__main__" in sys.modules else {}
    held = [value for value in main.copy().values() if type(value) is ModuleType]
    return {value.__name__.partition(".")[0] for value in held}


_KNOWN: dict[str, tuple[str, str] | None] = {}  # by module: a process imports a version once


def _package_of(top: str, module: ModuleType | None) -> tuple[str, str] | None:
    if top not in _KNOWN:
        package = _find_package(top, module)
        if module is None:
            return package  # it may yet be imported
        _KNOWN[top] = package
    return _KNOWN[top]


def _find_package(top: str, module: ModuleType | None) -> tuple[str, str] | None:
    file = getattr(module, "__dict__", {}).get("__file__")
    places = [file and _place_of(file, top)] if file else sys.path
    for place in places:
        if place and (found := _installed(place, _changed_at(place)).get(top)):
            return found.name, (found.is_new and _own_version(module)) or found.version
    return None


def _changed_at(place: str) -> float:
    """When the folder was last changed, in seconds; 0.0 where it cannot be read."""
    try:
        return Path(place).stat().st_ctime
    except OSError:
        return 0.0


def _place_of(file: str, top: str) -> str | None:
    """The folder on `sys.path` that a top-level module lies in."""
    path = Path(file)
    return str(path.parents[1] if path.parent.name == top else path.parent)


def _own_version(module: ModuleType | None) -> str | None:
    # From the module's dict: a module's `__getattr__` may warn or import.
    version = getattr(module, "__dict__", {}).get("__version__")
    is_version = isinstance(version, str) and version[:1].isdigit() and len(version) < 80
    return version if is_version else None


_DIST_INFO = re.compile(r"(?P<name>[^/]+?)-(?P<version>[^-/]+)(?:-py[\d.]+)?\.(?:dist|egg)-info")


class _Distribution(NamedTuple):
    name: str
    version: str
    is_new: bool  # installed since this process started


@lru_cache(maxsize=64)
def _installed(place: str, changed_at: float) -> dict[str, _Distribution]:
    """Distributions by top-level module, of one folder such as `site-packages`.

    `changed_at` makes the answer hold until the folder changes, as `%pip install` changes it.

    From the names of its `.dist-info` folders where the module is called as the distribution;
    `top_level.txt` or `RECORD` are read of the others alone. `packages_distributions` of
    importlib.metadata reads every file list of every distribution: 130 ms instead of 15.
    """
    del changed_at
    started_at = psutil.Process().create_time()
    modules: dict[str, _Distribution] = {}
    for folder, name, version in _dist_infos(place):
        is_new = _changed_at(folder) > started_at
        distribution = _Distribution(name.replace("_", "-").lower(), version, is_new)
        for module in _modules_of(folder, place, name):
            modules.setdefault(module, distribution)
    return modules


def _dist_infos(place: str) -> list[tuple[str, str, str]]:
    with suppress(OSError):
        with os.scandir(place) as entries:
            found = [(e.path, match) for e in entries if (match := _DIST_INFO.fullmatch(e.name))]
        return [(path, match["name"], match["version"]) for path, match in found]
    return []


def _modules_of(folder: str, place: str, name: str) -> set[str]:
    alike = name.replace("-", "_").replace(".", "_")
    for candidate in (alike, alike.lower()):
        if Path(place, candidate).is_dir() or Path(place, f"{candidate}.py").is_file():
            return {candidate}
    listed = _read(Path(folder, "top_level.txt"))
    return set(listed.split()) if listed else _recorded_modules(_read(Path(folder, "RECORD")))


_TOP_OF_RECORD = re.compile(
    r"^([A-Za-z_]\w*)(?:/__init__\.py|(?:\.[\w-]+)?\.(?:py|so|pyd)),", re.MULTILINE
)


def _recorded_modules(record: str) -> set[str]:
    return set(_TOP_OF_RECORD.findall(record))


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


# Hardware ---------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _platform() -> str:
    """System, release, machine and C library. `platform.platform` would start `uname -p`."""
    system, release = platform.system(), platform.release()
    if system == "Darwin":
        system, release = "macOS", platform.mac_ver()[0]
    libc = "".join(platform.libc_ver())
    return "-".join(filter(None, (system, release, platform.machine(), libc and f"with-{libc}")))


@lru_cache(maxsize=1)
def _memory_bytes() -> int:
    return psutil.virtual_memory().total


@lru_cache(maxsize=1)
def _cpu_name() -> str | None:
    found = re.search(r"^model name\s*:\s*(.+)$", _read(Path("/proc/cpuinfo")), re.MULTILINE)
    if found:
        return found[1].strip()
    # `platform.processor` would start `uname -p`
    return os.environ.get("PROCESSOR_IDENTIFIER") or platform.machine() or None


def _gpus() -> tuple[str, ...]:
    """Names of the GPUs, from whichever of torch and pynvml the session has initialised.

    CUDA is never initialised here: that takes seconds, holds memory, and breaks a later fork.
    """
    for read in (_torch_gpus, _nvml_gpus):
        with suppress(Exception):  # a driver that fails must not fail a run
            if names := read():
                return names
    return ()


def _torch_gpus() -> tuple[str, ...]:
    cuda = _loaded("torch.cuda")
    if cuda is None or not cuda.is_initialized():
        return ()
    return tuple(cuda.get_device_name(index) for index in range(cuda.device_count()))


def _nvml_gpus() -> tuple[str, ...]:
    nvml = _loaded("pynvml")
    if nvml is None:
        return ()
    handles = map(nvml.nvmlDeviceGetHandleByIndex, range(nvml.nvmlDeviceGetCount()))
    names = map(nvml.nvmlDeviceGetName, handles)
    return tuple(name.decode() if isinstance(name, bytes) else name for name in names)

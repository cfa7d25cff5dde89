"""P03: the packages of the run are not those that the project's files name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.code import code_of, imported_modules
from aseptic.checks.requirements import read_requirements
from aseptic.checks.serving import is_declared, listed
from aseptic.settings import find_project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.requirements import Requirements
    from aseptic.model import Finding, Run

_TOOLS = frozenset({"aseptic", "ipython", "ipykernel", "ipywidgets"})  # not needed where it is used


@check("P03", severity="warning", needs=("run",), cost="look")
def unpinned_packages(run: Evidence, *, shown: int = 5) -> Iterator[Finding]:
    """The packages that the run used are not fixed by a file of the project, or are others.

    Why: whoever installs the project next month gets other versions, and perhaps another model;
    a saved scikit-learn model may not even load.

    Method: the distributions that the run had imported are compared with the lock file of the
    project's folder (uv, poetry, pdm, pipenv, pylock, conda), else with `requirements*.txt`,
    `pyproject.toml` and `environment.yml`. A warning for versions that the file excludes, and for
    packages that the run's code imports and the file does not name; information for names
    without a fixed version where there is no lock. Without any file: information, when asked or
    where `[tool.aseptic.deploy]` is there. Up to `shown` packages are named.

    Remedy: write a lock file and commit it: `uv lock`, `pip freeze > requirements.txt`, or
    `conda env export > environment.yml`.

    Bad::

        import pathlib, tempfile
        from aseptic.model import Environment
        from aseptic.testing import make_run

        folder = pathlib.Path(tempfile.mkdtemp())
        _ = (folder / "requirements.txt").write_text("numpy==1.26.4")
        run = make_run(source="import numpy", environment=Environment(packages={"numpy": "2.1.0"}))

    Good::

        import pathlib, tempfile
        from aseptic.model import Environment
        from aseptic.testing import make_run

        folder = pathlib.Path(tempfile.mkdtemp())
        _ = (folder / "requirements.txt").write_text("numpy==2.1.0")
        run = make_run(source="import numpy", environment=Environment(packages={"numpy": "2.1.0"}))
    """
    record = run.run
    assert record is not None
    used = record.environment.packages
    if not used:
        raise NotApplicable("the packages of the run were not recorded")
    found = read_requirements(run.folder or find_project(Path.cwd()))
    if found is None:
        if run.depth == "automatic" and not is_declared(run):
            raise NotApplicable("the project has no lock file and no requirements")
        yield run.finding(
            f"no file of the project says which versions of the {len(used)} packages were used",
            severity="info",
            packages=len(used),
        )
        return
    yield from _other_versions(run, used, found, shown=shown)
    yield from _not_named(run, record, found, shown=shown)


def _other_versions(
    run: Evidence, used: dict[str, str], found: Requirements, *, shown: int
) -> Iterator[Finding]:
    others = [
        f"{name} {version} ({found.said(name)})"
        for name, version in used.items()
        if not found.allows(name, version)
    ]
    if others:
        verb = "is another version" if len(others) == 1 else "are other versions"
        yield run.finding(
            f"{listed(others, shown)} {verb} than {found.file} says",
            remedy=f"install what {found.file} says, or write it anew, and run again",
            packages=tuple(others[:50]),
        )


def _not_named(run: Evidence, record: Run, found: Requirements, *, shown: int) -> Iterator[Finding]:
    imported = _imported(record)
    missing = [name for name in imported if not found.names(name)]
    if missing:
        verb = "is imported and not" if len(missing) == 1 else "are imported and not"
        yield run.finding(
            f"{listed(missing, shown)} {verb} in {found.file}",
            remedy=f"add to {found.file}: "
            + " ".join(f"{name}=={record.environment.packages[name]}" for name in missing[:shown]),
            packages=tuple(missing[:50]),
        )
    loose = [name for name in imported if found.names(name) and not found.is_fixed(name)]
    if loose and not found.is_lock:
        verb = "has no fixed version" if len(loose) == 1 else "have no fixed version"
        yield run.finding(
            f"{listed(loose, shown)} {verb} in {found.file}, and there is no lock file",
            severity="info",
            packages=tuple(loose[:50]),
        )


def _imported(record: Run) -> list[str]:
    """The distributions, of those recorded, that the run's code imports by name."""
    from aseptic.capture.environment import imported_packages

    modules = imported_modules(code_of(record))
    known = {*imported_packages(modules), *(module.replace("_", "-") for module in modules)}
    return [name for name in record.environment.packages if name in known - _TOOLS]

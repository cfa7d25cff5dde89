"""H08: no commit holds the code that ran."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.code import code_of, imported_modules
from aseptic.model import GitState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding, Run

_CODE = frozenset({".py", ".pyx", ".r", ".sql", ".sh", ".toml", ".yaml", ".yml", ".cfg", ".ini"})


@check("H08", severity="info", needs=("run",), cost="look")
def uncommitted_code(run: Evidence, *, shown: int = 3) -> Iterator[Finding]:
    """No commit holds the code that the run was made from.

    Why: the run's own cells are recorded with it, but not the modules and settings they load;
    once those change, the run cannot be made again.

    Method: the state of the repository as the run found it. Files of code and settings count that
    differ from the commit; notebooks do not, since the cells are recorded. It is a warning where
    the change is lost: a module that is imported and not in git, or a difference that was not
    recorded whole; it is information where the difference is kept, or where there is no
    repository or commit. Up to `shown` files are named.

    Remedy: commit before runs that are to be kept: `git add -A && git commit`.

    Bad::

        from aseptic.model import GitState
        from aseptic.testing import make_run

        git = GitState(commit="a" * 40, is_dirty=True, untracked=("features.py",))
        run = make_run(source="import features", git=git)

    Good::

        from aseptic.model import GitState
        from aseptic.testing import make_run

        git = GitState(commit="a" * 40, is_dirty=True, changed=("digits.ipynb",))
        run = make_run(git=git)
    """
    record = run.run
    assert record is not None
    git = record.git
    if git == GitState():
        raise NotApplicable("git was not asked")
    if git.commit is None:
        yield from _without_commit(run, git)
        return
    lost = _imported_untracked(record)
    if lost:
        yield run.finding(
            f"{_listed(lost, shown)} {_is(lost)} imported and not in git",
            severity="warning",
            files=tuple(lost[:100]),
            remedy=f"`git add {lost[0]}` and commit: what it held in this run is not recorded",
        )
    changed = [name for name in git.changed if _is_code(name)]
    if changed:
        is_kept = git.diff is not None and "of diff" not in (git.reason or "")
        kept = "the difference is recorded" if is_kept else "the difference is not recorded whole"
        yield run.finding(
            f"{_listed(changed, shown)} {_is(changed)} not as in commit {git.commit[:8]}; {kept}",
            severity="info" if is_kept else "warning",
            files=tuple(changed[:100]),
        )


def _without_commit(run: Evidence, git: GitState) -> Iterator[Finding]:
    reason = git.reason or "no commit yet"
    if "not in a git repository" in reason:
        yield run.finding(
            "the project is not in a git repository: modules it imports are not recorded",
            remedy="`git init`, then commit: each run is then recorded with its commit",
        )
    elif "no commit" in reason:
        yield run.finding("the repository has no commit yet")
    else:
        raise NotApplicable(reason)


def _imported_untracked(record: Run) -> list[str]:
    modules = imported_modules(code_of(record))
    return [name for name in record.git.untracked if _module(name) in modules]


def _module(name: str) -> str | None:
    """The top-level module that a file is, or is part of: `features.py`, `lib/__init__.py`."""
    path = PurePosixPath(name)
    if path.suffix == ".py":
        return path.parts[0] if path.name == "__init__.py" and len(path.parts) > 1 else path.stem
    return path.name if name.endswith("/") else None  # a folder, of which git names no files


def _is_code(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in _CODE


def _listed(names: list[str], shown: int) -> str:
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more} more" if more > 0 else "")


def _is(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"

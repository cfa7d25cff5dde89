"""How git is asked about a repository without running, changing or believing anything in it.

A received project folder is untrusted: its `.git/config` names programs that plain `git status`
and `git diff` run (fsmonitor, external diffs, filters), and its remotes name transports. So each
command gets a clean environment, no transport at all, and the repository's own filters taken
back to what the user's and the system's configuration say. The index is never written.

GitPython finds the executable, starts it, and reads plain configurations. Its `Repo` is not
used: `is_dirty` and `diff` run fsmonitor, filters and external diffs, and pass every `GIT_*`
variable on.
"""

from __future__ import annotations

import functools
import hashlib
import io
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from threading import Event, Thread, Timer
from typing import TYPE_CHECKING, NamedTuple

from aseptic.capture.secrets import redact, strip_credentials
from aseptic.model import GitState

try:
    from git.cmd import Git, safer_popen
    from git.config import GitConfigParser
except ImportError:  # GitPython refuses to be imported where no git is installed
    Git = None  # type: ignore[assignment,misc] # so that a machine without git still records runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

DIFF_NAME = "uncommitted.diff"
_KEPT_DIFF = 2_000_000  # bytes
_KEPT_NAMES = 1_000
_KEPT_OUTPUT = 16_000_000  # bytes of status: about 200,000 file names
_BUDGET_S = 2.0
_LARGEST_CONFIG = 100_000  # bytes


class GitReading(NamedTuple):
    """The state, and the beginning of the diff, whose name as an artifact is `state.diff`.

    Secrets are removed from the diff; `state.diff_digest` is the SHA-256 of the whole diff as
    git gave it, however much of it was kept.
    """

    state: GitState
    diff: bytes | None = None


def read_git(folder: Path, *, budget_s: float = _BUDGET_S) -> GitReading:
    """The state of the repository around a folder; never raises.

    Takes 1 git process where nothing is changed and the configuration is plain, 3 at most, none
    outside a repository, and no longer than the budget, after which git and its children are
    killed. What could not be read is None, and `state.reason` says why. Submodules are not
    looked into: their configuration is as untrusted as their parent's.
    """
    try:
        place = _find_repository(folder)
    except OSError as error:
        return GitReading(GitState(reason=f"the folder cannot be read: {error.strerror}"))
    if place is None:
        return GitReading(GitState(reason="not in a git repository"))
    if Git is None:
        return _by_hand(place, "git is not installed")
    if _somebody_hears_of_children():
        return _by_hand(place, "a SIGCHLD handler would hear of git: it was not started")
    try:
        return _read(place, _Runner(place.root, time.monotonic() + budget_s))
    except _GitFailed as error:
        return _by_hand(place, str(error))
    except OSError as error:
        return _by_hand(place, f"git could not be run: {error.strerror or type(error).__name__}")


def read_head(folder: Path) -> tuple[str | None, str | None]:
    """Commit and branch of the repository around a folder, read from its files in 0.1 ms.

    Both None outside a repository; no commit on an unborn branch; no branch on a detached HEAD.
    """
    try:
        place = _find_repository(folder)
    except OSError:
        return None, None
    return (None, None) if place is None else _head_of(place)


def _read(place: _Place, runner: _Runner) -> GitReading:
    config = _plain_config(place) or _Config(
        runner.run("config", "--list", "-z", "--show-scope").text
    )
    runner.overrides = config.overrides()
    status = _parse_status(
        runner.run(
            *("status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal"),
            *("--no-ahead-behind", "--no-renames", "--ignore-submodules=dirty"),
        ).text
    )
    notes = list(_notes(place, status))
    diff, diff_digest = _read_diff(runner, status, notes)
    branch = status.branch
    state = GitState(
        commit=status.commit,
        branch=redact(branch) if branch else None,
        remote=config.remote_of(branch),
        is_dirty=bool(status.changed or status.untracked),
        changed=tuple(map(redact, status.changed[:_KEPT_NAMES])),
        untracked=tuple(map(redact, status.untracked[:_KEPT_NAMES])),
        diff=None if diff is None else DIFF_NAME,
        diff_digest=diff_digest,
        reason="; ".join(notes) or None,
    )
    return GitReading(state, diff)


def _by_hand(place: _Place, reason: str) -> GitReading:
    commit, branch = _head_of(place)
    return GitReading(GitState(commit=commit, branch=branch, reason=reason))


# Running git ------------------------------------------------------------------------------------


class _GitFailed(Exception):
    """Git did not answer; the text says why in plain words."""


class _Output(NamedTuple):
    kept: bytes
    size: int
    digest: str

    @property
    def text(self) -> str:
        """As text; bytes that are no UTF-8 (paths may hold any) show as escapes."""
        return self.kept.decode("utf-8", "backslashreplace")


class _Runner:
    """Runs git in one folder until a deadline."""

    def __init__(self, folder: Path, deadline: float) -> None:
        self.folder = folder
        self.deadline = deadline
        self.overrides: tuple[str, ...] = ()

    def run(self, *words: str, keep: int = _KEPT_OUTPUT) -> _Output:
        """What git prints, of which no more than `keep` bytes are held in memory.

        Raises _GitFailed when git fails or takes too long.
        """
        with tempfile.TemporaryFile() as errors:
            process = safer_popen(
                [_executable(), *_SAFE, *self.overrides, *words],
                cwd=self.folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
            output, is_late = self._read_until_deadline(process, keep)
            errors.seek(0)
            message = errors.read(4096).decode("utf-8", "backslashreplace")
        if is_late:
            raise _GitFailed(f"`git {words[0]}` took too long and was stopped")
        if process.returncode != 0:
            raise _GitFailed(_plain(message, words[0]))
        return output

    def _read_until_deadline(
        self, process: subprocess.Popen[bytes], keep: int
    ) -> tuple[_Output, bool]:
        timer = _Timer(max(0.0, self.deadline - time.monotonic()), _kill_group, (process,))
        timer.start()
        try:
            output = _read_all(process, keep)
            process.wait()
        finally:
            is_late = not timer.is_alive() and process.returncode != 0
            timer.cancel()
            timer.join()  # at once: it was told
            if process.poll() is None:
                _kill_group(process)
                process.wait()
        return output, is_late


class _Timer(Timer):
    """A daemon with a name of its own: an unnamed thread would shift the numbers of the user's."""

    def __init__(
        self, seconds: float, act: Callable[..., object], args: tuple[object, ...]
    ) -> None:
        Thread.__init__(self, name="aseptic-git-timer", daemon=True)
        self.interval, self.function, self.args, self.kwargs = seconds, act, args, {}
        self.finished = Event()


def _executable() -> str:
    """The path of git: by a bare name, `subprocess` would touch the state of warnings."""
    return _found(Git.GIT_PYTHON_GIT_EXECUTABLE or "git", os.environ.get("PATH", ""))


@functools.lru_cache(maxsize=4)
def _found(named: str, path: str) -> str:
    return shutil.which(named, path=path) or named


def _somebody_hears_of_children() -> bool:
    """Whether the user's code is called when a child process of this one ends."""
    if not hasattr(signal, "SIGCHLD"):
        return False
    return signal.getsignal(signal.SIGCHLD) not in (signal.SIG_DFL, signal.SIG_IGN, None)


#: Options before the command, so that nothing the repository names is run.
_SAFE = (
    "--no-optional-locks",  # a plain `git status` rewrites the index
    "--no-pager",
    *("-c", "diff.autoRefreshIndex=false"),  # and so does a plain `git diff`
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "core.untrackedCache=false"),
    *("-c", "core.sshCommand=false"),
    *("-c", "core.pager=cat"),
    *("-c", "core.quotePath=false"),
    *("-c", "protocol.allow=never"),
    *("-c", "diff.external="),
    *("-c", "status.showUntrackedFiles=normal"),
    *("-c", "submodule.recurse=false"),
)
_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
    "GIT_PAGER": "cat",
    "GIT_NO_LAZY_FETCH": "1",  # git 2.45 and newer
    "GIT_ALLOW_PROTOCOL": "none",  # of older ones, a partial clone's missing objects stay missing
}


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**kept, **_ENVIRONMENT}


def _read_all(process: subprocess.Popen[bytes], keep: int) -> _Output:
    assert process.stdout is not None
    kept, size, digest = bytearray(), 0, hashlib.sha256()
    with process.stdout as stream:
        while chunk := stream.read1(1 << 16):  # type: ignore[attr-defined] # a BufferedReader
            digest.update(chunk)
            kept += chunk[: max(0, keep - size)]
            size += len(chunk)
    return _Output(bytes(kept), size, digest.hexdigest())


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except (ProcessLookupError, PermissionError):
        pass  # it ended by itself


def _plain(message: str, command: str) -> str:
    """What git said, in one line that a person understands."""
    if "dubious ownership" in message or "unsafe repository" in message:
        return "git refuses this repository: it belongs to another user (git's `safe.directory`)"
    if "must be run in a work tree" in message:
        return "the repository is bare: it has no working files"
    lines = [line for line in message.splitlines() if line.startswith(("fatal:", "error:"))]
    said = redact(lines[0].partition(":")[2].strip())[:200] if lines else "it said nothing"
    return f"`git {command}` failed: {said}"


# What git prints --------------------------------------------------------------------------------


class _Config:
    """The configuration that git sees, with the scope of each entry."""

    def __init__(self, text: str = "", *, local: Mapping[str, str] | None = None) -> None:
        fields = text.split("\0")
        pairs = zip(fields[::2], fields[1::2])  # noqa: B905 - a last empty field has no partner
        self.entries = [(scope, *_key_and_value(entry)) for scope, entry in pairs]
        self.entries += (("local", key, value) for key, value in (local or {}).items())

    def overrides(self) -> tuple[str, ...]:
        """Options that give every filter of the repository its value from outside of it.

        Raises _GitFailed for a filter whose name would end the option early.
        """
        own = {key for scope, key, _ in self.entries if scope in {"local", "worktree", "unknown"}}
        filters = sorted(key for key in own if key.startswith("filter."))
        if any("=" in key for key in filters):
            raise _GitFailed("its configuration has a filter with `=` in its name: git was not run")
        trusted = {key: value for scope, key, value in self.entries if scope in _TRUSTED}
        # Only keys that it sets: an empty `process`, once set, would switch off a user's `clean`.
        settings = [f"{key}={trusted.get(key, '')}" for key in filters]
        settings += [f"{key.rpartition('.')[0]}.required=false" for key in filters]
        settings += [f"{key}=false" for key in own if _is_promisor(key)]
        return tuple(word for setting in settings for word in ("-c", setting))

    def remote_of(self, branch: str | None) -> str | None:
        """The URL of the branch's remote, else of `origin`, else of the only one."""
        known = {key: value for _, key, value in self.entries}
        urls = {
            key[len("remote.") : -len(".url")]: value
            for key, value in known.items()
            if key.startswith("remote.") and key.endswith(".url")
        }
        only = next(iter(urls)) if len(urls) == 1 else ""
        for name in (known.get(f"branch.{branch}.remote", ""), "origin", only):
            if name in urls:
                return strip_credentials(urls[name])
        return None


_TRUSTED = frozenset(("system", "global"))
#: What in a repository's configuration needs git itself to read it: it may name programs to be
#: switched off, other files, or objects that are elsewhere.
_NEEDS_GIT = (b"filter", b"include", b"promisor", b"partialclone", b"worktreeconfig")


def _plain_config(place: _Place) -> _Config | None:
    """The repository's configuration read here, where it is so plain that git need not be asked.

    Saves one of two processes, which is half of the time that a clean repository takes.
    """
    path = place.common / "config"
    try:
        content = path.read_bytes() if path.stat().st_size < _LARGEST_CONFIG else None
    except OSError:
        return None
    if content is None or any(word in content.lower() for word in _NEEDS_GIT):
        return None
    try:
        parser = GitConfigParser(io.BytesIO(content), read_only=True, merge_includes=False)
        sections = {name: dict(parser.items(name)) for name in parser.sections()}
    except Exception:  # noqa: BLE001 - whatever it stumbles over, git reads it by its own rules
        return None
    return _Config(local=dict(_flat_config(sections)))


def _flat_config(sections: Mapping[str, Mapping[str, str | None]]) -> Iterator[tuple[str, str]]:
    """Such as `remote.origin.url`, from a section `remote "origin"`."""
    for section, entries in sections.items():
        kind, _, name = section.partition(" ")
        prefix = f"{kind.lower()}.{name[1:-1]}" if name else kind.lower()
        yield from ((f"{prefix}.{key.lower()}", value or "") for key, value in entries.items())


def _key_and_value(entry: str) -> tuple[str, str]:
    key, _, value = entry.partition("\n")
    return key, value


def _is_promisor(key: str) -> bool:
    return key.startswith("remote.") and key.endswith(".promisor") and "=" not in key


class _Status(NamedTuple):
    commit: str | None
    branch: str | None
    changed: list[str]
    untracked: list[str]


def _parse_status(text: str) -> _Status:
    """Read `git status --porcelain=v2 --branch -z --no-renames`."""
    headers: dict[str, str] = {}
    changed, untracked = [], []
    for line in text.split("\0"):
        kind, _, rest = line.partition(" ")
        if kind == "#":
            name, _, value = rest.partition(" ")
            headers[name] = value
        elif kind == "?":
            untracked.append(rest)
        elif kind in _FIELDS_BEFORE_PATH:
            changed.append(rest.split(" ", _FIELDS_BEFORE_PATH[kind])[-1])
    commit, branch = headers.get("branch.oid"), headers.get("branch.head")
    return _Status(
        None if commit == "(initial)" else commit,
        None if branch == "(detached)" else branch,
        changed,
        untracked,
    )


_FIELDS_BEFORE_PATH = {"1": 7, "2": 8, "u": 9}


def _read_diff(
    runner: _Runner, status: _Status, notes: list[str]
) -> tuple[bytes | None, str | None]:
    """The beginning of the diff and the digest of all of it; what went wrong joins the notes."""
    if not status.changed or status.commit is None:
        return None, None
    try:
        output = runner.run(
            *("diff", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "-U3"),
            *("--full-index", "--src-prefix=a/", "--dst-prefix=b/", "--diff-algorithm=myers"),
            *("--ignore-submodules=dirty", "--submodule=short", "HEAD"),
            keep=_KEPT_DIFF,
        )
    except _GitFailed as error:
        notes.append(f"no diff: {error}")
        return None, None
    if output.size > _KEPT_DIFF:
        notes.append(f"the first {_KEPT_DIFF // 10**6} MB of {output.size / 1e6:.1f} MB of diff")
    text = output.kept.decode("utf-8", "surrogateescape")
    return redact(text).encode("utf-8", "surrogateescape"), output.digest


def _notes(place: _Place, status: _Status) -> Iterator[str]:
    """Why fields are empty or incomplete, in plain words."""
    if status.commit is None:
        yield "no commit yet"
    if under_way := _under_way(place):
        yield under_way
    elif status.branch is None:
        yield "HEAD is detached: no branch"
    if (place.common / "shallow").exists():
        yield "the clone is shallow"
    if (place.git_dir / "index.lock").exists():
        yield "another git command holds index.lock"
    if (place.root / ".gitmodules").exists():
        yield "changes inside its submodules were not looked for"
    yield from _cut(status.changed, "changed")
    yield from _cut(status.untracked, "untracked")


def _cut(names: list[str], what: str) -> Iterable[str]:
    if len(names) > _KEPT_NAMES:
        yield f"the first {_KEPT_NAMES:,} of {len(names):,} {what} files"


_UNDER_WAY = {
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "BISECT_LOG": "a bisect",
}


def _under_way(place: _Place) -> str | None:
    for name, what in _UNDER_WAY.items():
        if (place.git_dir / name).exists():
            branch = _line(place.git_dir / name / "head-name").removeprefix("refs/heads/")
            return f"{what} is under way" + (f" (of {redact(branch)})" if branch else "")
    return None


# By hand ----------------------------------------------------------------------------------------


class _Place(NamedTuple):
    """Where a repository lies: a worktree's own git folder differs from the common one."""

    root: Path
    git_dir: Path
    common: Path


def _find_repository(folder: Path) -> _Place | None:
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 - Path.resolve would follow symlinks
    for parent in (folder, *folder.parents):
        git = parent / ".git"
        if git.is_dir():
            return _place(parent, git)
        if git.is_file() and (target := _line(git).removeprefix("gitdir: ")):
            return _place(parent, parent / target)
        if (parent / "HEAD").is_file() and (parent / "objects").is_dir():
            return _place(parent, parent)
    return None


def _place(root: Path, git_dir: Path) -> _Place:
    common = _line(git_dir / "commondir")
    return _Place(root, git_dir, git_dir / common if common else git_dir)


def _head_of(place: _Place) -> tuple[str | None, str | None]:
    head = _line(place.git_dir / "HEAD")
    if not head.startswith("ref: "):
        return _commit(head), None
    ref = head.removeprefix("ref: ")
    if ".." in ref or not ref.startswith("refs/"):  # a path out of the repository
        return None, None
    commit = _commit(_line(place.common / ref)) or _packed(place.common, ref)
    return commit, redact(ref.removeprefix("refs/heads/"))


def _packed(common: Path, ref: str) -> str | None:
    text = _text(common / "packed-refs", limit=50_000_000)
    found = text.rfind(f" {ref}\n")
    return _commit(text[text.rfind("\n", 0, found) + 1 : found]) if found >= 0 else None


def _commit(text: str) -> str | None:
    is_hex = len(text) in {40, 64} and all(char in "0123456789abcdef" for char in text)
    return text if is_hex else None


def _line(path: Path) -> str:
    """The first line of a small file; empty where there is none to be read."""
    return _text(path, limit=4096).partition("\n")[0].strip()


def _text(path: Path, *, limit: int) -> str:
    """The beginning of a regular file: opening a FIFO named HEAD would wait for ever."""
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return file.read(limit).decode("utf-8", "backslashreplace")
    except OSError:
        return ""

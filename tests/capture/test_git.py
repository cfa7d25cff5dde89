"""What `capture.git` promises, on real repositories, hostile ones included."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from pathlib import Path

import pytest

from aseptic.capture import git as capture_git
from aseptic.capture.git import read_git, read_head
from aseptic.model import GitState


def git(folder: Path, *words: str) -> str:
    names = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com"}
    names |= {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.com"}
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    options = ("-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always")
    done = subprocess.run(
        ["git", *options, *words], cwd=folder, env=clean | names, capture_output=True, check=True
    )
    return done.stdout.decode().strip()


def commit_file(folder: Path, name: str = "a.py", text: str = "x = 1\n") -> str:
    (folder / name).write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "one")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q")
    commit_file(folder)
    return folder


def test_a_clean_repository_is_its_commit_and_branch(repo: Path):
    commit = git(repo, "rev-parse", "HEAD")
    assert read_git(repo) == (GitState(commit=commit, branch="main", is_dirty=False), None)
    assert read_head(repo) == (commit, "main")


def test_a_changed_file_is_named_and_its_diff_kept(repo: Path):
    (repo / "a.py").write_text("x = 2\n")
    (repo / "new.py").write_text("")
    state, diff = read_git(repo / ".")
    assert (state.is_dirty, state.changed, state.untracked) == (True, ("a.py",), ("new.py",))
    assert state.diff == "uncommitted.diff"
    assert diff is not None
    assert b"-x = 1\n+x = 2\n" in diff
    assert state.diff_digest == hashlib.sha256(diff).hexdigest()
    assert state.reason is None


def test_a_subfolder_tells_of_the_whole_repository(repo: Path):
    (repo / "sub").mkdir()
    (repo / "a.py").write_text("x = 2\n")
    assert read_git(repo / "sub").state.changed == ("a.py",)


def test_staged_and_deleted_files_are_changes(repo: Path):
    commit_file(repo, "b.py")
    (repo / "a.py").unlink()
    (repo / "b.py").write_text("y\n")
    git(repo, "add", "b.py")
    assert read_git(repo).state.changed == ("a.py", "b.py")


def test_outside_a_repository_the_reason_says_so(tmp_path: Path):
    assert read_git(tmp_path) == (GitState(reason="not in a git repository"), None)
    assert read_head(tmp_path) == (None, None)


def test_without_git_the_head_is_still_read(repo: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(capture_git, "Git", None)  # what a failed import of GitPython leaves
    state, _ = read_git(repo)
    assert (state.branch, state.is_dirty, state.reason) == ("main", None, "git is not installed")


def test_an_unborn_branch_has_no_commit(tmp_path: Path):
    git(tmp_path, "init", "-q")
    (tmp_path / "a.py").write_text("")
    state, diff = read_git(tmp_path)
    assert state == GitState(
        branch="main", is_dirty=True, untracked=("a.py",), reason="no commit yet"
    )
    assert diff is None
    assert read_head(tmp_path) == (None, "main")


def test_a_bad_head_is_said(repo: Path):
    (repo / ".git" / "refs" / "heads" / "main").write_text("f" * 40 + "\n")
    state, _ = read_git(repo)
    assert state.is_dirty is None
    assert state.reason is not None
    assert "failed" in state.reason


def test_a_head_that_points_outside_the_repository_is_not_followed(repo: Path, tmp_path: Path):
    (tmp_path / "elsewhere").write_text("0" * 40)
    (repo / ".git" / "HEAD").write_text("ref: refs/../../../elsewhere\n")
    assert read_head(repo) == (None, None)


def test_a_fifo_for_a_head_blocks_nothing(repo: Path):
    (repo / ".git" / "HEAD").unlink()
    os.mkfifo(repo / ".git" / "HEAD")
    assert read_head(repo) == (None, None)


def test_a_detached_head_has_no_branch(repo: Path):
    git(repo, "checkout", "-q", "--detach")
    state, _ = read_git(repo)
    assert (state.branch, state.reason) == (None, "HEAD is detached: no branch")
    assert read_head(repo) == (state.commit, None)


def test_packed_refs_are_read(repo: Path):
    git(repo, "pack-refs", "--all")
    assert read_head(repo) == (git(repo, "rev-parse", "HEAD"), "main")


def test_a_worktree_is_read_as_itself(repo: Path, tmp_path: Path):
    git(repo, "worktree", "add", "-q", "-b", "side", str(tmp_path / "tree"))
    (tmp_path / "tree" / "a.py").write_text("x = 3\n")
    state, _ = read_git(tmp_path / "tree")
    assert (state.branch, state.changed) == ("side", ("a.py",))
    assert read_head(tmp_path / "tree") == (state.commit, "side")


def test_a_bare_repository_has_no_files(repo: Path, tmp_path: Path):
    git(tmp_path, "clone", "-q", "--bare", str(repo), "bare.git")
    state, _ = read_git(tmp_path / "bare.git")
    assert state.branch == "main"
    assert state.reason == "the repository is bare: it has no working files"


def test_a_shallow_clone_is_said(repo: Path, tmp_path: Path):
    commit_file(repo, "b.py")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repo}", "shallow")
    state, _ = read_git(tmp_path / "shallow")
    assert (state.is_dirty, state.reason) == (False, "the clone is shallow")


def test_a_rebase_under_way_names_the_branch(repo: Path):
    commit_file(repo, text="x = 2\n")
    git(repo, "checkout", "-q", "-b", "side", "HEAD~1")
    commit_file(repo, text="x = 3\n")
    with pytest.raises(subprocess.CalledProcessError):
        git(repo, "rebase", "main")
    state, _ = read_git(repo)
    assert state.changed == ("a.py",)
    assert state.reason == "a rebase is under way (of side)"


def test_a_held_index_lock_stops_nothing(repo: Path):
    (repo / ".git" / "index.lock").write_text("")
    (repo / "a.py").write_text("x = 2\n")
    state, _ = read_git(repo)
    assert state.changed == ("a.py",)
    assert state.reason == "another git command holds index.lock"


def test_sha256_repositories_are_read(tmp_path: Path):
    git(tmp_path, "init", "-q", "--object-format=sha256")
    commit = commit_file(tmp_path)
    assert len(commit) == 64
    assert read_git(tmp_path).state.commit == commit == read_head(tmp_path)[0]


def test_a_dirty_submodule_is_not_looked_into(repo: Path, tmp_path: Path):
    git(repo, "submodule", "add", "-q", str(repo), "sub")
    git(repo, "commit", "-q", "-m", "sub")
    (repo / "sub" / "a.py").write_text("dirty\n")
    state, _ = read_git(repo)
    assert (state.is_dirty, state.changed) == (False, ())
    assert state.reason == "changes inside its submodules were not looked for"
    assert read_git(repo / "sub").state.changed == ("a.py",)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give away files")
def test_a_repository_of_another_user_is_refused_by_git_and_said(repo: Path):
    os.chown(repo, 12345, 12345)
    os.chown(repo / ".git", 12345, 12345)
    state, _ = read_git(repo)
    assert state.branch == "main"
    assert state.reason is not None
    assert "safe.directory" in state.reason


def test_paths_that_are_no_utf8_are_shown_escaped(repo: Path):
    try:
        Path(os.fsdecode(bytes(repo) + b"/caf\xe9.py")).write_text("")
    except OSError:
        pytest.skip("this file system keeps only UTF-8 names")
    assert read_git(repo).state.untracked == ("caf\\xe9.py",)


def test_binary_changes_are_in_the_digest_but_not_in_the_diff(repo: Path):
    commit_file(repo, "b.bin", "\0\1")
    (repo / "b.bin").write_bytes(b"\0\2")
    first = read_git(repo)
    (repo / "b.bin").write_bytes(b"\0\3")
    second = read_git(repo)
    assert first.diff is not None
    assert b"Binary files" in first.diff
    assert first.state.diff_digest != second.state.diff_digest


def test_a_long_diff_is_cut_and_its_digest_is_of_all_of_it(repo: Path):
    (repo / "a.py").write_text("".join(f"{n}\n" for n in range(400_000)))
    first, diff = read_git(repo, budget_s=30)
    assert diff is not None
    assert len(diff) == 2_000_000
    assert first.reason is not None
    assert "first 2 MB" in first.reason
    with (repo / "a.py").open("a") as file:
        file.write("last\n")
    assert read_git(repo, budget_s=30).state.diff_digest != first.diff_digest


def test_many_untracked_files_are_cut_and_said(repo: Path):
    for n in range(1_100):
        (repo / f"{n}.txt").touch()
    state, _ = read_git(repo, budget_s=30)
    assert len(state.untracked) == 1_000
    assert state.reason == "the first 1,000 of 1,100 untracked files"


def test_secrets_are_removed_from_diff_and_names(repo: Path):
    (repo / "a.py").write_text("password = 'hunter22'\n")
    (repo / ("ghp_" + "a1B2" * 9)).touch()
    state, diff = read_git(repo)
    assert diff is not None
    assert b"hunter22" not in diff
    assert "a1B2" not in state.untracked[0]


# Nothing that the repository says is run --------------------------------------------------------


@pytest.fixture
def trap(repo: Path, tmp_path: Path) -> Path:
    """A log that every program named in the repository's configuration writes to."""
    log, script = tmp_path / "log", tmp_path / "trap.sh"
    script.write_text(f'#!/bin/sh\necho "$0 $@" >> {log}\ncat\n')
    script.chmod(0o755)
    for key in (
        *("core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "diff.external"),
        *("diff.evil.command", "diff.evil.textconv", "filter.evil.clean", "filter.evil.smudge"),
        *("filter.evil.process", "credential.helper", "core.askPass", "gpg.program"),
        *("core.gitProxy", "core.alternateRefsCommand", "pager.diff", "pager.status"),
    ):
        git(repo, "config", key, str(script))
    git(repo, "config", "filter.evil.required", "true")
    git(repo, "config", "submodule.recurse", "true")
    hooks = repo / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-index-change", "fsmonitor-watchman", "pre-commit", "post-checkout"):
        (hooks / hook).symlink_to(script)
    (repo / ".gitattributes").write_text("*.py filter=evil diff=evil\n")
    (repo / "a.py").write_text("x = 2\n")
    return log


def test_plain_git_falls_into_the_trap(repo: Path, trap: Path):
    subprocess.run(["git", "diff", "HEAD"], cwd=repo, capture_output=True, check=False, timeout=20)
    assert trap.exists()


def test_nothing_in_the_configuration_is_run(repo: Path, trap: Path):
    state, diff = read_git(repo)
    assert state.changed == ("a.py",)
    assert diff is not None
    assert b"+x = 2" in diff
    assert not trap.exists()


def test_a_filter_from_an_included_file_is_not_run(repo: Path, trap: Path, tmp_path: Path):
    config = repo / ".git" / "config"
    (tmp_path / "included").write_text(config.read_text())
    config.write_text(f"[core]\nrepositoryformatversion = 0\n[include]\npath = {tmp_path}/included")
    assert read_git(repo).state.changed == ("a.py",)
    assert not trap.exists()


def test_a_filter_whose_name_would_end_the_option_early_stops_git(repo: Path, trap: Path):
    with (repo / ".git" / "config").open("a") as file:
        file.write(f'[filter "x=y"]\nclean = {trap.parent}/trap.sh\n')
    (repo / ".gitattributes").write_text("*.py filter=x=y\n")
    state, _ = read_git(repo)
    assert state.branch == "main"
    assert state.is_dirty is None
    assert not trap.exists()


def test_a_submodules_own_configuration_is_not_run(repo: Path, trap: Path, tmp_path: Path):
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-q")
    git(outer, "submodule", "add", "-q", str(repo), "sub")
    git(outer, "commit", "-q", "-m", "sub")
    hidden = outer / ".git" / "modules" / "sub"
    with (hidden / "config").open("a") as file:
        file.write(f'[core]\nfsmonitor = {tmp_path}/trap.sh\n[filter "evil"]\nclean = {trap}.sh\n')
    (outer / "sub" / "a.py").write_text("x = 3\n")
    trap.unlink(missing_ok=True)
    read_git(outer)
    assert not trap.exists()


def test_the_users_own_filter_survives_a_repository_that_redefines_it(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".gitconfig").write_text('[filter "up"]\nclean = tr a-z A-Z\n')
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (repo / ".gitattributes").write_text("*.py filter=up\n")
    git(repo, "config", "filter.up.clean", "false")
    (repo / "a.py").write_text("x = 2\n")
    _, diff = read_git(repo)
    assert diff is not None
    assert b"+X = 2" in diff


def test_a_partial_clone_fetches_nothing(repo: Path, trap: Path, tmp_path: Path):
    git(repo, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{repo}", "clone")
    git(clone, "config", "remote.origin.uploadpack", str(tmp_path / "trap.sh"))
    git(clone, "reset", "-q", "--soft")
    (clone / "a.py").write_text("x = 9\n")
    git(clone, "update-index", "--add", "--cacheinfo", f"100644,{'0' * 39}1,a.py")
    trap.unlink(missing_ok=True)
    state, _ = read_git(clone)
    assert state.is_dirty
    assert not trap.exists()


def test_the_index_is_not_touched(repo: Path):
    index = repo / ".git" / "index"
    later = time.time() + 60
    os.utime(repo / "a.py", (later, later))  # a plain `git status` would now write the index
    before = index.stat()
    assert read_git(repo).state.is_dirty is False
    after = index.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_git_variables_of_the_environment_are_not_passed_on(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "false")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(tmp_path / "nowhere"))
    assert read_git(repo).state.is_dirty is False


def test_a_git_that_hangs_is_killed_with_its_children(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    slow = tmp_path / "git"
    slow.write_text(f"#!/bin/sh\nsleep 999 & echo $! > {tmp_path}/child\nwait\n")
    slow.chmod(0o755)
    monkeypatch.setattr(capture_git.Git, "GIT_PYTHON_GIT_EXECUTABLE", str(slow))
    started = time.monotonic()
    state, _ = read_git(repo, budget_s=0.5)
    assert time.monotonic() - started < 1.5
    assert state.branch == "main"
    assert state.reason == "`git config` took too long and was stopped"
    assert not _is_running(int((tmp_path / "child").read_text()))


def _is_running(pid: int) -> bool:
    time.sleep(0.1)
    try:
        status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return status != "Z"


@pytest.mark.parametrize(
    "url",
    [
        "https://me:s3cr3t@example.com/x.git",
        "https://s3cr3t:x-oauth-basic@example.com/x.git",
        "https://s3cr3t@example.com/x.git",
        "https://example.com/x.git?private_token=s3cr3t",
        "ssh://git:s3cr3t@example.com/x.git",
        "https://me:s3/cr3t@example.com/x.git",
    ],
)
def test_no_form_of_remote_keeps_its_token(repo: Path, url: str):
    git(repo, "remote", "add", "origin", url)
    git(repo, "config", "url.https://s3cr3t@example.org/.insteadOf", "https://example.com/")
    git(repo, "config", "remote.origin.pushurl", "https://s3cr3t@example.com/y.git")
    remote = read_git(repo).state.remote
    assert remote is not None
    assert "example.com/x.git" in remote
    assert "cr3t" not in remote


def test_the_remote_of_the_branch_comes_before_origin(repo: Path):
    git(repo, "remote", "add", "origin", "/srv/origin")
    git(repo, "remote", "add", "mine", "git@example.com:me/x.git")
    git(repo, "config", "branch.main.remote", "mine")
    assert read_git(repo).state.remote == "git@example.com:me/x.git"

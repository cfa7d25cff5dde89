import hashlib
import os
import time

import pytest

from aseptic.errors import StoreDamaged
from aseptic.store.objects import ORPHAN_AGE_S, ObjectFolder
from aseptic.store.sqlite import SqliteStore


@pytest.fixture
def objects(tmp_path):
    return ObjectFolder(tmp_path / "objects")


def path_of(objects, digest):
    return objects._folder / digest[:2] / digest[2:]


def test_an_object_is_named_by_the_sha256_of_its_content(objects):
    assert objects.put(b"content") == (hashlib.sha256(b"content").hexdigest(), 7)


def test_a_flipped_byte_is_seen_and_never_served(objects):
    digest, _ = objects.put(b"content")
    path_of(objects, digest).write_bytes(b"c0ntent")
    with pytest.raises(StoreDamaged, match="other content"):
        objects.read(digest)


def test_a_short_object_is_healed_when_the_content_comes_again(objects):
    digest, _ = objects.put(b"content")
    path_of(objects, digest).write_bytes(b"con")
    objects.put(b"content")
    assert objects.read(digest) == b"content"


def test_an_object_is_never_read_through_a_link_or_from_a_pipe(objects, tmp_path):
    digest, _ = objects.put(b"content")
    path = path_of(objects, digest)
    other = tmp_path / "other"
    path.rename(other)
    path.symlink_to(other)
    with pytest.raises(StoreDamaged):
        objects.read(digest)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(StoreDamaged):
        objects.read(digest)


def test_keeping_leaves_no_other_file(objects, tmp_path):
    for content in (b"a", b"a", b"b"):
        objects.put(content)
    with pytest.raises(FileNotFoundError):
        objects.put(tmp_path / "not there")
    assert len([path for path in objects._folder.rglob("*") if path.is_file()]) == 2


def test_an_object_kept_again_is_not_deleted(objects):
    digest, _ = objects.put(b"content")
    os.utime(path_of(objects, digest), (1, 1))
    objects.put(b"content")
    assert not objects.delete(digest, if_older_than=time.time() - 60)
    assert objects.read(digest) == b"content"


def test_an_object_that_no_run_named_goes_after_an_hour(tmp_path):
    store = SqliteStore(tmp_path / ".aseptic")
    digest, _ = store.put_object(b"orphan")
    old = time.time() - ORPHAN_AGE_S - 1
    os.utime(path_of(store._objects, digest), (old, old))
    assert store.gc() == {"runs": 0, "objects": 1, "size_bytes": 6}

import pytest

from aseptic.store.sqlite import SqliteStore
from aseptic.testing.contract import StoreContract


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path):
        return SqliteStore(tmp_path / ".aseptic")

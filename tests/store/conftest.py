import pytest

pytest.register_assert_rewrite("aseptic.testing.contract")

from __future__ import annotations

import numpy as np
import pandas as pd
from tests.checks.examples import judge

from aseptic.checks.rules.d27_encoding_damage import encoding_damage


def _found(*texts):
    return judge(encoding_damage, data=pd.DataFrame({"a": list(texts) * 10})).findings


def test_utf8_that_was_read_as_another_encoding_is_found():
    assert _found("café".encode().decode("cp1252"))
    assert _found("naïve".encode().decode("latin-1"))
    assert _found("it\u2019s".encode().decode("cp1252"))


def test_lost_letters_are_found_and_cannot_be_mended():
    (found,) = _found("caf\ufffd")
    assert "lost" in str(found.remedy)


def test_texts_of_the_world_are_whole():
    assert not _found("São Paulo", "CORAÇÃO", "Ångström", "Ð", "東京", "Ελλάδα", "“so”", "10 €")


def test_names_of_columns_are_looked_at():
    name = "größe".encode().decode("latin-1")
    data = pd.DataFrame({name: np.arange(5)})
    assert judge(encoding_damage, data=data).findings

from __future__ import annotations

import numpy as np
import pandas as pd
from tests.checks.examples import judge

from aseptic.checks.rules.d25_text_variants import text_variants


def test_variants_in_spaces_case_and_unicode_are_found():
    cities = ["Zürich", "Zu\u0308rich", " zürich", "ZÜRICH", "Bern", "Basel"] * 10
    (found,) = judge(text_variants, data=pd.DataFrame({"city": cities})).findings
    assert found.evidence["ways"] == 4


def test_a_spelling_that_only_test_has_is_found():
    train = pd.DataFrame({"sex": ["male", "female"] * 30})
    test = pd.DataFrame({"sex": ["Male", "Female"] * 10})
    assert judge(text_variants, train=train, test=test).findings


def test_a_label_in_two_spellings_is_found():
    data = pd.DataFrame({"a": np.arange(60), "y": ["cat", "dog", "Cat "] * 20})
    (found,) = judge(text_variants, train=data, target="y").findings
    assert found.subject == "y"


def test_single_letters_may_differ_by_case():
    data = pd.DataFrame({"allele": ["a", "A", "b", "B"] * 20})
    assert judge(text_variants, data=data).findings == ()

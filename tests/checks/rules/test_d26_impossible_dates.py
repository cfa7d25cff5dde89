from __future__ import annotations

import numpy as np
import pandas as pd
from tests.checks.examples import judge

from aseptic.checks.rules.d26_impossible_dates import impossible_dates


def _days(start="2015-01-01", rows=200):
    return pd.Series(pd.Timestamp(start) + pd.to_timedelta(np.arange(rows), unit="D"))


def test_dates_in_the_future_are_found_unless_the_name_says_so():
    days = _days()
    days[3] = pd.Timestamp("2214-05-01")
    assert judge(impossible_dates, data=pd.DataFrame({"paid": days})).findings
    assert not judge(impossible_dates, data=pd.DataFrame({"due_date": days})).findings


def test_placeholders_are_found_in_texts_too():
    texts = _days().dt.strftime("%Y-%m-%d")
    texts[:5] = "9999-12-31"
    (found,) = judge(impossible_dates, data=pd.DataFrame({"closed": texts})).findings
    assert found.message == "2.5% of closed is 9999-12-31, which stands for no date"


def test_a_first_of_january_among_others_is_a_day():
    data = pd.DataFrame({"born": _days("1999-12-01")})
    assert judge(impossible_dates, data=data).findings == ()


def test_nothing_comes_before_birth_and_no_end_before_its_start():
    first = _days()
    last = first + pd.Timedelta(days=3)
    last[7] = first[7] - pd.Timedelta(days=9)
    for names in (("birth_date", "visit"), ("stay_start", "stay_end")):
        data = pd.DataFrame(dict(zip(names, (first, last), strict=True)))
        (found,) = judge(impossible_dates, data=data).findings
        assert found.evidence["rows"] == (7,)
    data = pd.DataFrame({"visit": first, "paid": last})
    assert judge(impossible_dates, data=data).findings == ()

"""H09: which texts are paths of this machine."""

from __future__ import annotations

import pytest
from tests.checks.examples import judge

from aseptic.checks.rules.h09_absolute_paths import absolute_paths
from aseptic.testing import make_run


def lines(source: str) -> list[str]:
    found = judge(absolute_paths, run=make_run(source=source)).findings
    return [line for finding in found for line in finding.evidence["lines"]]


@pytest.mark.parametrize(
    "source",
    [
        "p = '/home/ada/x.csv'",
        "p = f'/Users/ada/{name}.csv'",
        r"p = 'C:\\data\\x.csv'",
        r"p = r'\\server\share\x.csv'",
        "p = 'file:///mnt/disk/x.csv'",
        "%cd /home/ada/project",
        "!ls /mnt/disk",
        "import os\nos.chdir('/tmp/work')",
    ],
)
def test_a_path_of_this_machine_is_found(source: str):
    assert len(lines(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "p = 'data/x.csv'; q = '../x.csv'; r = './home/x'",
        "url = 'https://host/home/x.csv'; route = '/api/users'; sep = '/'",
        "s = '/home'; t = 'a: b'; u = 'C: major'; v = '/usr/bin/env'; w = '/data'",
        "help = '''/home/ada writes\nmany lines'''",
        "# /home/ada in a comment\nx = 1",
        "%matplotlib inline\n!pip install x",
        "!curl https://host/home/x",
        "no Python at all /home/ada",
    ],
)
def test_what_is_no_path_of_this_machine_is_clean(source: str):
    assert lines(source) == []


def test_the_message_names_no_person():
    run = make_run(source="x = 1\nfor p in ('/home/ada/a', '/home/ada/b'): pass")
    (finding,) = judge(absolute_paths, run=run).findings
    assert finding.message == "the code names an absolute path (/home/…): line 2"
    assert "ada" not in repr(finding)

"""H09: the code names places that only this machine has."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.code import code_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.code import Code
    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding

#: The beginning of a path in somebody's own place; what follows it may be a person's name.
_LOCAL = re.compile(
    r"""(?:file://)?(?:
        (?P<root>/(?:home|Users|mnt|media|Volumes|root|scratch|tmp|private|data|work))/[^\s/]
      | (?P<drive>[A-Za-z]:[\\/])[^\s/\\]
      | (?P<share>\\\\)\w[\w.-]*\\\w
    )""",
    re.VERBOSE,
)
_MAGIC_PATH = re.compile(
    r"^[ \t]*[%!][^\n]*?(?<![\w:/.])(/(?:home|Users|mnt|Volumes)/\S)", re.MULTILINE
)


@check("H09", severity="info", needs=("run",), cost="look")
def absolute_paths(run: Evidence, *, shown: int = 3) -> Iterator[Finding]:
    """The code names absolute paths of this machine.

    Why: on another machine, in another account or in the batch system the code does not run.

    Method: texts in the code of the run and of the cells it used that begin as a path in a home,
    a mounted or a temporary folder, a drive or a share do; and magics such as `%cd`. Up to
    `shown` places are named; the paths themselves are not shown, as they may name persons.

    Remedy: name files relative to the project (`data/sales.csv`), or take the folder from a
    param or an environment variable.

    Bad::

        from aseptic.testing import make_run

        run = make_run(source="frame = pd.read_csv('/home/ada/sales.csv')")

    Good::

        from aseptic.testing import make_run

        run = make_run(source="frame = pd.read_csv('data/sales.csv')")
    """
    record = run.run
    assert record is not None
    if not record.source:
        raise NotApplicable("the run has no source")
    found = list(dict.fromkeys(place for code in code_of(record) for place in _local_paths(code)))
    if found:
        kinds = ", ".join(sorted({beginning for beginning, _ in found}))
        places = ", ".join(place for _, place in found[:shown])
        more = f" and {len(found) - shown} more" if len(found) > shown else ""
        many = "an absolute path" if len(found) == 1 else f"{len(found)} absolute paths"
        yield run.finding(
            f"the code names {many} ({kinds}): {places}{more}",
            count=len(found),
            lines=tuple(place for _, place in found[:20]),
        )


def _local_paths(code: Code) -> Iterator[tuple[str, str]]:
    """The beginning of each path, and where it stands."""
    for magic in _MAGIC_PATH.finditer(code.source):
        line = code.source.count("\n", 0, magic.start(1)) + 1
        yield f"/{magic[1].split('/')[1]}/…", code.at(line)
    for node in ast.walk(code.tree or ast.Module([], [])):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            match = _LOCAL.match(node.value)
            if match and "\n" not in node.value:
                beginning = match["root"] or match["drive"] or match["share"]
                yield (
                    f"{beginning.rstrip('/')}/…" if match["root"] else f"{beginning}…",
                    code.at(node.lineno),
                )

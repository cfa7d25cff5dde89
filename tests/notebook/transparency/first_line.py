"""The reference for a cell whose first line is taken off: what `%%track` has to amount to."""

from __future__ import annotations

import itertools

PLAIN_FIRST_LINE = "# first"
COMMENT = "# %%track --quiet\n"


class FirstLine:
    """Takes `# first` off, lets IPython clean the rest, and puts a comment in its place.

    The comment keeps the line numbers of tracebacks those of the cell as typed. Where a cell
    magic comes next it stays off, for IPython knows cell magics only at the top.
    """

    def __init__(self, line: str = PLAIN_FIRST_LINE, *, keeps_lines: bool = True) -> None:
        self.line, self.keeps_lines = line, keeps_lines
        self.put_back: list[str] = []

    def take_off(self, lines: list[str]) -> list[str]:
        self.put_back = []
        for above, line in enumerate(lines):
            if line.rstrip("\n") == self.line:
                if self.keeps_lines:
                    comments = itertools.dropwhile(str.isspace, lines[:above])  # as IPython does
                    self.put_back = [*comments, COMMENT]
                return lines[above + 1 :]
            if not (line.isspace() or line.startswith("#")):
                break
        return lines

    def put_comment(self, lines: list[str]) -> list[str]:
        is_magic = bool(lines) and lines[0].startswith("%%")
        return lines if is_magic else self.put_back + lines

    def install(self, shell: object) -> None:
        shell.input_transformers_cleanup.insert(0, self.take_off)  # type: ignore[attr-defined]
        shell.input_transformers_cleanup.append(self.put_comment)  # type: ignore[attr-defined]

    def remove(self, shell: object) -> None:
        shell.input_transformers_cleanup.remove(self.take_off)  # type: ignore[attr-defined]
        shell.input_transformers_cleanup.remove(self.put_comment)  # type: ignore[attr-defined]

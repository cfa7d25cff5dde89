"""The reference for a cell whose first line is taken off: what `%%track` has to amount to."""

from __future__ import annotations

PLAIN_FIRST_LINE = "# first"


class FirstLine:
    """Takes `# first` off, lets IPython clean the rest, and puts a blank line in its place.

    The blank line keeps the line numbers of tracebacks those of the cell as typed. Where a cell
    magic comes next it stays off, for IPython knows cell magics only at the top.
    """

    def __init__(self, line: str = PLAIN_FIRST_LINE, *, keeps_lines: bool = True) -> None:
        self.line, self.keeps_lines = line, keeps_lines
        self.is_off = False

    def take_off(self, lines: list[str]) -> list[str]:
        self.is_off = False
        for above, line in enumerate(lines):
            if line.rstrip("\n") == self.line:
                if any(map(_is_comment, lines[:above])):
                    return [*lines[:above], "\n", *lines[above + 1 :]]
                self.is_off, self.blank = True, above + 1
                return lines[above + 1 :]
            if not (line.isspace() or _is_comment(line)):
                break
        return lines

    def put_blank(self, lines: list[str]) -> list[str]:
        if not self.is_off or not self.keeps_lines or (lines and lines[0].startswith("%%")):
            return lines
        return ["\n"] * self.blank + lines

    def install(self, shell: object) -> None:
        shell.input_transformers_cleanup.insert(0, self.take_off)  # type: ignore[attr-defined]
        shell.input_transformers_cleanup.append(self.put_blank)  # type: ignore[attr-defined]

    def remove(self, shell: object) -> None:
        shell.input_transformers_cleanup.remove(self.take_off)  # type: ignore[attr-defined]
        shell.input_transformers_cleanup.remove(self.put_blank)  # type: ignore[attr-defined]


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")

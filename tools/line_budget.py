"""Print the engine's lines of code against its budget, so that "compact" stays a fact.

    python tools/line_budget.py

counts lines that hold code: no blank lines, comments or docstrings (the way tinygrad counts).
Exits with 1 when a budget is exceeded.
"""

from __future__ import annotations

import ast
import sys
import tokenize
from pathlib import Path

ROOT = Path(__file__).parent.parent / "mslearn"
BUDGETS = {("core", "autodiff"): 1_200, ("ops",): 8_375, ("ops/names",): 1_020, ("graph",): 3_150}
FILE_LIMIT = 400  # lines of any kind in one file


def docstring_lines(tree: ast.Module) -> set[int]:
    """The lines that docstrings take."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Expr) else None
        if isinstance(text, ast.Constant) and isinstance(text.value, str):
            lines.update(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    return lines


def code_lines(path: Path) -> int:
    """How many lines of a file hold code."""
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    lines: set[int] = set()
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type not in skipped | {tokenize.ENCODING, tokenize.ENDMARKER}:
                lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - docstring_lines(ast.parse(path.read_text(encoding="utf-8"))))


def main() -> int:
    over = False
    for packages, budget in BUDGETS.items():
        files = [f for p in packages for f in sorted((ROOT / p).glob("*.py"))]
        if not files:
            continue
        total = sum(map(code_lines, files))
        over |= total > budget
        print(f"engine: {' + '.join(packages):<18}{total:>6} of {budget} lines of code")
    for file in sorted(ROOT.rglob("*.py")):
        lines = len(file.read_text(encoding="utf-8").splitlines())
        if lines > FILE_LIMIT:
            over = True
            print(f"{file.relative_to(ROOT)} has {lines} lines, more than {FILE_LIMIT}")
    return int(over)


if __name__ == "__main__":
    sys.exit(main())

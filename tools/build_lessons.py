"""Build the lesson notebooks: one source a day, two languages, the same code and cell ids.

    python tools/build_lessons.py             # write lessons/{en,zh}/*.ipynb, keep valid outputs
    python tools/build_lessons.py --execute   # run them too, and store the outputs
    python tools/build_lessons.py --check     # prove that the committed notebooks match; no running

A source, `lessons/src/day01.md`, is Markdown with a marker line before each part:

    <!-- text d01-opening en -->        prose of one cell, in English …
    <!-- text d01-opening zh -->        … and at once its Chinese twin
    <!-- code d01-imports -->           one ```python block, shared by both languages
    <!-- code d01-train tags=a,b -->    with cell tags (nbval's, for example)

What stands before the first marker is a note to authors. A code cell cannot know its language: the
lesson runtime finds it (see `mslearn/camp/_language.py`), so the code of both notebooks is equal.
"""

from __future__ import annotations

import argparse
import copy
import os
import re
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from mslearn.camp import catalog  # noqa: E402

MARKER = re.compile(
    r"<!-- (?P<kind>text|code) (?P<id>[a-z0-9-]+)(?: (?P<lang>en|zh))?(?: tags=(?P<tags>\S+))? -->"
)
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
KERNEL = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}
# One thread: small matrix products are faster so, and sums come out in the same order.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYTHONHASHSEED": "0",
}


class LessonError(ValueError):
    """A source or a notebook breaks the rules above; the message says where."""


@dataclass
class Cell:
    """A code cell (`code`) or a text cell in both languages (`text`)."""

    id: str
    code: str | None = None
    text: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)


def parse(source: str, name: str) -> list[Cell]:
    """The cells of a lesson source.

    Raises:
        LessonError: names the line and the rule.
    """
    cells: list[Cell] = []
    parts: list[tuple[int, re.Match[str], list[str]]] = []
    for number, line in enumerate(source.splitlines(), 1):
        if line.startswith(("<!-- text", "<!-- code")):
            match = MARKER.fullmatch(line.strip())
            if not match:
                raise LessonError(f"{name}:{number}: marker not understood: {line}")
            parts.append((number, match, []))
        elif parts:
            parts[-1][2].append(line)
    for number, match, lines in parts:
        body, where = "\n".join(lines).strip("\n"), f"{name}:{number}"
        if match["kind"] == "code":
            block = re.fullmatch(r"```python\n(.*?)\n```", body.strip(), re.DOTALL)
            if not block or "\n```" in block[1]:
                raise LessonError(f"{where}: a code part holds exactly one ```python block")
            if match["lang"]:
                raise LessonError(
                    f"{where}: code is shared by both languages; drop {match['lang']}"
                )
            tags = (match["tags"] or "").split(",") if match["tags"] else []
            cells.append(Cell(match["id"], code=block[1], tags=tags))
        elif match["lang"] == "en":
            cells.append(Cell(match["id"], text={"en": body.strip()}))
        elif match["lang"] == "zh":
            if not cells or cells[-1].id != match["id"] or set(cells[-1].text) != {"en"}:
                raise LessonError(f"{where}: a zh text follows the en text of the same id at once")
            cells[-1].text["zh"] = body.strip()
        else:
            raise LessonError(f"{where}: a text needs its language, en or zh")
    for cell in cells:
        if cell.code is None and not all(cell.text.get(lang) for lang in catalog.LANGUAGES):
            raise LessonError(f"{name}: text {cell.id} lacks a language")
    ids = [cell.id for cell in cells]
    if repeated := {i for i in ids if ids.count(i) > 1}:
        raise LessonError(f"{name}: ids used twice: {', '.join(sorted(repeated))}")
    prefix = f"d{name[3:5]}-"
    if strange := [i for i in ids if not i.startswith(prefix) or len(i) > 64]:
        raise LessonError(f"{name}: ids must begin with {prefix}: {', '.join(strange)}")
    return cells


def notebook(cells: list[Cell], day: catalog.Day, language: str) -> NotebookNode:
    """The notebook in one language, without outputs."""
    result = nbformat.v4.new_notebook(metadata=copy.deepcopy(KERNEL))
    result.metadata["mslearn"] = {"day": day.number, "language": language}
    for cell in cells:
        if cell.code is None:
            made = nbformat.v4.new_markdown_cell(cell.text[language], id=cell.id)
        else:
            made = nbformat.v4.new_code_cell(cell.code, id=cell.id)
        if cell.tags:
            made.metadata["tags"] = list(cell.tags)
        result.cells.append(made)
    return result


def outline(book: NotebookNode) -> list[tuple[object, ...]]:
    """All of a notebook that comes from its source."""
    return [(c.id, c.cell_type, c.source, c.metadata.get("tags", [])) for c in book.cells]


def keep_outputs(new: NotebookNode, old: NotebookNode) -> None:
    """Take over stored outputs if no code changed: a change upstream can alter any output below."""
    code = [[c for c in book.cells if c.cell_type == "code"] for book in (new, old)]
    if [(c.id, c.source) for c in code[0]] == [(c.id, c.source) for c in code[1]]:
        for target, source in zip(*code, strict=True):
            target.outputs, target.execution_count = source.outputs, source.execution_count


def execute(book: NotebookNode, path: Path) -> None:
    """Run in a fresh folder named after the language, as in a learner's own copy."""
    from nbclient import NotebookClient

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / path.parent.name
        folder.mkdir()
        os.environ.update(ENVIRONMENT, MSLEARN_HOME=scratch)
        os.environ["PYTHONPATH"] = os.pathsep.join(
            [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        )
        for name in ("JPY_SESSION_NAME", "MSLEARN_LANG"):
            os.environ.pop(name, None)
        NotebookClient(
            book,
            timeout=120,
            kernel_name="python3",
            record_timing=False,
            coalesce_streams=True,
            store_widget_state=False,
            resources={"metadata": {"path": str(folder)}},
        ).execute()
    book.metadata.update(copy.deepcopy(KERNEL))
    for cell in book.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr":
                raise LessonError(f"{path.name}: {cell.id} writes to stderr: {output.text}")
            # Without its kernel a live view is an error box; what is below it reads by itself.
            output.get("data", {}).pop(WIDGET_VIEW, None)


def check(book: NotebookNode, path: Path) -> list[str]:
    """What is wrong with the committed notebook."""
    if not path.exists():
        return [f"{path}: missing; run tools/build_lessons.py --execute"]
    stored = nbformat.read(path, as_version=4)
    problems = []
    if outline(stored) != outline(book):
        differing = [a[0] for a, b in zip(outline(book), outline(stored), strict=False) if a != b]
        problems.append(
            f"{path}: differs from its source, first at {(differing or ['the end'])[0]}"
        )
    if stored.metadata != book.metadata:
        problems.append(f"{path}: metadata differ: {dict(stored.metadata)}")
    code = [c for c in stored.cells if c.cell_type == "code"]
    if unrun := [c.id for c in code if not c.execution_count]:
        problems.append(f"{path}: not executed: {', '.join(unrun)}")
    return problems


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--execute", action="store_true", help="run the notebooks, store outputs")
    mode.add_argument("--check", action="store_true", help="compare only; exit status 1 if unequal")
    parser.add_argument("--lessons", type=Path, default=ROOT / "lessons", help="folder with src/")
    parser.add_argument("days", nargs="*", help="day01 …; default all")
    options = parser.parse_args(arguments)
    problems: list[str] = []
    sources = sorted((options.lessons / "src").glob("day*.md"))
    known = {options.lessons / catalog.day(s.stem).path(x) for s in sources for x in ("en", "zh")}
    for stray in sorted(set(options.lessons.glob("[ez][nh]/*.ipynb")) - known):
        problems.append(f"{stray}: has no source")
    for source in sources:
        if options.days and source.stem not in options.days:
            continue
        day, cells = catalog.day(source.stem), parse(source.read_text("utf-8"), source.name)
        for language in catalog.LANGUAGES:
            path = options.lessons / day.path(language)
            book = notebook(cells, day, language)
            if options.check:
                problems += check(book, path)
                continue
            if options.execute:
                execute(book, path)
            elif path.exists():
                keep_outputs(book, nbformat.read(path, as_version=4))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(nbformat.writes(book) + "\n", encoding="utf-8", newline="\n")
            print(f"wrote {path}")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Build the lesson notebooks: one source a day, two languages, the same code and cell ids.

    python tools/build_lessons.py             # write lessons/{en,zh}/*.ipynb, keep valid outputs
    python tools/build_lessons.py --execute   # run them too, and store the outputs
    python tools/build_lessons.py --check     # prove that the committed notebooks match; no running
    python tools/build_lessons.py --execute --oracle PYTHON   # record MindSpore's answers first

A source, `lessons/src/day01.md`, is Markdown with a marker line before each part:

    <!-- text d01-opening en -->        prose of one cell, in English …
    <!-- text d01-opening zh -->        … and at once its Chinese twin
    <!-- code d01-imports -->           one ```python block, shared by both languages
    <!-- code d01-train tags=a,b -->    with cell tags (nbval's, for example)
    <!-- quiz d01-quiz -->              recall questions, see tools/lesson_material.py
    <!-- predict d01-p1 shape -->       a prediction, likewise

A prediction right behind a code part is asked below that cell's own code, without a cell of its
own. What stands before the first marker is a note to authors. A code cell cannot know its language:
the lesson runtime finds it (see `mslearn/camp/_language.py`), so both notebooks' code is equal.
Beside them stand `lessons/code/…`, the day without its prose, and `mslearn/camp/data/day01.json`,
what its quiz and its predictions ask.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from lesson_source import Cell, LessonError, material, parse  # noqa: E402

from mslearn.camp import catalog  # noqa: E402

DATA = ROOT / "mslearn" / "camp" / "data"
FOLDERS = (*catalog.LANGUAGES, "code")
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
    "MSLEARN_ORACLE": "off",
}


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


def code_only(book: NotebookNode) -> NotebookNode:
    """The day without its prose and outputs, for reading again; one for both languages."""
    twin = copy.deepcopy(book)
    twin.metadata["mslearn"] = {"day": book.metadata["mslearn"]["day"], "language": "code"}
    twin.cells = [cell for cell in twin.cells if cell.cell_type == "code"]
    for cell in twin.cells:
        cell.outputs, cell.execution_count = [], None
    return twin


def outline(book: NotebookNode) -> list[tuple[object, ...]]:
    """All of a notebook that comes from its source."""
    return [(c.id, c.cell_type, c.source, c.metadata.get("tags", [])) for c in book.cells]


def keep_outputs(new: NotebookNode, old: NotebookNode) -> None:
    """Take over stored outputs if no code changed: a change upstream can alter any output below."""
    code = [[c for c in book.cells if c.cell_type == "code"] for book in (new, old)]
    if [(c.id, c.source) for c in code[0]] == [(c.id, c.source) for c in code[1]]:
        for target, source in zip(*code, strict=True):
            target.outputs, target.execution_count = source.outputs, source.execution_count


def execute(book: NotebookNode, path: Path, environment: dict[str, str] | None = None) -> None:
    """Run in a fresh folder named after the language, as in a learner's own copy.

    With an `environment` of its own it is a trial run: what it prints to stderr is no error.
    """
    from nbclient import NotebookClient

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / path.parent.name
        folder.mkdir()
        os.environ.update(ENVIRONMENT, MSLEARN_HOME=scratch, **(environment or {}))
        os.environ["PYTHONPATH"] = os.pathsep.join(
            [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        )
        for name in ("JPY_SESSION_NAME", "MSLEARN_LANG"):
            os.environ.pop(name, None)
        NotebookClient(
            book,
            timeout=300 if environment else 120,
            kernel_name="python3",
            record_timing=False,
            coalesce_streams=True,
            store_widget_state=False,
            resources={"metadata": {"path": str(folder)}},
        ).execute()
    for name in environment or {}:
        os.environ.pop(name)
    if environment:
        return
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
    parser.add_argument("--oracle", metavar="PYTHON", help="with --execute: record its MindSpore")
    parser.add_argument("days", nargs="*", help="day01 …; default all")
    options = parser.parse_args(arguments)
    problems = strays(options.lessons)
    for source in sorted((options.lessons / "src").glob("day*.md")):
        if options.days and source.stem not in options.days:
            continue
        problems += build(source, options)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def strays(lessons: Path) -> list[str]:
    """Notebooks without a source."""
    days = [catalog.day(source.stem) for source in (lessons / "src").glob("day*.md")]
    known = {lessons / day.path(folder) for day in days for folder in FOLDERS}
    found = {path for folder in FOLDERS for path in lessons.glob(f"{folder}/*.ipynb")}
    return [f"{stray}: has no source" for stray in sorted(found - known)]


def build(source: Path, options: argparse.Namespace) -> list[str]:
    """Write (or only check) all that comes from one source; returns what is wrong."""
    day, cells = catalog.day(source.stem), parse(source.read_text("utf-8"), source.name)
    lessons: Path = options.lessons
    folder = DATA if lessons == ROOT / "lessons" else lessons / "data"
    problems = []
    data, asked = (
        folder / f"{day.id}.json",
        json.dumps(material(cells), ensure_ascii=False, indent=1),
    )
    same = data.exists() and data.read_text("utf-8") == asked + "\n"
    books = {language: notebook(cells, day, language) for language in catalog.LANGUAGES}
    twin = code_only(books["en"])
    if options.check:
        problems += [] if same else [f"{data}: differs from its source"]
        problems += check_twin(twin, lessons / day.path("code"))
    else:
        write(data, asked)
        write(lessons / day.path("code"), nbformat.writes(twin))
    if options.execute and options.oracle:
        (folder / f"{day.id}.oracle.json").unlink(missing_ok=True)
        record = {"MSLEARN_ORACLE": options.oracle, "MSLEARN_ORACLE_RECORD": str(folder)}
        execute(copy.deepcopy(books["en"]), lessons / day.path("en"), record)
        for recorded in folder.glob(f"{day.id}.oracle.json"):
            recorded.chmod(0o644)  # it was made as a private file
    for language, book in books.items():
        path = lessons / day.path(language)
        if options.check:
            problems += check(book, path)
            continue
        if options.execute:
            execute(book, path)
        elif path.exists() and same:  # the questions are part of what the cells show
            keep_outputs(book, nbformat.read(path, as_version=4))
        write(path, nbformat.writes(book))
    return problems


def check_twin(twin: NotebookNode, path: Path) -> list[str]:
    if not path.exists() or path.read_text("utf-8") != nbformat.writes(twin) + "\n":
        return [f"{path}: differs from its source"]
    return []


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
    print(f"wrote {path}")


if __name__ == "__main__":
    raise SystemExit(main())

"""One source, two notebooks: complete pairs, equal code, and the measures of a good lesson."""

import re
import statistics
from pathlib import Path

import nbformat
import pytest

from mslearn.camp import catalog

LESSONS = Path(__file__).resolve().parents[2] / "lessons"


@pytest.fixture
def cells(builder, day):
    return builder.parse((LESSONS / "src" / f"{day}.md").read_text("utf-8"), f"{day}.md")


@pytest.fixture
def books(day):
    return [nbformat.read(LESSONS / catalog.day(day).path(x), 4) for x in catalog.LANGUAGES]


def test_committed_notebooks_match_their_sources_and_are_executed(builder):
    assert builder.main(["--check"]) == 0


def test_both_languages_hold_the_same_code_and_ids(books):
    en, zh = books
    assert [(c.id, c.cell_type) for c in en.cells] == [(c.id, c.cell_type) for c in zh.cells]
    for a, b in zip(en.cells, zh.cells, strict=True):
        if a.cell_type == "code":
            assert a.source == b.source, a.id
            assert len(a.outputs) == len(b.outputs), a.id


def test_every_text_is_there_in_both_languages_and_differs(cells):
    for cell in cells:
        if cell.code is None:
            assert not re.search(r"[\u4e00-\u9fff]", cell.text["en"]), cell.id
            assert re.search(r"[\u4e00-\u9fff]", cell.text["zh"]), cell.id


def test_both_languages_have_the_same_structure(cells):
    """Headings, remarks, links into the engine and lists come in equal numbers."""
    for cell in cells:
        if cell.code is None:
            for mark in (r"^## ", r"^> ", r"\.\./mslearn/", r"^\d\. ", r"^- ", r"^\| "):
                counts = {len(re.findall(mark, t, re.MULTILINE)) for t in cell.text.values()}
                assert len(counts) == 1, (cell.id, mark)


def test_bold_chinese_is_bold(cells):
    """CommonMark leaves `**` standing after full-width punctuation that letters follow."""
    stuck = re.compile(r"[。，：！？；、）”》]\*{1,2}(?=[\u4e00-\u9fffA-Za-z0-9`])")
    for cell in cells:
        if cell.code is None:
            for line in cell.text["zh"].splitlines():
                closing = [m for m in stuck.finditer(line) if line[: m.end()].count("**") % 2 == 0]
                assert not closing, (cell.id, line)


def test_code_cells_are_small(cells):
    code = [c.code for c in cells if c.code]
    lines = [sum(bool(x.strip()) for x in text.splitlines()) for text in code]
    assert 15 <= len(lines) <= 30
    assert statistics.median(lines) <= 5 and max(lines) <= 25


def test_there_is_enough_to_read_but_not_too_much(cells):
    code = sum(1 for c in cells if c.code)
    english = sum(len(re.findall(r"\w+", c.text["en"])) for c in cells if c.code is None)
    chinese = sum(len(re.findall("[\u4e00-\u9fff]", c.text["zh"])) for c in cells if c.code is None)
    assert 40 <= english / code <= 120
    assert 80 <= chinese / code <= 200


def test_the_lesson_predicts_recalls_and_compares_with_pytorch(cells):
    text = "\n".join(c.text["en"] for c in cells if c.code is None)
    assert text.count("**Predict") >= 5
    assert text.count("PyTorch says") >= 3
    for section in ("## Recap", "## Recall", "## Go further", "## Where this lives"):
        assert section in text


def test_the_lesson_asks_and_concludes(cells, day):
    kinds = [c.kind for c in cells]
    (quiz,) = [c.material for c in cells if c.kind == "quiz"]
    assert 8 <= len(quiz) <= 10
    assert any("accept" in q for q in quiz) and any("options" in q for q in quiz)
    assert kinds.count("predict") >= 2
    code = "\n".join(c.code for c in cells if c.code)
    for asked in (c.material["id"] for c in cells if c.kind == "predict"):
        assert f'camp.reveal("{asked}"' in code, f"{asked} is never revealed"
    assert "day.on_mindspore(" in code and "day.checkin(" in code
    assert day == "day01" or "day.again()" in code
    given = {c.id: c.code for c in cells}
    for exercise in catalog.day(day).exercise_ids:
        *_, check = given[exercise.replace(".", "-")].split("\n\n")  # a paragraph of its own
        assert re.fullmatch(rf'day\.exercise\("{exercise}"\)\.check\(\w+\)', check)
    assert 3 <= len(catalog.day(day).exercise_ids) <= 5


def test_questions_and_predictions_are_in_both_languages(cells):
    def pairs(value):
        if isinstance(value, dict):
            if {"en", "zh"} <= value.keys():
                yield value
            for inner in value.values():
                yield from pairs(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from pairs(inner)

    for cell in cells:
        for pair in pairs(cell.material):
            assert not re.search(r"[\u4e00-\u9fff]", pair["en"]), pair
            assert pair["en"].count("`") == pair["zh"].count("`"), pair
        if cell.kind in ("quiz", "predict"):
            for asked in cell.material if cell.kind == "quiz" else [cell.material]:
                assert re.search(r"[\u4e00-\u9fff]", asked["text"]["zh"]), asked
                assert cell.kind == "predict" or re.search("[\u4e00-\u9fff]", asked["why"]["zh"])


def test_links_lead_to_definitions_in_the_engine(cells):
    """`engine:nn/layers.py#Dense`: the file is there and defines that name."""
    for cell in cells:
        for text in cell.text.values():
            for path, name in re.findall(r"\]\(\.\./\.\./(mslearn/[\w/.]+)#?(\w*)\)", text):
                source = (LESSONS.parent / path).read_text("utf-8")
                defined = rf"(?m)^\s*(def|class) {name}\b|^{name}\s*[:=]"
                assert not name or re.search(defined, source), f"{path}#{name}"
    links = sum(c.text["en"].count("](../../mslearn/") for c in cells if c.code is None)
    assert links >= 2, "where this lives: link the one or two files behind the idea"


def test_the_code_only_twin_holds_the_code_and_nothing_else(books, day):
    twin = nbformat.read(LESSONS / catalog.day(day).path("code"), 4)
    code = [(c.id, c.source) for c in books[0].cells if c.cell_type == "code"]
    assert [(c.id, c.source) for c in twin.cells] == code
    assert not any(c.outputs for c in twin.cells)


def test_no_output_is_an_error_or_names_this_machine(books):
    machine = re.compile(r"0x[0-9a-f]{6}|/tmp/|/home/|/work/|/root/")
    for book in books:
        for cell in book.cells:
            for output in cell.get("outputs", []):
                assert output.output_type != "error", cell.id
                assert not machine.search(str(output)), cell.id


def test_a_prediction_behind_a_code_part_is_asked_in_that_cell(builder):
    text = "<!-- text d01-t en -->\nHello\n<!-- text d01-t zh -->\n你好\n"
    code = "<!-- code d01-c tags=x -->\n```python\na = 1\n```\n"
    asked = "<!-- predict d01-p1 number -->\n? How many? || 几个？\n"
    (cell,) = builder.parse(code + asked, "day01.md")
    assert (cell.id, cell.tags, cell.kind) == ("d01-c", ["x"], "predict")
    assert cell.code == 'a = 1\n\ncamp.predict("d01.p1")' and cell.material["id"] == "d01.p1"
    alone = [c.id for c in builder.parse(code + text + asked, "day01.md")]
    assert alone == ["d01-c", "d01-t", "d01-p1"]


BAD = {
    "text without twin": "<!-- text d01-a en -->\nHello\n",
    "zh before en": "<!-- text d01-a zh -->\n你好\n<!-- text d01-a en -->\nHello\n",
    "twin of another": "<!-- text d01-a en -->\nHello\n<!-- text d01-b zh -->\n你好\n",
    "no language": "<!-- text d01-a -->\nHello\n",
    "empty twin": "<!-- text d01-a en -->\nHello\n<!-- text d01-a zh -->\n",
    "code with a language": "<!-- code d01-a en -->\n```python\n1\n```\n",
    "code outside its block": "<!-- code d01-a -->\nx = 1\n",
    "two blocks": "<!-- code d01-a -->\n```python\n1\n```\n```python\n2\n```\n",
    "unknown marker": "<!-- code d01-a lang=en -->\n```python\n1\n```\n",
    "id used twice": "<!-- code d01-a -->\n```python\n1\n```\n" * 2,
    "id of another day": "<!-- code d02-a -->\n```python\n1\n```\n",
    "quiz without explanation": "<!-- quiz d01-quiz -->\n? a: A? || 甲？\n= 1\n",
    "quiz without answer": "<!-- quiz d01-quiz -->\n? a: A? || 甲？\n! B. || 乙。\n",
    "no right option": "<!-- quiz d01-quiz -->\n? a: A? || 甲？\n- 1\n- 2\n! B. || 乙。\n",
    "question without id": "<!-- quiz d01-quiz -->\n? What? || 甲？\n= 1\n! B. || 乙。\n",
    "question id twice": "<!-- quiz d01-quiz -->\n" + "? a: A? || 甲？\n= 1\n! B. || 乙。\n" * 2,
    "prediction without kind": "<!-- predict d01-p1 -->\n? A? || 甲？\n",
    "prediction by another id": "<!-- predict d01-guess shape -->\n? A? || 甲？\n",
    "choice without options": "<!-- predict d01-p1 choice -->\n? A? || 甲？\n",
    "curve without axes": "<!-- predict d01-p1 curve -->\n? A? || 甲？\n",
    "half a pair": "<!-- predict d01-p1 shape -->\n? A? ||\n",
    "code with a kind": "<!-- code d01-a shape -->\n```python\n1\n```\n",
}


@pytest.mark.parametrize("source", BAD.values(), ids=BAD.keys())
def test_a_source_that_breaks_a_rule_is_refused(builder, source):
    with pytest.raises(builder.LessonError, match=r"day01\.md"):
        builder.parse(source, "day01.md")


def test_check_finds_what_was_changed_by_hand(builder, tmp_path, capsys):
    (tmp_path / "src").mkdir()
    source = "<!-- text d01-t en -->\nHello\n<!-- text d01-t zh -->\n你好\n"
    source += "<!-- code d01-c -->\n```python\n1 + 1\n```\n"
    (tmp_path / "src" / "day01.md").write_text(source, "utf-8")
    assert builder.main(["--lessons", str(tmp_path)]) == 0
    assert builder.main(["--lessons", str(tmp_path), "--check"]) == 1
    assert "not executed: d01-c" in capsys.readouterr().err
    path = tmp_path / catalog.day(1).path("zh")
    book = nbformat.read(path, 4)
    book.cells[1].source = "1 + 2"
    nbformat.write(book, path)
    (tmp_path / "en" / "day02_stray.ipynb").write_text("{}")
    assert builder.main(["--lessons", str(tmp_path), "--check"]) == 1
    errors = capsys.readouterr().err
    assert "differs from its source, first at d01-c" in errors and "has no source" in errors


def test_building_twice_gives_the_same_bytes(builder, tmp_path, day):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / f"{day}.md").write_bytes((LESSONS / "src" / f"{day}.md").read_bytes())
    made = []
    for _ in range(2):
        builder.main(["--lessons", str(tmp_path)])
        made.append([(tmp_path / catalog.day(day).path(x)).read_bytes() for x in ("en", "zh")])
    assert made[0] == made[1]

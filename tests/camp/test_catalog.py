"""The list of days is complete, bilingual and honest about what can be opened."""

import pytest

from mslearn.camp import catalog


def test_twenty_five_days_in_order_with_titles_in_both_languages():
    days = catalog.days()
    assert [d["day"] for d in days] == list(range(1, 26))
    assert [d["id"] for d in days] == [f"day{n:02d}" for n in range(1, 26)]
    for day in days:
        assert day["title"]["en"].isascii() and day["title"]["en"]
        assert not day["title"]["zh"].isascii()
        for language in ("en", "zh"):
            assert day["path"][language].startswith(f"{language}/{day['id']}_")
            assert "\\" not in day["path"][language]


def test_a_day_is_available_only_when_both_notebooks_are_there(tmp_path):
    day = catalog.day(2)
    assert not any(d["available"] for d in catalog.days(tmp_path))
    for language, expected in (("en", False), ("zh", True)):
        file = tmp_path / day.path(language)
        file.parent.mkdir(parents=True)
        file.write_text("{}")
        assert catalog.days(tmp_path)[1]["available"] is expected


def test_lessons_folder_can_be_chosen(tmp_path, monkeypatch):
    monkeypatch.setenv("MSLEARN_LESSONS", str(tmp_path))
    assert catalog.lessons_root() == tmp_path


def test_unknown_day_says_which_exist():
    with pytest.raises(KeyError, match="from 1 to 25"):
        catalog.day(26)

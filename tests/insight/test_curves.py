from __future__ import annotations

import csv
import io
import subprocess
import sys
import threading
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import mslearn as ms
from mslearn import insight
from mslearn.insight.series import decimate, panel_of


def test_logged_values_come_back_by_name() -> None:
    curves = insight.Curves()
    for step in range(1000):  # more than one growth of the columns
        curves.log(step, loss=1 / (step + 1))
    curves.log(999, accuracy=0.5)
    steps, values = curves.series["loss"]
    np.testing.assert_array_equal(steps, np.arange(1000))
    np.testing.assert_array_equal(values, 1 / np.arange(1, 1001))
    assert repr(curves) == "Curves(points=1001, series=['loss', 'accuracy'])"
    values[:] = 0  # a copy: the chart keeps its own
    assert curves.series["loss"][1][0] == 1


@pytest.mark.parametrize(
    "value",
    [2, 2.0, np.float32(2), np.int64(2), np.array([[2.0]]), ms.Tensor(2.0), ms.Tensor([2.0])],
)
def test_every_kind_of_single_number_is_taken(value: object) -> None:
    curves = insight.Curves()
    curves.log(0, loss=value)
    assert curves.series["loss"][1].tolist() == [2.0]


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        ("0.5", TypeError, ["'loss'", "str '0.5'", "one number"]),
        (None, TypeError, ["'loss'", "NoneType", "one number"]),
        (ms.Tensor([1.0, 2.0, 3.0]), ValueError, ["'loss'", "Tensor", "(3,)", "loss=value.mean()"]),
        (np.array(["a"]), TypeError, ["'loss'", "ndarray"]),
    ],
)
def test_a_value_that_is_no_number_is_refused_by_name(
    value: object, kind: type[Exception], words: list[str]
) -> None:
    curves = insight.Curves()
    with pytest.raises(kind) as caught:
        curves.log(0, accuracy=0.5, loss=value)
    for word in words:
        assert word in str(caught.value)
    assert curves.series == {}  # all or nothing: no half of a step


def test_a_step_must_be_finite() -> None:
    with pytest.raises(ValueError, match="step must be a finite number, got nan"):
        insight.Curves().log(float("nan"), loss=1)


def test_nan_is_kept_and_named_in_the_picture() -> None:
    curves = insight.Curves(language="en")
    for step, value in enumerate([1.0, 0.5, np.nan, np.inf, 0.2]):
        curves.log(step, loss=value)
    assert np.isnan(curves.series["loss"][1][2])
    svg = curves.to_svg()
    assert "loss became NaN at step 2" in svg
    path = next(p for p in ElementTree.fromstring(svg).iter() if p.get("stroke-width") == "1.6")
    assert path.get("d", "").count("M") == 2  # a gap, not a bridge
    curves.language = "zh"
    assert "loss 在第 2 步变成 NaN" in curves.to_svg()


def test_names_are_data_in_the_picture() -> None:
    name = "<img src=x onerror=alert(1)>"
    curves = insight.Curves(title="<script>a & b</script>")
    curves.log(0, **{name: 1.0})
    tree = ElementTree.fromstring(curves.to_svg())
    tags = {element.tag.split("}")[1] for element in tree.iter()}
    assert tags <= {"svg", "text", "path"}
    texts = [element.text or "" for element in tree.iter()]
    assert any(name in text for text in texts)


def test_a_control_character_in_a_name_keeps_the_picture_readable() -> None:
    curves = insight.Curves()
    curves.log(0, **{"a\x00b\x1b": 1.0})
    ElementTree.fromstring(curves.to_svg())


def test_the_same_data_give_the_same_picture() -> None:
    pictures = []
    for _ in range(2):
        curves = insight.Curves(title={"en": "Day 1", "zh": "第 1 天"}, language="zh")
        for step in range(50):
            curves.log(step, loss=np.exp(-step / 9), accuracy=step / 50)
        pictures.append(curves.to_svg())
    assert pictures[0] == pictures[1]
    assert "第 1 天" in pictures[0]
    assert "http" not in pictures[0].replace("http://www.w3.org/2000/svg", "")


def test_no_values_make_a_picture_that_says_so() -> None:
    assert "No values logged yet." in insight.Curves(language="en").to_svg()


def test_the_bundle_has_the_live_view_and_what_remains_without_it() -> None:
    bundle = insight.Curves()._repr_mimebundle_()
    assert set(bundle) == {
        "text/plain", "image/svg+xml", "application/vnd.jupyter.widget-view+json"
    }  # fmt: skip


def test_csv_reads_back_exactly() -> None:
    curves = insight.Curves()
    curves.log(1, loss=0.1, **{'a "b", c': 1e-300})
    curves.log(2, loss=1 / 3)
    rows = list(csv.DictReader(io.StringIO(curves.to_csv())))
    loss = [float(row["value"]) for row in rows if row["series"] == "loss"]
    assert loss == [0.1, 1 / 3]
    assert [row["value"] for row in rows if row["series"] == 'a "b", c'] == ["1e-300"]


def test_a_smaller_step_starts_a_new_run() -> None:
    curves = insight.Curves(language="en")
    for value in (1.0, 2.0):
        for step in range(5):
            curves.log(step, loss=value)
    assert curves.series["loss"][1].tolist() == [2.0] * 5
    assert "loss · run 1" in curves.to_svg() and "loss · run 2" in curves.to_svg()
    curves.clear()
    assert curves.series == {}


def test_the_figure_has_a_panel_for_each_kind_of_value() -> None:
    curves = insight.Curves(title="Day 1")
    curves.log(0, loss=1.0, val_loss=1.1, accuracy=0.5)
    curves.log(1, loss=0.5, val_loss=0.7, accuracy=0.8)
    axes = curves.figure().axes
    assert [axis.get_ylabel() for axis in axes] == ["loss", "accuracy"]
    assert len(axes[0].lines) == 2


@pytest.mark.parametrize(
    ("name", "panel"),
    [
        ("loss", "loss"), ("val_loss", "loss"), ("train/loss", "loss"), ("Test Acc", "accuracy"),
        ("lr", "learning_rate"), ("grad_norm", "grad_norm"), ("准确率", "准确率"), ("val", "val"),
    ],
)  # fmt: skip
def test_what_is_measured_decides_the_panel(name: str, panel: str) -> None:
    assert panel_of(name) == panel


def test_thinning_keeps_the_extremes_and_the_order() -> None:
    steps = np.arange(1_000_001.0)
    values = np.sin(steps / 1000)
    values[123_456], values[654_321] = 50, -50
    few, kept = decimate(steps, values, 1000)
    assert len(few) <= 1100
    assert kept.max() == 50 and kept.min() == -50
    assert (np.diff(few) > 0).all()


def test_threads_may_log_at_once() -> None:
    curves = insight.Curves()

    def work(name: str) -> None:
        for step in range(2000):
            curves.log(step, **{name: step})

    threads = [threading.Thread(target=work, args=(f"s{k}",)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for k in range(4):
        np.testing.assert_array_equal(curves.series[f"s{k}"][1], np.arange(2000))


def test_language_is_checked_and_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mslearn.insight._text._language", None)
    monkeypatch.setenv("MSLEARN_LANG", "zh_CN.UTF-8")
    assert insight.Curves().language == "zh"
    insight.set_language("en")
    assert insight.Curves().language == "en"
    with pytest.raises(ValueError, match="'fr'"):
        insight.set_language("fr")


def test_without_jupyter_only_using_a_widget_fails() -> None:
    code = """
import sys
for name in ("anywidget", "ipywidgets", "traitlets", "IPython"):
    sys.modules[name] = None
from mslearn import insight
from mslearn.insight import series, curves_static
store = series.SeriesStore()
store.log(1, {"loss": 0.5})
assert curves_static.to_svg(list(store), "t", "en").startswith("<svg")
try:
    insight.Curves
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'pip install "mslearn[lab]"' in done.stdout and "insight.Curves" in done.stdout

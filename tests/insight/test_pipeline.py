"""The pipeline's picture: stages, shares, the bottleneck, thumbnails; and previews of rows."""

import base64
import io
import itertools
import re
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from waiting import until

import mslearn.dataset as ds
from mslearn import insight
from mslearn.dataset import vision
from mslearn.insight.pipeline_pictures import as_image, png, shrink, words


def images(n=24):
    pixels = np.arange(n * 8 * 8 * 3, dtype=np.int64).astype(np.uint8).reshape(n, 8, 8, 3)
    return ds.NumpySlicesDataset({"image": pixels, "label": np.arange(n)}, shuffle=False)


def slow(image):
    time.sleep(0.01)
    return image


def test_the_slow_stage_is_named():
    data = images().map(vision.HWC2CHW(), "image").map(slow, "image").batch(4)
    view = insight.pipeline(data)
    assert repr(view) == "PipelineView(4 stages, no rows yet)"
    assert "no rows yet" in view.bottleneck()
    for _ in range(2):
        list(data.create_tuple_iterator(num_epochs=1, output_numpy=True))
    scene = view.scene()
    assert [n["name"] for n in scene["nodes"]] == ["NumpySlicesDataset", "Map", "Map", "Batch"]
    assert [n["rows"] for n in scene["nodes"]] == [48, 48, 48, 12]
    assert [n["epochs"] for n in scene["nodes"]] == [2, 2, 2, 2]
    assert scene["bottleneck"] == 2 and scene["nodes"][2]["share"] > 0.5
    assert 0 < scene["nodes"][2]["rate"] < 1000
    assert re.fullmatch(r"PipelineView\(4 stages, most time in Map: \d+ %\)", repr(view))
    assert "Most time goes into Map" in view.bottleneck() and scene["waited"] > 0.2
    assert scene["nodes"][1]["columns"] == ["image uint8 3×8×8", "label int64"]
    view.reset()
    assert repr(view) == "PipelineView(4 stages, no rows yet)"
    list(data)
    shown = repr(view)
    view.close()
    list(data)
    assert data._meter is None and repr(view) == shown != "PipelineView(4 stages, no rows yet)"


def test_it_can_be_looked_at_while_others_iterate_and_measure_anew():
    data = images()
    view = insight.pipeline(data)
    ended, errors, looks = threading.Event(), [], itertools.count()

    def look():
        try:
            while not ended.is_set() or not next(looks):
                view.scene()
        except BaseException as error:
            errors.append(error)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # as if many threads wanted their turn
    thread = threading.Thread(target=look)
    try:
        thread.start()
        kept = []
        for _ in range(100):
            kept.append(data.create_tuple_iterator(num_epochs=1))
            view.reset()
        view.close()
    finally:
        ended.set()
        thread.join()
        sys.setswitchinterval(before)
    assert errors == []


def test_the_picture_is_svg_and_holds_names_as_text():
    data = ds.zip((images(), ds.NumpySlicesDataset(["<b>"] * 24, ["w<"]))).batch(2)
    for language, word in (("en", "Data pipeline"), ("zh", "数据流水线")):
        view = insight.pipeline(data, language=language)
        list(data.create_tuple_iterator(num_epochs=1, output_numpy=True))
        svg = view.to_svg()
        assert svg == view._repr_svg_() and word in svg and "<b>" not in svg
        root = ElementTree.fromstring(svg)
        texts = "".join(root.itertext())
        assert "Zip" in texts and "Batch 2" in texts and "w< text" in texts
        hrefs = [e.get("href") for e in root.iter() if e.tag.endswith("image")]
        assert len(hrefs) == 3 and all(h.startswith("data:image/png;base64,") for h in hrefs)


def test_it_follows_the_pipeline_in_jupyter(monkeypatch):
    from IPython import display

    shown = []
    monkeypatch.setattr(display, "display", lambda *a, **k: shown.append(a[0]))
    monkeypatch.setattr(display, "update_display", lambda *a, **k: shown.append(a[0]))
    monkeypatch.setattr("mslearn.insight.pipeline_view._PACE", 0.01)
    data = images().map(slow, "image")
    view = insight.pipeline(data)
    view._ipython_display_()
    list(data)
    until(lambda: "24 rows" in shown[-1]["image/svg+xml"])
    assert "no rows yet" in shown[0]["text/plain"]


def test_an_older_picture_never_replaces_a_newer_one(monkeypatch):
    from IPython import display

    shown, numbers = [], itertools.count()

    def publish(bundle, **_):
        if not bundle:
            time.sleep(0.2)  # the first one takes its time
        shown.append(bundle)

    monkeypatch.setattr(display, "display", lambda *a, **k: None)
    monkeypatch.setattr(display, "update_display", publish)
    view = insight.pipeline(images())
    view._ipython_display_()
    view._bundle = lambda: next(numbers)
    threads = [threading.Thread(target=view.refresh) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(shown) >= 4 and shown == sorted(shown)  # the view's own thread may draw as well


NOTEBOOK = """
import mslearn.dataset as ds, numpy as np, time
from mslearn import insight
pixels = np.zeros((60, 8, 8, 3), np.uint8)
data = ds.NumpySlicesDataset({"image": pixels}, shuffle=False)
data = data.map(lambda x: (time.sleep(0.01), x)[1], "image").batch(10)
view = insight.pipeline(data)
view
"""


def test_a_saved_notebook_keeps_the_last_picture():
    import nbclient
    import nbformat

    cells = [NOTEBOOK, "for _ in data: pass", "view.refresh()"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    nbclient.NotebookClient(
        notebook, timeout=600, iopub_timeout=600, startup_timeout=240, kernel_name="python3"
    ).execute()
    (output,) = notebook.cells[0].outputs
    assert "most time in Map" in output["data"]["text/plain"]
    assert "60 rows" in output["data"]["image/svg+xml"]


def test_queues_of_workers_are_seen(monkeypatch):
    monkeypatch.setattr(ds.config, "cores", lambda: 2)
    data = images(200).map(slow, "image", num_parallel_workers=2)
    view = insight.pipeline(data)
    iterator = data.create_tuple_iterator(num_epochs=1, output_numpy=True)
    for _ in range(60):
        next(iterator)

    def waiting():
        scene = view.scene()
        return scene["nodes"][1]["queued"] > 0 and scene["ready"] > 0

    until(waiting)
    iterator.stop()


def test_only_data_sets():
    with pytest.raises(TypeError, match=r"data set of mslearn.dataset.*'list'"):
        insight.pipeline([1])


def test_preview_is_a_contact_sheet_or_a_table():
    sheet = images().preview(5)
    assert repr(sheet) == "Preview(5 rows: image uint8 8×8×3, label int64)"
    html = sheet._repr_html_()
    assert (
        html.count("<img") == 5 and "label: 4" in html and html == images().preview(5)._repr_html_()
    )
    assert len(sheet.figure().axes) == 5
    table = ds.NumpySlicesDataset({"n": [1, 2], "t": ["<i>", "b"]}, shuffle=False).preview()
    assert table._repr_html_().count("<tr>") == 3 and "&lt;i&gt;" in table._repr_html_()
    with pytest.raises(ValueError, match="no column"):
        table.figure()
    with pytest.raises(ValueError, match="rows must be"):
        images().preview(0)


def test_what_counts_as_an_image():
    square = np.zeros((8, 8))
    for shape in ((8, 8), (8, 8, 1), (3, 8, 8), (2, 8, 8, 3), (8, 8, 4)):
        assert as_image(np.zeros(shape)) is not None, shape
    for shape in ((3,), (2, 2), (8, 8, 5), (5000, 8)):
        assert as_image(np.zeros(shape)) is None, shape
    assert as_image(np.full((8, 8), "a")) is None
    stretched = as_image(square + np.arange(8))
    assert stretched.dtype == np.uint8 and stretched.min() == 0 and stretched.max() == 255
    assert as_image(np.full((8, 8), np.nan)) is not None
    assert shrink(np.zeros((100, 50), np.uint8), 25).shape == (25, 12)


def test_png_is_read_back():
    from PIL import Image

    for shape in ((5, 7), (5, 7, 3)):
        image = np.random.RandomState(0).randint(0, 256, shape).astype(np.uint8)
        assert (np.asarray(Image.open(io.BytesIO(png(image)))) == image).all()
    assert base64.b64encode(png(np.zeros((4, 4), np.uint8)))


def test_values_in_short():
    assert words(np.array(3)) == "3" and words(np.array([1.5, 2.0])) == "[1.5, 2. ]"
    assert words(np.zeros((3, 4))) == "float64 3×4" and words("x" * 90).endswith("…")

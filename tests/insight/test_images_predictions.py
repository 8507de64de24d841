"""Predictions: counts as NumPy and ConfusionMatrix count, and the samples that are kept."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

import mslearn as ms
from mslearn import insight, nn
from mslearn.dataset import NumpySlicesDataset
from mslearn.insight import image_predictions
from mslearn.insight.image_predictions_view import PAGE
from mslearn.train import ConfusionMatrix

HOSTILE = "<img src=x onerror=alert(1)>"
RNG = np.random.default_rng(3)
IMAGES = RNG.random((300, 6, 5)).astype(np.float32)
LABELS = RNG.integers(0, 4, 300).astype(np.int32)
SCORES = (RNG.normal(size=(300, 4)) + 2 * np.eye(4)[LABELS]).astype(np.float32)


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores.astype(np.float64) - scores.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))


def ask(view: Any, **content: Any) -> Any:
    sent: list[Any] = []
    view.send = lambda content, buffers=None: sent.append((content, buffers))
    view._on_message(view, content, [])
    ((answer, buffers),) = sent
    return answer, buffers


def test_counts_are_those_of_the_metric() -> None:
    view = insight.predictions(SCORES, IMAGES, LABELS)
    metric = ConfusionMatrix(4)
    metric.update(ms.Tensor(SCORES), ms.Tensor(LABELS))
    np.testing.assert_array_equal(view.counts, metric.eval())
    said = SCORES.argmax(1)
    for c in range(4):
        assert view.recall[c] == pytest.approx((said[c == LABELS] == c).mean())
        assert view.precision[c] == pytest.approx((LABELS[said == c] == c).mean())
    right = int((said == LABELS).sum())
    assert repr(view) == f"PredictionsView({right} of 300 right, 4 classes)"
    most = view.table["confused"][0]
    wrong = view.counts * (1 - np.eye(4, dtype=int))
    assert most[2] == wrong.max() == wrong[most[0], most[1]]


@pytest.mark.parametrize("batch", [300, 64, 7])
def test_a_network_and_a_data_set_give_the_same_as_arrays(batch: int) -> None:
    ms.set_seed(2)
    net = nn.SequentialCell(nn.Flatten(), nn.Dense(30, 4))
    rows = NumpySlicesDataset((IMAGES, LABELS), ["image", "label"], shuffle=False).batch(batch)
    first = insight.predictions(net, rows)
    scores = net(ms.Tensor(IMAGES)).asnumpy()
    second = insight.predictions(scores, IMAGES, LABELS)
    third = insight.predictions(net, IMAGES, ms.Tensor(LABELS), batch_size=batch)
    fourth = insight.predictions(ms.Model(net), rows)
    assert first.table["counts"] == second.table["counts"] == third.table["counts"]
    assert first.table["counts"] == fourth.table["counts"]
    assert first.rows(1, 2) == second.rows(1, 2) == third.rows(1, 2)


def test_dropout_rests_meanwhile_and_works_again_afterwards() -> None:
    drop = nn.Dropout(p=0.9)
    net = nn.SequentialCell(nn.Flatten(), drop, nn.Dense(30, 4)).set_train()
    net[2].set_train(False)
    one = insight.predictions(net, IMAGES, LABELS).counts
    np.testing.assert_array_equal(one, insight.predictions(net, IMAGES, LABELS).counts)
    assert drop.training and net.training and not net[2].training

    def fails(batch: Any) -> Any:
        raise RuntimeError("no")

    net.construct = fails
    with pytest.raises(RuntimeError, match="no"):
        insight.predictions(net, IMAGES, LABELS)
    assert drop.training


def test_confidence_and_order() -> None:
    view = insight.predictions(SCORES, IMAGES, LABELS, keep=300)
    share = softmax(SCORES)
    loss = -np.log(share[np.arange(300), LABELS])
    said = SCORES.argmax(1)
    expected = [int(k) for k in np.argsort(-loss, kind="stable") if said[k] == 2 != LABELS[k]]
    assert [r for r in view.rows(predicted=2) if LABELS[r] != 2] == expected

    answer, _ = ask(view, type="sheet", wrong=True, order="unsure", page=0)
    sure = [tile["sure"] for tile in answer["tiles"]]
    assert sure == sorted(sure)
    for tile in answer["tiles"]:
        assert tile["true"] == LABELS[tile["row"]] != tile["said"] == said[tile["row"]]
        assert tile["sure"] == pytest.approx(share[tile["row"]].max())
    rows = [t["row"] for t in ask(view, type="sheet", order="data", page=1)[0]["tiles"]]
    assert rows == list(range(PAGE, 2 * PAGE))


def test_probabilities_are_taken_as_they_are() -> None:
    view = insight.predictions(softmax(SCORES), IMAGES, LABELS)
    assert view.table["softmax"] is False
    answer, _ = ask(view, type="tile", row=view.rows()[0])
    assert sum(share for _, share, _ in answer["top"]) == pytest.approx(1)
    assert insight.predictions(SCORES, IMAGES, LABELS).table["softmax"] is True
    masked = SCORES.copy()
    masked[:, 3] = -np.inf
    counts = insight.predictions(masked, IMAGES, LABELS).counts
    assert counts[:, 3].sum() == 0 and counts.sum() == 300


def test_classes_alone_have_no_confidence() -> None:
    view = insight.predictions(SCORES.argmax(1), IMAGES, LABELS, keep=2)
    np.testing.assert_array_equal(view.counts, insight.predictions(SCORES, IMAGES, LABELS).counts)
    answer, _ = ask(view, type="sheet", true=0, predicted=0, order="loss", page=0)
    said = SCORES.argmax(1)
    first = np.flatnonzero((LABELS == 0) & (said == 0))[:2].tolist()
    assert [tile["row"] for tile in answer["tiles"]] == first, "the first ones are kept"
    assert answer["tiles"][0]["sure"] is None and answer["total"] > answer["kept"] == 2
    assert ask(view, type="tile", row=first[0])[0]["top"] == []


def test_scores_that_are_no_numbers_predict_nothing() -> None:
    scores = SCORES.copy()
    scores[5, 1] = np.nan
    scores[6, 0] = np.inf
    scores[7] = -np.inf
    view = insight.predictions(scores, IMAGES, LABELS)
    assert view.counts.sum() == view.table["seen"] == 297 and view.table["leftOut"] == 3
    assert not {5, 6, 7} & set(view.rows())
    assert "⚠ 3 samples" in view.to_html()
    nothing = insight.predictions(np.full((3, 2), np.nan), IMAGES[:3], LABELS[:3] % 2)
    assert nothing.table["seen"] == 0 and "⚠ 3 samples" in nothing.to_html()


def test_a_sheet_shows_the_samples_that_it_names() -> None:
    images = np.zeros((300, 4, 4), np.uint8)
    images[:, 0, 0] = np.arange(300) % 256
    view = insight.predictions(SCORES, images, LABELS)
    answer, (data,) = ask(view, type="sheet", true=1, predicted=0, order="loss", page=0)
    sheet = np.array(Image.open(io.BytesIO(data)))
    for k, tile in enumerate(answer["tiles"]):
        row, column = divmod(k, answer["columns"])
        assert sheet[4 * row, 4 * column] == tile["row"] % 256
    answer, (values,) = ask(view, type="tile", row=answer["tiles"][0]["row"])
    assert np.frombuffer(values)[0] == answer["row"] % 256 and answer["whole"]


def test_memory_is_bounded_and_counts_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_predictions, "MEMORY", 40 * IMAGES[0].nbytes)
    view = insight.predictions(SCORES, IMAGES, LABELS, batch_size=50)
    kept = view.tally.samples()
    assert sum(k.picture.nbytes for k in kept) <= image_predictions.MEMORY
    assert 16 <= len(kept) <= 40 and view.counts.sum() == 300
    # What is left in a cell are its hardest samples.
    share = softmax(SCORES)
    here = np.flatnonzero((LABELS == 0) & (SCORES.argmax(1) == 0))
    hardest = here[np.argsort(share[here, 0], kind="stable")]
    rows = view.rows(0, 0)
    assert rows == [int(k) for k in hardest[: len(rows)]] and rows
    large = insight.predictions(SCORES[:4], RNG.random((4, 3, 300, 200)), LABELS[:4])
    assert large.table["block"] == 3 and large.tally.samples()[0].picture.shape == (100, 66, 3)


def test_many_classes_show_those_with_the_most_mistakes() -> None:
    labels = np.arange(1000) % 100
    said = labels.copy()
    said[labels == 77] = 12
    view = insight.predictions(said, np.zeros((1000, 4, 4)), labels)
    assert len(view.table["shown"]) == image_predictions.SHOWN
    assert {12, 77} <= set(view.table["shown"])
    assert view.table["confused"] == [(77, 12, 10)]
    assert np.isnan(view.precision[77]) and view.recall[77] == 0
    assert "of 100" in view.to_html()


def test_flat_rows_are_drawn_as_they_are_told() -> None:
    flat = IMAGES.reshape(300, 30)
    net = nn.Dense(30, 4)
    view = insight.predictions(net, flat, LABELS, pictures=lambda x: x.reshape(-1, 6, 5))
    kept = view.tally.samples()[0]
    np.testing.assert_array_equal(kept.picture[..., 0], IMAGES[kept.row])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((SCORES, IMAGES), ["no labels"]),
        ((SCORES, IMAGES, LABELS[:5]), ["300 predictions, 5 labels"]),
        ((SCORES[:, :1], IMAGES, LABELS), ["(300, 1)", "np.stack([1 - p, p], axis=1)"]),
        ((SCORES[:, 0], IMAGES, LABELS), ["(300,)", "float32"]),
        ((SCORES, IMAGES, np.eye(4)[LABELS]), ["(300, 4)", "argmax(axis=1)"]),
        ((SCORES, IMAGES, LABELS.astype(float)), ["float64", "astype"]),
        ((SCORES, IMAGES, LABELS - 1), ["a label is -1"]),
        ((SCORES, IMAGES, LABELS + 1), ["a label is 4", "4 classes", "count from 0"]),
        ((LABELS - 1, IMAGES, LABELS), ["predicted classes count from 0"]),
        ((lambda x: x, IMAGES), ["ndarray and no labels"]),
        ((lambda x: x, [IMAGES[:2]]), ["images and labels"]),
        ((lambda x: SCORES[:1], [(IMAGES[0], LABELS[0])]), ["shape (6, 5)"]),
        ((lambda x: x, []), ["no rows"]),
        ((nn.Dense(30, 4), IMAGES.reshape(300, 30), LABELS), ["(256, 30)", "pictures=lambda x"]),
        (
            (lambda x: SCORES[:2], [(IMAGES[:2], LABELS[:2]), (IMAGES[:2, 1:], LABELS[:2])]),
            ["(5, 5, 1) after (6, 5, 1)", "Resize"],
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_the_fix(
    arguments: tuple[Any, ...], words: list[str]
) -> None:
    with pytest.raises(ValueError) as caught:
        insight.predictions(*arguments)
    for word in ["insight.predictions", *words]:
        assert word in str(caught.value)


def test_a_data_set_without_batches_is_refused() -> None:
    rows = NumpySlicesDataset((IMAGES[:, None], LABELS), ["image", "label"], shuffle=False)
    with pytest.raises(ValueError, match=r"dataset\.batch"):
        insight.predictions(lambda x: ms.Tensor(SCORES[:1]), rows)
    with pytest.raises(ValueError, match="keep must be an int of at least 1"):
        insight.predictions(SCORES, IMAGES, LABELS, keep=0)


def test_class_names_are_data() -> None:
    view = insight.predictions(SCORES, IMAGES, LABELS, class_names=[HOSTILE, "b", "c", "d"])
    html = view.to_html()
    assert "&lt;img src=x" in html and "<img src=x" not in html
    assert html.count("<img ") == html.count('src="data:image/png;base64,') == 12
    named = insight.predictions(SCORES, IMAGES, LABELS, class_names={1: "one"}, language="zh")
    assert named.table["names"]["1"] == "one" and named.table["names"]["3"] == "3"
    assert "召回率" in named.to_html() and "recall" not in named.to_html()


def test_counts_as_csv() -> None:
    names = ["a,b", '"q"', HOSTILE, "d"]
    view = insight.predictions(SCORES, IMAGES, LABELS, class_names=names)
    answer, _ = ask(view, type="csv")
    rows = list(csv.reader(io.StringIO(answer["text"])))
    assert rows[0] == ["true", *names] and [row[0] for row in rows[1:]] == names
    np.testing.assert_array_equal([[int(n) for n in row[1:]] for row in rows[1:]], view.counts)


def test_the_saved_matrix_is_the_same_for_the_same_data() -> None:
    html = insight.predictions(SCORES, IMAGES, LABELS).to_html()
    assert html == insight.predictions(SCORES, IMAGES, LABELS).to_html()
    view = insight.predictions(np.eye(4)[LABELS], IMAGES, LABELS)
    assert "No mistakes." in view.to_html() and (view.recall == 1).all()

from __future__ import annotations

import io
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

import mslearn as ms
from mslearn import insight, nn
from mslearn.insight.parameter_stats import CELLS, figures, matrix, ridges, spread
from mslearn.insight.snapshots import Frame
from mslearn.summary.values import histogram_of


def network() -> nn.Cell:
    ms.set_seed(1)
    return nn.SequentialCell(nn.Dense(6, 4), nn.ReLU(), nn.Dense(4, 3))


def gradients(net: nn.Cell) -> Any:
    loss = nn.CrossEntropyLoss()
    x = ms.Tensor(np.ones((2, 6), np.float32))
    y = ms.Tensor(np.array([0, 2], np.int32))
    return ms.value_and_grad(lambda: loss(net(x), y), None, net.trainable_params())()[1]


def test_the_rows_say_what_numpy_says() -> None:
    net = network()
    grads = gradients(net)
    view = insight.parameters(net, grads)
    for row, param, grad in zip(view.table["rows"], net.trainable_params(), grads, strict=True):
        value = param.asnumpy().astype(np.float64)
        assert (row["name"], row["shape"]) == (param.name, list(value.shape))
        assert row["count"] == value.size
        got = [row[key] for key in ("mean", "std", "min", "max", "norm")]
        norm = np.linalg.norm(grad.asnumpy())
        want = [value.mean(), value.std(), value.min(), value.max(), norm]
        np.testing.assert_allclose(got, want, rtol=1e-6)
        assert row["ratio"] is None
    assert repr(view) == "ParametersView(4 parameters, 43 values)"


def test_update_takes_a_new_look() -> None:
    net = network()
    grads = gradients(net)
    view = insight.parameters(net, grads)
    first = net.trainable_params()[0]
    before = first.asnumpy().copy()
    nn.SGD(net.trainable_params(), learning_rate=0.1)(grads)
    view.update()
    row = view.table["rows"][0]
    want = np.abs(first.asnumpy() - before).mean() / np.abs(before).mean()
    assert row["ratio"] == pytest.approx(want, rel=1e-5) and want > 0
    assert row["norm"] is None
    assert [f.step for f in view.history.frames("weight", first.name)] == [1, 2]


def test_gradients_by_name() -> None:
    net = network()
    name = net.trainable_params()[1].name
    rows = insight.parameters(net, {name: np.full(4, 3.0)}).table["rows"]
    assert [row["norm"] for row in rows] == [None, 6.0, None, None]


@pytest.mark.parametrize(
    ("grads", "words"),
    [
        ((np.zeros((4, 6)),), ["got 1 gradients for 4 parameters", "value_and_grad"]),
        ({"0.wieght": np.zeros(1)}, ["'0.wieght'", "0.weight"]),
        ((np.zeros((6, 4)), *[np.zeros(1)] * 3), ["'0.weight'", "(6, 4)", "(4, 6)", "order"]),
    ],
)
def test_gradients_that_do_not_fit_are_refused(grads: Any, words: list[str]) -> None:
    with pytest.raises(ValueError) as caught:
        insight.parameters(network(), grads)
    for word in words:
        assert word in str(caught.value)


def test_what_has_no_parameters_is_refused() -> None:
    with pytest.raises(TypeError, match=r"wants a Cell .* got a int"):
        insight.parameters(3)
    with pytest.raises(ValueError, match="no trainable parameters"):
        insight.parameters(nn.ReLU())


def test_values_that_are_not_finite_are_counted_and_left_out() -> None:
    value = np.array([1.0, 3.0, np.nan, np.inf], np.float32)
    for row in (figures(value), figures(histogram_of(value))):
        assert (row["nan"], row["inf"], row["mean"], row["max"]) == (1, 1, 2.0, 3.0)
    param = ms.Parameter(ms.Tensor(np.full((2, 2), np.nan, np.float32)), name="w")
    view = insight.parameters([param])
    assert view.table["rows"][0]["mean"] == "nan"  # JSON knows no NaN
    assert "NaN" in view.to_html()


def test_a_large_matrix_is_joined_and_keeps_its_extremes() -> None:
    value = np.random.default_rng(0).normal(size=(512, 784)).astype(np.float32)
    value[300, 700] = -40
    look = matrix(value)
    assert look.cells.shape == (256, 196) and look.block == (2, 4) and look.full == (512, 784)
    assert look.cells[150, 175] == -40
    assert max(matrix(np.zeros((1, 100_003))).cells.shape) <= CELLS
    value[0, 1] = np.nan
    assert np.isnan(matrix(value).cells[0, 0])


def test_a_matrix_of_few_axes() -> None:
    assert matrix(np.float32(3)).cells.tolist() == [[3.0]]
    assert matrix(np.arange(4.0)).cells.shape == (1, 4)


def test_histograms_on_one_axis_keep_their_mass() -> None:
    rng = np.random.default_rng(2)
    arrays = [rng.normal(k, 1 + k, 1000) for k in range(4)] + [np.full(7, 2.0), np.zeros(0)]
    frames = [Frame(k, histogram_of(a)) for k, a in enumerate(arrays)]
    found = ridges(frames)
    assert found.low == min(a.min() for a in arrays[:5]) and found.steps == list(range(6))
    np.testing.assert_allclose(found.parts.sum(axis=1), [1, 1, 1, 1, 1, 0], rtol=1e-5)
    edges = np.linspace(found.low, found.high, found.parts.shape[1] + 1)
    exact = np.histogram(arrays[3], edges)[0] / 1000
    assert np.abs(np.cumsum(exact) - np.cumsum(found.parts[3])).max() < 0.02
    assert (found.parts[4] > 0).sum() == 1  # all alike: a spike, not a block
    low, high = spread(histogram_of(np.array([0.0, 1.0])), np.array([0, 0.25, 1.0]))
    assert (low, high) == (0.5, 1.5)


def test_a_parameter_is_saved_as_numpy_reads_it() -> None:
    net = network()
    view = insight.parameters(net, gradients(net))
    sent = asked(view, {"type": "npy", "number": 0, "whole": True})
    sent += asked(view, {"type": "npy", "number": 1, "which": "gradient", "slice": "[1:3]"})
    sent += asked(view, {"type": "npy", "number": 99}, {"type": "npy", "number": 0, "slice": "9"})
    assert [content["name"] for content, _ in sent] == ["0.weight", "0.bias.grad[1:3]"]
    saved = np.load(io.BytesIO(sent[0][1][0]), allow_pickle=False)
    np.testing.assert_array_equal(saved, net.trainable_params()[0].asnumpy())
    assert np.load(io.BytesIO(sent[1][1][0])).shape == (2,)


def asked(view: Any, *messages: dict[str, Any]) -> list[Any]:
    """What the view answers to the page's messages."""
    sent: list[Any] = []
    view.send = lambda content, buffers=None: sent.append((content, buffers))
    for message in messages:
        view._on_message(view, message, [])
    return sent


def test_a_slice_is_drawn_and_written() -> None:
    value = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5) - 30
    param = ms.Parameter(ms.Tensor(value), name="w")
    view = insight.parameters([param])
    look = {"type": "look", "number": 0, "slice": "[1, -1, ::2, 4:1:-1]", "form": "bits"}
    ((content, (cells,)),) = asked(view, look)
    want = value[1, -1, ::2, 4:1:-1]
    np.testing.assert_array_equal(np.frombuffer(cells, np.float32).reshape(2, 3), want)
    assert content["axes"] == [1, 2, [0, 2, 2], [4, -1, 3]] and content["step"] == 1
    assert content["texts"][0][0] == f"0x{want.view(np.uint32)[0, 0]:08x}"
    ((content, _),) = asked(view, look | {"slice": "0"})
    assert "3 axes are left" in content["error"]["en"] and "[0, 0, :, :]" in content["error"]["zh"]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen |= {tag, *(name for name, _ in attrs)}


def test_names_are_data_in_the_html() -> None:
    name = "<img src=x onerror=alert(1)>"
    param = ms.Parameter(ms.Tensor(np.ones((2, 2), np.float32)), name="w")
    param.name = name
    html = insight.parameters([param]).to_html()
    tags = Tags()
    tags.feed(html)
    assert "onerror" not in tags.seen
    assert "&lt;img" in html and "<img src=x" not in html


def test_html_is_the_same_for_the_same_data_and_speaks_chinese() -> None:
    net = network()
    one = insight.parameters(net, language="zh").to_html()
    assert one == insight.parameters(net, language="zh").to_html()
    assert "梯度范数" in one and "gradient" not in one


def test_the_figure_has_two_pictures_for_each_parameter() -> None:
    figure = insight.parameters(network()).figure()
    assert len([axis for axis in figure.axes if axis.images]) == 4

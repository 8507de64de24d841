"""Dead and saturated units, and the inputs responsible for them."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
import mslearn.dataset as ds
from mslearn import insight, nn, ops
from mslearn.insight.activation_trace import TOP, place_of

HOSTILE = "<script>alert(1)</script>"


class Net(nn.Cell):
    """A ReLU as a Cell, a tanh as a function, twice."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Dense(6, 5)
        self.bend = nn.ReLU()
        self.second = nn.Dense(5, 4)

    def construct(self, x):
        x = self.second(self.bend(self.first(x)))
        return ops.tanh(ops.tanh(x))


def network() -> Net:
    ms.set_seed(2)
    net = Net()
    bias = np.array([0, -100, 0, 0, -100], np.float32)
    net.first.bias.set_data(ms.Tensor(bias))
    net.second.bias.set_data(ms.Tensor(np.array([0, 50, -50, 0], np.float32)))
    return net


def samples(count: int = 40) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, 6)).astype(np.float32)


def test_the_counts_are_those_of_numpy() -> None:
    net, x = network(), samples()
    view = insight.activations(net, [x[:15], x[15:30], x[30:]])
    relu, tanh, again = view.record.layers
    assert [layer.name for layer in view.record.layers] == ["bend", "network", "network (2)"]
    given = x @ net.first.weight.asnumpy().T + net.first.bias.asnumpy()
    np.testing.assert_allclose(relu.share, (given > 0).mean(axis=0), rtol=1e-6)
    assert relu.failed.tolist() == [1, 4] and tanh.failed.tolist() == [1, 2]
    inner = np.maximum(given, 0) @ net.second.weight.asnumpy().T + net.second.bias.asnumpy()
    np.testing.assert_allclose(tanh.share, (1 - np.tanh(inner) ** 2 >= 0.05).mean(axis=0))
    assert again.failed.tolist() == []  # tanh of at most 1
    assert repr(view) == "ActivationsView(3 layers, 13 units, 2 dead, 2 saturated)"
    shares = np.frombuffer(view.shares, np.float32)
    np.testing.assert_allclose(shares[:5], relu.share, rtol=1e-6)
    assert (shares == 0).sum() == 4


def test_the_inputs_responsible_are_the_strongest_over_all_batches() -> None:
    net, x = network(), samples()
    whole = insight.activations(net, x).record.layers
    parts = insight.activations(net, [x[:7], x[7:8], x[8:]]).record.layers
    given = x @ net.first.weight.asnumpy().T + net.first.bias.asnumpy()
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(one.samples, other.samples)
        assert one.samples.shape == (len(one.live), TOP)
    for unit in range(5):
        want = np.argsort(-given[:, unit], kind="stable")[:TOP]
        assert whole[0].samples[unit].tolist() == want.tolist()
        np.testing.assert_allclose(whole[0].inputs[unit], given[want, unit], rtol=1e-5)
    assert (whole[0].outputs[1] == 0).all() and (whole[0].inputs[1] < 0).all()
    assert (np.diff(np.abs(whole[1].inputs[2])) <= 0).all() and whole[1].outputs[2][0] < -0.99


@pytest.mark.parametrize(
    ("op", "dead", "saturated"),
    [
        (nn.ReLU, [-1, -3], []),
        (nn.ReLU6, [-1, 9, -3], []),
        (nn.HSwish, [-4], []),
        (nn.Tanh, [], [3, -3]),
        (nn.Sigmoid, [], [5, -5]),
        (nn.HSigmoid, [], [4, -4]),
    ],
)
def test_functions_and_where_they_have_no_slope(op, dead, saturated) -> None:
    values = np.array([[*dead, *saturated, 0.5, 0.9]] * 3, np.float32)
    (layer,) = insight.activations(op(), values).record.layers
    assert layer.failed.tolist() == list(range(len(dead) + len(saturated)))
    assert layer.fails == ("saturated" if saturated else "dead")


def test_feature_maps_sequences_and_reshaped_batches() -> None:
    x = np.ones((6, 3, 4, 4), np.float32)
    x[:, 1] = -1
    x[2, 1, 3, 3] = 5
    (layer,) = insight.activations(nn.ReLU(), x).record.layers
    assert layer.share.tolist() == [1, pytest.approx(1 / 96), 1]
    assert layer.samples[1, 0] == 2 and layer.outputs[1, 0] == 5
    (layer,) = insight.activations(lambda t: ops.relu(t.reshape(-1, 4)), x).record.layers
    assert layer.shape == (4,) and layer.places == 6 * 12 and layer.samples[3, 0] == 2
    view = insight.activations(lambda t: ops.relu(t[:4]) + ops.relu(t.sum()), x[:4])
    assert view.record.left_out == 1  # a number is no batch


def test_pictures_labels_and_text() -> None:
    pixels = np.random.default_rng(1).random((5, 1, 100, 60)).astype(np.float32)
    names = np.array(["a", HOSTILE, "c", "d", "e"])
    view = insight.activations(lambda t: ops.relu(t - 0.5), [(pixels, names)], samples=4)
    sample = view.record.samples[1]
    assert len(view.record.samples) == 4 and sample.label == HOSTILE
    assert sample.picture.shape == (34, 20) and sample.picture.dtype == np.uint8
    np.testing.assert_array_equal(sample.picture, np.rint(pixels[1, 0, ::3, ::3] * 255))
    html = view.to_html()
    assert "<script>" not in html and "&lt;script&gt;" in html and "data:image/png" in html
    flat = insight.activations(ops.relu, pixels.reshape(5, 6000), picture=(100, 60))
    assert flat.record.samples[0].picture.shape == (34, 20)
    colour = insight.activations(ops.relu, np.full((2, 3, 8, 8), 200, np.uint8).astype("f4"))
    assert colour.record.samples[0].picture.tolist() == [[[200] * 3] * 8] * 8
    plain = insight.activations(ops.relu, samples())
    assert plain.record.samples[0].picture is None
    assert plain.record.samples[0].text.startswith(f"{samples()[0, 0]:.3g}, ")


def test_a_data_set_again_and_what_changed() -> None:
    net, x = network(), samples()
    data = ds.NumpySlicesDataset((x, np.arange(40)), ["x", "y"], shuffle=False).batch(16)
    view = insight.activations(net, data, language="zh")
    assert view.table["samples"] == 40 and view.record.samples[39].label == "39"
    net.first.bias.set_data(ms.Tensor(np.zeros(5, np.float32)))
    view.update(step=100)
    row = view.table["rows"][0]
    assert (row["failed"], row["before"]) == (0, 2)
    assert [f.step for f in view.history.frames("weight", "bend · ReLU")] == [1, 100]
    assert "（之前：2）" in view.to_html() and "dead" not in view.to_html()
    assert view.to_html() == view.to_html()


def test_the_page_asks_for_a_unit() -> None:
    view = insight.activations(network(), [(samples(), np.arange(40))])
    sent = []
    view.send = lambda content, buffers=None: sent.append((content, buffers))
    for unit in (1, 99, -1, "x", None):
        view._on_message(view, {"type": "unit", "number": 0, "unit": unit}, [])
    view._on_message(view, {"type": "unit", "number": 7, "unit": 0}, [])
    view._on_message(view, {"type": "history", "number": 2}, [])
    (unit, _), (history, buffers) = sent
    assert [s["index"] for s in unit["samples"]] == view.record.layers[0].samples[1].tolist()
    assert unit["samples"][0]["output"] == 0 and unit["samples"][0]["size"] is None
    assert history["kinds"]["weight"]["frames"][0]["count"] == 160 and len(buffers) == 2


def test_in_graph_mode_and_with_jit_the_same_is_seen() -> None:
    net, x = network(), samples()
    want = insight.activations(net, x).record.layers
    ms.set_context(mode=ms.GRAPH_MODE)
    try:
        got = insight.activations(net, x).record.layers
    finally:
        ms.set_context(mode=ms.PYNATIVE_MODE)
    compiled = ms.jit(net.construct)
    compiled(ms.Tensor(x))
    for found in (got, insight.activations(compiled, x).record.layers):
        for one, other in zip(want, found, strict=True):
            np.testing.assert_array_equal(one.samples, other.samples)


def test_what_cannot_be_watched() -> None:
    with pytest.raises(TypeError, match="wants a Cell and batches of inputs, but got a list"):
        insight.activations([samples()], network())
    with pytest.raises(ValueError, match="there were no samples"):
        insight.activations(network(), [])
    with pytest.raises(ValueError, match="no ReLU, ReLU6"):
        insight.activations(nn.Dense(6, 2), samples())
    with pytest.raises(ValueError, match=r"picture=\(28, 28\)"):
        insight.activations(network(), samples(), picture=(28, 28))
    assert place_of(("Default", "network-Net", "body-Sequential", "0-ReLU")) == "body/0"

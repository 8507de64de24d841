"""What every backend must do, as a class of tests that pytest runs.

    from mslearn.backends.conformance import Conformance

    class TestMyChip(Conformance):
        target = "mychip"           # a target, or the backend's name
        tolerance = 1e-3            # of values near 1; for float32 leave 1e-6

Each test compares with the NumPy backend. `steps` are taken before a training step is compared.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn import nn, ops
from mslearn.autodiff import value_and_grad
from mslearn.backends import eager
from mslearn.backends.base import BackendError
from mslearn.backends.registry import find
from mslearn.core import Tensor, random
from mslearn.graph.jit import jit


class _LeNet(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 4, 5, has_bias=True), nn.Conv2d(4, 6, 3)
        self.pool, self.flatten = nn.MaxPool2d(2, 2), nn.Flatten()
        self.fc1, self.fc2 = nn.Dense(96, 16), nn.Dense(16, 4)

    def construct(self, x: Tensor) -> Any:
        x = self.pool(ops.relu(self.conv1(x)))
        x = self.pool(ops.relu(self.conv2(x)))
        return self.fc2(ops.relu(self.fc1(self.flatten(x))))


class _Residual(nn.Cell):
    """Strides, padding, 1x1 filters, batch normalization, overlapping windows, a mean."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, pad_mode="pad", padding=1)
        self.norms = nn.CellList([nn.BatchNorm2d(n) for n in (4, 8, 8, 8)])
        self.conv1 = nn.Conv2d(4, 8, 3, 2, pad_mode="pad", padding=1)
        self.conv2 = nn.Conv2d(8, 8, 3, pad_mode="pad", padding=1)
        self.short = nn.Conv2d(4, 8, 1, 2, pad_mode="valid")
        self.pool = nn.MaxPool2d(3, 2, pad_mode="pad", padding=1)
        self.head = nn.Dense(8, 4)

    def construct(self, x: Tensor) -> Any:
        first, second, third, fourth = self.norms
        x = self.pool(ops.relu(first(self.stem(x))))
        y = third(self.conv2(ops.relu(second(self.conv1(x)))))
        y = ops.relu(y + fourth(self.short(x)))
        return self.head(y.mean((2, 3)))


class _Reader(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.lstm = nn.Embedding(20, 6), nn.LSTM(6, 5, batch_first=True)
        self.norm, self.head = nn.LayerNorm((5,)), nn.Dense(5, 4)

    def construct(self, x: Tensor) -> Any:
        y, _ = self.lstm(self.embedding(x))
        return self.head(self.norm(y[:, -1]))


def _mlp() -> nn.Cell:
    return nn.SequentialCell(nn.Dense(12, 16), nn.ReLU(), nn.Dense(16, 4))


def _data(shape: tuple[int, ...], kind: Any = np.float32) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(7)
    x = rng.integers(0, 20, shape) if kind is np.int32 else rng.random(shape)
    labels = rng.integers(0, 4, shape[0])
    return Tensor(x.astype(kind)), Tensor(labels.astype(np.int32))


class Training:
    """A network, its optimizer and a jitted step; equal ones start from equal weights.

    Attributes:
        net: the Cell.
        step: the jitted function of (data, labels).
        optimizer: over all of the net's Parameters.
    """

    def __init__(
        self, make: Callable[[], nn.Cell], target: str, adam: bool, **options: Any
    ) -> None:
        random.set_seed(11)
        self.net = make().set_train()
        loss_fn, parameters = nn.CrossEntropyLoss(), self.net.trainable_params()
        self.optimizer = nn.Adam(parameters, 0.01) if adam else nn.Momentum(parameters, 0.05, 0.9)
        grad_fn = value_and_grad(
            lambda x, y: loss_fn(self.net(x), y), None, self.optimizer.parameters
        )

        def step(x: Tensor, y: Tensor) -> Any:
            loss, grads = grad_fn(x, y)
            self.optimizer(grads)
            return loss

        self.step = jit(step, backend=target)

    def numbers(self, moments: bool) -> dict[str, np.ndarray]:
        """Copies of the Parameters; with `moments` those of the optimizer too (gradients of a
        small network in half precision have few digits)."""
        cells: list[Any] = [self.net, self.optimizer] if moments else [self.net]
        return {p.name: p.asnumpy().copy() for c in cells for p in c.get_parameters()}


class Conformance:
    """See the module's text."""

    target = ""
    tolerance = 1e-6
    steps = 5
    slow_networks = True
    """Whether networks that compile slowly are tried too."""

    def test_probing_tells_what_was_found(self) -> None:
        backend, target = find(self.target)
        info = backend.probe(target)
        assert info.available and info.reason and not info.hint
        assert info.target == target and info.backend == backend.name
        assert info.precision in ("float64", "float32", "tfloat32", "bfloat16", "float16")

    def test_mlp(self) -> None:
        self._same(_mlp, _data((8, 12)))

    def test_mlp_with_adam(self) -> None:
        self._same(_mlp, _data((8, 12)), adam=True)

    def test_convolutional_network(self) -> None:
        self._same(_LeNet, _data((4, 1, 16, 16)))

    def test_residual_network(self) -> None:
        if self.slow_networks:
            self._same(_Residual, _data((4, 1, 16, 16)))

    def test_recurrent_network(self) -> None:
        if self.slow_networks:
            self._same(_Reader, _data((4, 3), np.int32), adam=True)

    def test_random_numbers_are_the_same_everywhere(self) -> None:
        def make() -> nn.Cell:
            return nn.SequentialCell(nn.Dense(12, 16), nn.Dropout(p=0.5), nn.Dense(16, 4),
                                     nn.Dropout(p=0.2))  # fmt: skip

        self._same(make, _data((8, 12)))

    def test_eager_code_where_there_is_an_array_module(self) -> None:
        backend, target = find(self.target)
        module, losses = backend.array_module(target), []
        x, y = _data((4, 1, 16, 16))
        for device in (None, eager.Device(module, target)) if module is not None else ():
            with eager.using(device):
                one = Training(_LeNet, "numpy", False)
                losses.append([float(one.step.function(x, y)) for _ in range(self.steps)])
        if losses:
            self._close(losses[1], losses[0])

    def test_parameters_may_be_assigned_between_steps(self) -> None:
        x, y = _data((8, 12))
        losses = []
        for target in ("numpy", self.target):
            one = Training(_mlp, target, False)
            one.step(x, y)
            one.step(x, y)
            first = one.net.trainable_params()[0]
            first.set_data(Tensor(np.full(first.shape, 0.01, np.float32)))
            one.optimizer.momentum.set_data(Tensor(np.float32(0.5)))
            losses.append([float(one.step(x, y)) for _ in range(3)])
        self._close(losses[1], losses[0])

    def test_what_is_held_stays_as_it_was(self) -> None:
        x, y = _data((8, 12))
        one = Training(_mlp, self.target, False)
        held: list[list[np.ndarray]] = []
        seen: list[list[np.ndarray]] = []
        for _ in range(6):
            loss = one.step(x, y)
            arrays = [loss.asnumpy(), *(p.asnumpy() for p in one.net.trainable_params())]
            views = [a.reshape(-1)[:1] for a in arrays]
            held.append(arrays if len(held) % 2 else views)
            seen.append([a.copy() for a in held[-1]])
        for arrays, copies in zip(held, seen, strict=True):
            for array, copy in zip(arrays, copies, strict=True):
                np.testing.assert_array_equal(array, copy)

    def test_a_forward_pass_sees_new_weights(self) -> None:
        net = _mlp()
        x, _ = _data((8, 12))
        run: Any = jit(net, backend=self.target)
        run(x)
        for parameter in net.get_parameters():
            parameter.set_data(Tensor(parameter.asnumpy() * 2 + 0.1))
        eager: Any = net(x)
        self._close(run(x).asnumpy(), eager.asnumpy())

    def test_shapes_take_turns(self) -> None:
        batches = [_data((8, 12)), _data((3, 12))]
        losses = []
        for target in ("numpy", self.target):
            one = Training(_mlp, target, False)
            losses.append([float(one.step(*batches[i % 2])) for i in range(6)])
        self._close(losses[1], losses[0])

    def test_views_and_numbers_go_in(self) -> None:
        run = jit(lambda a, b: a * b + 1, backend=self.target)
        x = Tensor(np.arange(12, dtype=np.float32).reshape(3, 4).T)
        self._close(run(x, Tensor(np.float32(2))).asnumpy(), x.asnumpy() * 2 + 1)

    def test_results_are_arrays_also_of_single_numbers_and_of_none(self) -> None:
        def f(a: Tensor) -> Any:
            return a * 2 + 1, (a * a).sum()

        for rows in (3, 0):
            x = Tensor(np.ones((rows, 4), np.float32))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # some devices leave what is empty to the CPU
                found = jit(f, backend=self.target, fallback="cpu")(x)
            for got, wanted in zip(found, f(x), strict=True):
                assert isinstance(got._value, np.ndarray), (
                    f"Executable.run must return arrays, but returned {type(got._value).__name__}"
                )
                assert got.shape == wanted.shape and got.dtype == wanted.dtype
                self._close(got.asnumpy(), wanted.asnumpy())

    def test_what_it_lacks_is_an_error_or_runs_on_the_cpu(self) -> None:
        def solve(a: Tensor, b: Tensor) -> Any:
            table: Any = ops  # made at import: mypy does not see them all
            return table.relu(table.cholesky(table.exp(a)) @ b) * 2

        a = Tensor(np.log(np.eye(3, dtype=np.float32) * 3 + 1))
        b = Tensor(np.ones((3, 3), np.float32))
        try:
            found = jit(solve, backend=self.target)(a, b).asnumpy()
        except BackendError as error:
            assert "Cholesky" in str(error) and " in " in str(error)
            assert [n.prim.name for n in error.refused] == ["Cholesky"]
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                found = jit(solve, backend=self.target, fallback="cpu")(a, b).asnumpy()
            assert any("Cholesky" in str(w.message) for w in caught)
        self._close(found, solve(a, b).asnumpy())

    def _same(self, make: Any, data: tuple[Tensor, Tensor], adam: bool = False) -> None:
        runs = [Training(make, target, adam) for target in ("numpy", self.target)]
        losses: list[list[float]] = []
        for one in runs:
            random.set_seed(5)
            losses.append([float(one.step(*data)) for _ in range(self.steps)])
        self._close(losses[1], losses[0])
        wanted, found = (one.numbers(self.tolerance < 1e-4) for one in runs)
        for name, array in wanted.items():
            self._close(found[name], array, name)

    def _close(self, found: Any, wanted: Any, name: str = "") -> None:
        np.testing.assert_allclose(
            np.asarray(found), np.asarray(wanted), rtol=self.tolerance, atol=self.tolerance,
            err_msg=name,
        )  # fmt: skip

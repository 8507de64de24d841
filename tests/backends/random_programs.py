"""Random small programs, as the text that a learner would write: the same for a seed everywhere.

Their operations have no steps where numbers are computed (a sign, a sort, a comparison), so that
the last digit, which differs from processor to processor, never decides.
"""

from __future__ import annotations

import linecache
import random

import numpy as np

import mslearn as ms
from mslearn import nn, ops

COUNT = 24  # programs in the test
ELEMENTS = 400
SMOOTH = ("tanh", "sigmoid", "sin", "erf", "gelu", "silu", "softplus", "square", "atan", "expm1",
          "mish", "logsigmoid", "neg", "elu", "exp")  # fmt: skip


class Unfit(Exception):
    """The operation has no input of the right kind here."""


class Maker:
    """Writes one line after another, and runs each to know the shapes."""

    def __init__(self, seed):
        self.random, numbers = random.Random(seed), np.random.default_rng(seed)
        self.lines, self.tensors = [], {}
        for name in "abc":
            axes = self.random.choice([1, 2, 2, 3, 4]) if name != "c" else 4
            shape = tuple(self.random.choice([1, 2, 3, 4, 5]) for _ in range(axes))
            self.tensors[name] = ms.Tensor(numbers.uniform(-1, 1, shape).astype(np.float32))
        i = numbers.integers(-3, 4, (self.random.randint(1, 4),))
        self.tensors["i"] = ms.Tensor(i.astype(self.random.choice(["i4", "i8", "i1", "u1"])))
        self.args = dict(self.tensors)
        self.space = {"ops": ops, "nn": nn, "ms": ms, "np": np}

    def pick(self, kinds="f", low=0, axes=None):
        """The name of a tensor, one of the last ones rather than one of the first."""
        fit = [
            name for name, t in self.tensors.items()
            if t.asnumpy().dtype.kind in kinds and t.ndim >= low and axes in (None, t.ndim)
        ]  # fmt: skip
        if not fit:
            raise Unfit
        return fit[-1] if self.random.random() < 0.4 else self.random.choice(fit)

    def index(self, shape):
        items = []
        for n in shape:
            ends = [self.random.choice(["", str(self.random.randint(-n, n))]) for _ in "ab"]
            step = self.random.choice(["", "2", "-1", "-2"])
            places = f"ms.Tensor({[self.random.randrange(-n, n) for _ in 'abc']})"
            items.append(self.random.choice(
                [":", str(self.random.randrange(-n, n)), f"{':'.join(ends)}:{step}", places]
            ))  # fmt: skip
        return ", ".join(items)

    def add(self, text):
        """Run the lines (@ is the new name); keep them if the result is small and has numbers."""
        name = f"v{len(self.tensors)}"
        lines = text.replace("@", name).splitlines()
        space = {**self.space, **self.tensors}
        exec("\n".join(lines), space)
        made = space[name][0] if isinstance(space[name], tuple) else space[name]
        array = made.asnumpy()
        if not 0 < array.size <= ELEMENTS or np.abs(array.astype("f8")).max() > 20:
            raise Unfit
        self.lines += lines + [f"{name} = {name}[0]"] * isinstance(space[name], tuple)
        self.tensors[name] = made


def element_wise(m):
    x, y = m.pick("fi"), m.pick("fiu")
    return m.random.choice([
        f"@ = {x} + {y}", f"@ = {x} * {y}", f"@ = {x} - 2 * {y}", f"@ = {x} / ({y} * {y} + 1)",
        f"@ = ops.{m.random.choice(SMOOTH)}({m.pick()})", f"@ = {m.pick('i')} // 2 + {y} % 3",
        f"@ = ops.where({m.pick('iu')} > 0, {x}, {y})", f"@ = {y}.astype(ms.float32) * 0.5",
        f"@ = ops.hypot({m.pick()}, {y} + 2)", f"@ = ({m.pick()} * {m.pick()} + 1).log()",
    ])  # fmt: skip


def shaping(m):
    x, y = m.pick("fiu", 1), m.pick("fiu", 1)
    shape = m.tensors[x].shape
    axes = list(range(len(shape)))
    m.random.shuffle(axes)
    k = m.random.choice(axes)
    return m.random.choice([
        f"@ = {x}.reshape(-1, {shape[-1]})", f"@ = {x}.transpose({tuple(axes)})",
        f"@ = {x}.expand_dims({k - len(shape)})", f"@ = ops.concat(({x}, {x}), {k})",
        f"@ = ops.stack(({x}, {x} * 2), {k})", f"@ = ops.tile({x}, (2, 1))",
        f"@ = ops.flip({x}, ({k},))", f"@ = ops.roll({x}, 1, {k})", f"@ = ops.chunk({x}, 2, {k})",
        f"@ = ops.pad({x}, (1, 2), value=0.5)", f"@ = ops.broadcast_to({x}, {(2, *shape)})",
        f"@ = {x}[{m.index(shape)}]", f"@ = ops.concat(({x}, {y}))", f"@ = ops.tril({x})",
        f"@ = {x} * 1\n@[{m.index(shape)}] = 0.5", f"@ = {x} * 1\npart = @[{k - 1}]\npart *= 2",
        f"@ = ops.gather({x}, {m.pick('iu')}.astype(ms.int32) % {shape[k]}, {k})",
    ])  # fmt: skip


def reducing(m):
    x = m.pick("fi", 1)
    count = m.tensors[x].ndim
    axes = tuple(m.random.sample(range(-count, 0), m.random.randint(0, count)))
    k, keep = m.random.randrange(-count, count), m.random.choice([True, False])
    return m.random.choice([
        f"@ = {x}.sum({axes}, keepdims={keep})", f"@ = {x}.mean({k}, {keep})",
        f"@ = ops.logsumexp({m.pick('f', 1)}, 0)", f"@ = ops.cumsum({x}, {k})",
        f"@ = {m.pick('f', 1)}.var()", f"@ = ops.softmax({m.pick('f', 1)})",
        f"@ = ops.log_softmax({m.pick('f', 1)}, 0)", f"@ = ops.cumprod({x}, {k})",
        f"@ = ops.norm({m.pick('f', 1)} + 3)",
    ])  # fmt: skip


def layers(m):
    x = m.pick("f", 2)
    rows = m.tensors[x].shape[-1]
    image = m.pick("f", axes=4)
    channels = m.tensors[image].shape[1]
    size, stride, pad = (m.random.randint(1, 3) for _ in "abc")
    side, ceil = m.random.randint(0, size // 2), m.random.choice([True, False])
    return m.random.choice([
        f"@ = nn.Dense({rows}, 3)({x})", f"@ = nn.LayerNorm(({rows},))({x})",
        f"@ = ops.matmul({x}, {x}.swapaxes(-1, -2))",
        f"@ = nn.MultiheadAttention({rows}, 1)({x}, {x}, {x})",
        f"@ = nn.Conv2d({channels}, {2 * channels}, {size}, {stride}, pad_mode='pad', "
        f"padding={pad}, group={m.random.choice([1, channels])})({image})",
        f"@ = nn.Conv2dTranspose({channels}, 2, {size}, {stride}, pad_mode='same')({image})",
        f"@ = nn.BatchNorm2d({channels}).set_train()({image})",
        f"@ = nn.GroupNorm({channels}, {channels})({image})",
        f"@ = nn.AvgPool2d({size}, {stride}, 'pad', {side}, ceil_mode={ceil})({image})",
        f"@ = nn.MaxPool2d({size}, {stride}, 'pad', {side}, ceil_mode={ceil})(c)",
        f"@ = nn.GRU({rows}, 2)({x})", f"@ = nn.Embedding(7, 3)({m.pick('iu')}.int() % 7)",
        f"@ = ops.mse_loss({x}, {x} * 0.5, reduction='none')",
        f"@ = ops.cross_entropy({x}, ops.zeros(({m.tensors[x].shape[0]},), ms.int32), "
        f"label_smoothing=0.1)",
    ])  # fmt: skip


def control(m):
    x, y = m.pick(), m.pick("i")
    return m.random.choice([
        f"@ = {x} * 2\nif {y}.sum() > 0:\n    @ = ops.tanh({x})",
        f"@ = {x} * 0.5\nk = {y}.sum() * 0\nwhile k < 2:\n    @ = ops.sin(@)\n    k = k + 1",
        f"@ = {x} * 0.5\nfor k in range(2):\n    @ = @ * k + {x}",
    ])  # fmt: skip


KINDS = [element_wise] * 3 + [shaping] * 4 + [reducing] * 2 + [layers] * 3 + [control]


def program(seed, folder):
    """(function, its arguments, the places of floating ones); it returns (a number, all results).

    Layers are made before it runs, with equal weights for equal seeds.
    """
    m = Maker(seed)
    while len(m.tensors) < 12:
        try:
            ms.set_seed(1)
            m.add(m.random.choice(KINDS)(m))
        except (Unfit, ValueError, TypeError, IndexError, RuntimeError):
            continue
    cells = [line for line in m.lines if " nn." in line]
    body = list(m.lines)
    heads = []
    for k, line in enumerate(cells):
        made = line[line.index("nn.") : line.rindex(")(") + 1]
        heads += ["ms.set_seed(1)", f"net{k} = {made}"]
        body[body.index(line)] = line.replace(made, f"net{k}", 1)
    made = [name for name in m.tensors if name not in m.args]
    smooth = [name for name in made if m.tensors[name].asnumpy().dtype.kind == "f"]
    total = " + ".join(f"ops.tanh({name}).sum()" for name in smooth)
    body.append(f"return {total}, ({', '.join(made)},)")
    text = "\n".join(
        [*heads, f"def program({', '.join(m.args)}):", *(f"    {b}" for b in body), ""]
    )
    path = folder / f"program_{seed}.py"
    path.write_text(text, encoding="utf-8")
    linecache.checkcache(str(path))
    space = dict(m.space)
    exec(compile(text, str(path), "exec"), space)
    floats = tuple(k for k, t in enumerate(m.args.values()) if t.asnumpy().dtype.kind == "f")
    return space["program"], tuple(m.args.values()), floats

"""Day 8, saving: a varint by hand, and all that a run needs to go on as if nothing had been."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import mslearn as ms
from mslearn import nn

from .._language import Text
from ..exercise import Case, Exercise, Mistake, Observation
from .day08_names import E3, E4

# ------------------------------------------------------------------------------ d08.e1: varint(n)


def starter_varint(n):
    out = []
    while n > 127:
        out.append(...)
        n = ...
    out.append(n)
    return bytes(out)


def varint(n):
    out = []
    while n > 127:
        out.append(n % 128 + 128)  # seven bits, and the mark "more to come"
        n = n // 128
    out.append(n)
    return bytes(out)


def without_the_mark(n):
    out = []
    while n > 127:
        out.append(n % 128)
        n = n // 128
    return bytes([*out, n])


def highest_first(n):
    return varint(n)[::-1]


def eight_bits(n):
    out = []
    while n > 127:
        out.append(n % 256)
        n = n // 256
    return bytes([*out, n])


def mark_on_the_last(n):
    return bytes(byte | 128 for byte in varint(n))


def eight_bits_and_a_mark(n):
    out = []
    while n > 127:
        out.append(n % 256 | 128)
        n = n // 256
    return bytes([*out, n])


E1 = Exercise(
    id="d08.e1",
    title=Text("a whole number as bytes", "把整数写成字节"),
    starter=starter_varint,
    solution=varint,
    mistakes=(
        Mistake(
            without_the_mark,
            Text(
                "The seven bits are right, but a reader cannot see that more bytes follow: add 128 "
                "to every byte but the last.",
                "七位七位地取，取对了；可是读的人不知道后面还有字节：除最后一个以外，"
                "每个字节都要加 128。",
            ),
        ),
        Mistake(
            highest_first,
            Text(
                "Your bytes come in the opposite order. The lowest seven bits go first.",
                "你的字节次序反了。最低的七位排在最前。",
            ),
        ),
        Mistake(
            eight_bits,
            Text(
                "You cut by 256. A byte carries seven bits here; the eighth is the mark.",
                "你是按 256 来切的。这里一个字节只装七位，第八位是记号。",
            ),
        ),
        Mistake(
            eight_bits_and_a_mark,
            Text(
                "The mark is there, but you cut by 256, and the mark covers one bit of the number. "
                "Cut by 128.",
                "记号有了，可是你按 256 来切，记号盖掉了数的一位。请按 128 来切。",
            ),
        ),
        Mistake(
            mark_on_the_last,
            Text(
                "The last byte has the mark, too: a reader would wait for more.",
                "最后一个字节也有记号：读的人会一直等下去。",
            ),
        ),
    ),
    hints=(
        Text(
            "`n % 128` are the lowest seven bits; what is left is `n // 128`.",
            "`n % 128` 是最低的七位；剩下的是 `n // 128`。",
        ),
        Text(
            "The eighth bit is worth 128, and it says: more to come.",
            "第八位值 128，意思是：后面还有。",
        ),
        Text(
            "`out.append(n % 128 + 128)`, then `n = n // 128`.",
            "`out.append(n % 128 + 128)`，然后 `n = n // 128`。",
        ),
    ),
    cases=lambda: [Case({"n": np.array(n)}) for n in (7, 127, 128, 300, 784, 31_400, 1 << 40)],
    observe=lambda answer, case: {"": list(answer(int(case.inputs["n"])))},
    untouched=Text(
        "Replace each `...`: the byte that is written, and what is left of the number.",
        "把每个 `...` 换掉：写下的那个字节，以及数还剩下多少。",
    ),
    praise=Text(
        "Every length, every shape and every tag in a checkpoint, a MindIR and an ONNX file is "
        "written like this.",
        "检查点、MindIR、ONNX 文件里的每个长度、每个形状、每个标签，都是这样写的。",
    ),
)

# ------------------------------------------------------------ d08.e2: snapshot(net, optimizer)


def starter_snapshot(net, optimizer):
    return {p.name: p for p in net.trainable_params()}


def snapshot(net, optimizer):
    everything = [*net.get_parameters(), *optimizer.get_parameters()]
    return {p.name: p.asnumpy().copy() for p in everything}


def copies_of_what_is_trained(net, optimizer):
    return {p.name: p.asnumpy().copy() for p in net.trainable_params()}


def the_net_alone(net, optimizer):
    return {p.name: p.asnumpy().copy() for p in net.get_parameters()}


def the_optimizer_alone(net, optimizer):
    return {p.name: p.asnumpy().copy() for p in optimizer.get_parameters()}


def labels_not_copies(net, optimizer):
    return {p.name: p for p in [*net.get_parameters(), *optimizer.get_parameters()]}


def _small_run() -> tuple[nn.Cell, nn.Cell]:
    net = nn.SequentialCell(nn.Dense(3, 4), nn.BatchNorm1d(4), nn.Dense(4, 2))
    net.set_train()
    return net, nn.Adam(net.trainable_params(), learning_rate=0.1)


def _train(net: nn.Cell, optimizer: nn.Cell, x: ms.Tensor, y: ms.Tensor, steps: int) -> list[float]:
    loss_fn = nn.MSELoss()
    grad_fn = ms.value_and_grad(lambda a: loss_fn(net(a), y), None, optimizer.parameters)
    losses = []
    for _ in range(steps):
        loss, grads = grad_fn(x)
        optimizer(grads)
        losses.append(float(loss))
    return losses


def _observe_snapshot(answer: Callable[..., Any], case: Case) -> Observation:
    x, y = (ms.Tensor(case.inputs[k].copy(), ms.float32) for k in "xy")
    ms.set_seed(int(case.inputs["steps"]))
    net, optimizer = _small_run()
    _train(net, optimizer, x, y, int(case.inputs["steps"]))
    saved = answer(net, optimizer)
    _train(net, optimizer, x, y, 2)  # the run goes on; the snapshot must not
    fresh, other = _small_run()
    for param in [*fresh.get_parameters(), *other.get_parameters()]:
        if param.name in saved:
            held = saved[param.name]
            array = held.asnumpy() if hasattr(held, "asnumpy") else np.asarray(held)
            param.set_data(ms.Tensor(array))
    losses = _train(fresh, other, x, y, 3)
    fresh.set_train(False)
    return {"losses": np.array(losses, np.float32), "answers": fresh(x)}


def _snapshot_cases() -> list[Case]:
    random = np.random.default_rng(8)

    def case(rows: int, steps: int) -> Case:
        x, y = random.normal(size=(rows, 3)).round(1), random.normal(size=(rows, 2)).round(1)
        return Case({"x": x, "y": y, "steps": np.array(steps)})

    return [case(2, 1), case(3, 2), case(5, 4)]


E2 = Exercise(
    id="d08.e2",
    title=Text("repair: all that a run needs", "修一修：接着训练需要的一切"),
    starter=starter_snapshot,
    solution=snapshot,
    mistakes=(
        Mistake(
            copies_of_what_is_trained,
            Text(
                "Copies, good. But BatchNorm's running statistics are parameters that are not "
                "trained (take `net.get_parameters()`), and the optimizer has a memory as well.",
                "是副本，很好。不过 BatchNorm 的滑动统计量也是参数，只是不参加训练"
                "（要用 `net.get_parameters()`）；优化器也有自己的记忆。",
            ),
        ),
        Mistake(
            the_net_alone,
            Text(
                "The network is complete. What does Adam remember from step to step?",
                "网络已经齐全了。Adam 在步与步之间记着些什么？",
            ),
        ),
        Mistake(
            the_optimizer_alone,
            Text(
                "The optimizer holds its memories and the weights it trains, but not BatchNorm's "
                "running statistics. Add `net.get_parameters()`.",
                "优化器里有它的记忆和它所训练的权重，可是没有 BatchNorm 的滑动统计量。"
                "请加上 `net.get_parameters()`。",
            ),
        ),
        Mistake(
            labels_not_copies,
            Text(
                "All names are there, but these are the living Parameters: they change as the run "
                "goes on. Copy the numbers: `p.asnumpy().copy()`.",
                "名字都齐了，可这些是活的 Parameter，训练继续，它们就跟着变。"
                "请复制数值：`p.asnumpy().copy()`。",
            ),
        ),
    ),
    hints=(
        Text(
            "Three things are wrong: something of the net is missing, something beside the net is "
            "missing, and what is there does not stand still.",
            "有三处不对：网络里少了东西，网络之外少了东西，而且留下来的东西还会变。",
        ),
        Text(
            "`net.get_parameters()` and `optimizer.get_parameters()` give all of them.",
            "`net.get_parameters()` 和 `optimizer.get_parameters()` 合起来就是全部。",
        ),
        Text(
            "For every such `p`: the name, and `p.asnumpy().copy()`.",
            "对每个这样的 `p`：取名字，再取 `p.asnumpy().copy()`。",
        ),
    ),
    cases=_snapshot_cases,
    observe=_observe_snapshot,
    untouched=Text(
        "This is still the function as given: it runs, but the continued run goes another way.",
        "这还是原来的函数：能运行，可是接着训练时会走上另一条路。",
    ),
    praise=Text(
        "The same losses to the last digit: nobody could tell that the run was ever interrupted.",
        "损失连最后一位都一样：谁也看不出训练曾经中断过。",
    ),
    quantities={
        "losses": Text("losses of the continued run", "接着训练时的损失"),
        "answers": Text("answers afterwards, not training", "训练后在推理模式下的输出"),
    },
)

EXERCISES: tuple[Exercise, ...] = (E1, E2, E3, E4)

"""How near the times that `insight.placement` predicts come to those that it measures.

    python benchmarks/placement.py

Training steps of four networks on each target: the MLP of mlp_step.py, LeNet and ResNet-8 of
conv_steps.py, the LSTM of lstm_step.py. "Two parts" is ONNX Runtime without MaxPool, BatchNormGrad
and LSTMStep, which then run on the host (``fallback="cpu"``); of the Qualcomm emulator's partition
only the host's part is predicted. Each round measures the device anew; the least of the rounds
counts, of predictions and of measurements alike. The aim is a ratio between 0.5 and 2.
"""

from __future__ import annotations

import json
import os
import sys
import warnings

import backends
import conv_steps
import lstm_step
from harness import in_process

import mslearn as ms
from mslearn import insight, nn
from mslearn.backends import registry
from mslearn.backends.onnxruntime_backend import OnnxRuntimeBackend
from mslearn.insight import placement_scene
from mslearn.models import LeNet5

ROUNDS = 5
NETS = [*backends.NETS, "LSTM"]
TARGETS = ["numpy", "onnxruntime", "openvino", "two parts", "Qualcomm"]


class Lacking(OnnxRuntimeBackend):
    name = "two parts"

    def supports(self, node, target):
        lacks = ("MaxPool", "BatchNormGrad", "LSTMStep")
        return "left out for this benchmark" if node.prim.name in lacks else ""


class Point:
    name = Lacking.name
    load = staticmethod(lambda: Lacking)


def jitted_step(title: str, target: str):
    """(jitted step, its arguments)"""
    options = {"backend": target, "fallback": "cpu"}
    if title == "LSTM":
        net, x = lstm_step.made()
        optimizer, data = nn.SGD(net.trainable_params(), lstm_step.RATE), (ms.Tensor(x),)

        def forward(d):
            out, _ = net(d)
            return (out * out).mean()
    else:
        net, loss_fn = backends.net_of(title), nn.CrossEntropyLoss()
        data = tuple(map(ms.Tensor, backends.data_of(title)))
        if target == "Qualcomm":  # an emulator takes a second for a batch of 64
            net, data = LeNet5().set_train(), tuple(d[:4] for d in data)
        optimizer = nn.Momentum(net.trainable_params(), conv_steps.RATE, conv_steps.MOMENTUM)

        def forward(d, label):
            return loss_fn(net(d), label)

    grad_fn = ms.value_and_grad(forward, None, optimizer.parameters)

    @ms.jit(**options)
    def step(*given):
        loss, grads = grad_fn(*given)
        optimizer(grads)
        return loss

    return step, data


def child(target: str) -> dict[str, tuple[float, float, int]]:
    """By network: predicted and measured seconds of what is predicted, and how many segments."""
    registry.entry_points = lambda group: [Point()]
    warnings.simplefilter("ignore")
    found = {}
    for title in NETS:
        if target == "Qualcomm" and not title.startswith("LeNet"):
            continue
        step, data = jitted_step(title, target)
        rounds = []
        for _ in range(ROUNDS):
            placement_scene._devices.clear()
            segments = insight.placement(step, *data).scene["segments"]
            told = [s for s in segments if s["predicted"] is not None]
            rounds.append([sum(s[kind] for s in told) for kind in ("predicted", "measured")])
        found[title] = (*map(min, *rounds), len(told))
    return found


def main() -> None:
    if "--child" in sys.argv:
        print(json.dumps(child(sys.argv[-1])), flush=True)
        os._exit(0)  # an emulator's threads outlive it
    print(f"{'':20} {'target':12} {'segments':>8} {'predicted':>10} {'measured':>10}  ratio")
    for target in TARGETS:
        try:
            registry.find("onnxruntime" if target == Lacking.name else target)
        except (ms.backends.BackendError, ValueError):
            continue  # it is not installed
        for title, (predicted, measured, count) in in_process(__file__, 1, target).items():
            name = "LeNet, batch 4" if target == "Qualcomm" else title
            print(f"{name:20} {target:12} {count:8} {predicted * 1e3:7.2f} ms "
                  f"{measured * 1e3:7.2f} ms  {predicted / measured:5.2f}")  # fmt: skip


if __name__ == "__main__":
    main()

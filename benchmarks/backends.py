"""Training steps on ONNX Runtime's CPU provider against PyTorch eager, with equal threads.

    python benchmarks/backends.py       (--profile NAME [THREADS]: the runtime's times by operator)

The MLP of mlp_step.py, LeNet and ResNet-8 of conv_steps.py, each one captured graph of forward
pass, gradient and momentum. "host" is what our Python costs a step beside the runtime: the time
of a step less that of the session alone on the same buffers.
"""

from __future__ import annotations

import collections
import contextlib
import json
import sys
from pathlib import Path

import conv_steps
import mlp_step
import numpy as np
from harness import in_process, measure, table

import mslearn as ms
from mslearn import nn

OURS, SESSION = "mslearn on ONNX Runtime", "its session alone"


def mlp_net():
    layers = []
    for w, b in mlp_step.weights():
        dense = nn.Dense(w.shape[1], w.shape[0], weight_init=ms.Tensor(w), bias_init=ms.Tensor(b))
        layers += [dense, nn.ReLU()]
    return nn.SequentialCell(*layers[:-1])


def data_of(title: str) -> tuple[np.ndarray, np.ndarray]:
    if title not in conv_steps.NETS:
        return mlp_step.batch()
    shape = conv_steps.NETS[title][1]
    rng = np.random.default_rng(0)
    return rng.standard_normal(shape, np.float32), rng.integers(0, 10, shape[0]).astype(np.int32)


def net_of(title: str):
    ms.set_seed(1)
    return (conv_steps.NETS[title][0] if title in conv_steps.NETS else mlp_net)().set_train()


NETS = ["MLP, batch 64", *conv_steps.NETS]


def our_step(title: str):
    """(a step as a function of nothing, the same for the session alone)."""
    net, loss_fn = net_of(title), nn.CrossEntropyLoss()
    optimizer = nn.Momentum(net.trainable_params(), mlp_step.RATE, mlp_step.MOMENTUM)
    grad_fn = ms.value_and_grad(lambda d, t: loss_fn(net(d), t), None, optimizer.parameters)

    @ms.jit(backend="onnxruntime")
    def step(data, label):
        loss, grads = grad_fn(data, label)
        optimizer(grads)
        return loss

    data, label = map(ms.Tensor, data_of(title))
    step(data, label)
    executable = step.compilations[0].executable
    binding = executable.session.io_binding()
    for port in executable.session.get_inputs():
        model_port = next(p for p in executable.model.inputs if p.name == port.name)
        known = {"data": data.asnumpy(), "label": label.asnumpy()}.get(port.name)
        value = np.zeros(model_port.value.shape, model_port.value.dtype) if known is None else known
        binding.bind_cpu_input(port.name, value)
    kept = []
    for port in executable.model.outputs:
        kept.append(np.empty(port.value.shape, port.value.dtype))
        binding.bind_output(
            port.name, "cpu", 0, kept[-1].dtype.type, kept[-1].shape, kept[-1].ctypes.data
        )
    return lambda: step(data, label), lambda: (
        executable.session.run_with_iobinding(binding), kept,
    )  # fmt: skip


def torch_step(title: str, threads: int):
    if title in conv_steps.NETS:
        return conv_steps.torch_step(net_of(title), *data_of(title), threads)
    return mlp_step.torch_step(threads)


def contenders(title: str, threads: int) -> dict[str, object]:
    found = {}
    with contextlib.suppress(ImportError):
        found["PyTorch eager"] = torch_step(title, threads)
    found[OURS], session = our_step(title)
    if len(found) == 2:  # ours has taken one step already
        found["PyTorch eager"]()
        a, b = (float(getattr(x := s(), "detach", lambda x=x: x)()) for s in found.values())
        assert abs(a - b) < 2e-3, f"{title}: the contenders' losses are {a} and {b}"
    return {**found, SESSION: session}


def child(threads: int) -> dict[str, dict[str, float]]:
    ms.set_context(runtime_num_threads=threads)
    return {title: measure(contenders(title, threads), 15, 0.1) for title in NETS}


def profile(title: str, threads: int) -> None:
    """The runtime's own profile of a step: time by operator and shapes."""
    import onnxruntime as ort

    ms.set_context(runtime_num_threads=threads)
    start = ort.SessionOptions.__init__

    def profiled(self, *args):
        start(self, *args)
        self.enable_profiling = True
        self.profile_file_prefix = "/tmp/mslearn-ort"

    class Profiled(ort.SessionOptions):
        __init__ = profiled

    ort.SessionOptions = Profiled
    net, loss_fn = net_of(title), nn.CrossEntropyLoss()
    optimizer = nn.Momentum(net.trainable_params(), mlp_step.RATE, mlp_step.MOMENTUM)
    grad_fn = ms.value_and_grad(lambda d, t: loss_fn(net(d), t), None, optimizer.parameters)

    @ms.jit(backend="onnxruntime")
    def step(data, label):
        loss, grads = grad_fn(data, label)
        optimizer(grads)
        return loss

    data, label = map(ms.Tensor, data_of(title))
    rounds = 30
    for _ in range(rounds):
        step(data, label)
    path = Path(step.compilations[0].executable.session.end_profiling())
    spent: dict[str, float] = collections.defaultdict(float)
    for event in json.loads(path.read_text()):
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            args = event["args"]
            shapes = [next(iter(s.values())) for s in args["input_type_shape"]]
            spent[
                f"{args['op_name']:18} {shapes} -> "
                f"{[next(iter(s.values())) for s in args['output_type_shape']]}"
            ] += event["dur"]
    path.unlink()
    print(f"{title}: {sum(spent.values()) / rounds / 1e3:.2f} ms")
    for key, dur in sorted(spent.items(), key=lambda kv: -kv[1])[:40]:
        print(f"  {dur / rounds / 1e3:7.3f} ms  {key}")


def main() -> None:
    if "--child" in sys.argv:
        print(json.dumps(child(int(sys.argv[2]))))
        return
    if "--profile" in sys.argv:
        name, *more = sys.argv[sys.argv.index("--profile") + 1 :]
        title = next(t for t in NETS if t.startswith(name))
        return profile(title, int(more[0]) if more else 1)
    for threads in (1, 2):
        for title, times in in_process(__file__, threads).items():
            host = (times[OURS] - times[SESSION]) * 1e3
            table(f"{title}, {threads} thread(s); host {host:.3f} ms", times, OURS)


if __name__ == "__main__":
    main()

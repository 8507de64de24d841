"""Training steps on ONNX Runtime's CPU provider against PyTorch eager, with equal threads.

    python benchmarks/backends.py       (--profile NAME [THREADS]: the runtime's times by operator)

The MLP of mlp_step.py, LeNet and ResNet-8 of conv_steps.py, each one captured graph of forward
pass, gradient and momentum. "host" is what our Python costs a step beside the runtime; see
`host_seconds`.
"""

from __future__ import annotations

import collections
import contextlib
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import conv_steps
import mlp_step
import numpy as np
from harness import in_process, measure, table

import mslearn as ms
from mslearn import nn

OURS = "mslearn on ONNX Runtime"


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


def jitted_step(title: str):
    """(jitted step, its arguments)"""
    net, loss_fn = net_of(title), nn.CrossEntropyLoss()
    optimizer = nn.Momentum(net.trainable_params(), mlp_step.RATE, mlp_step.MOMENTUM)
    grad_fn = ms.value_and_grad(lambda d, t: loss_fn(net(d), t), None, optimizer.parameters)

    @ms.jit(backend="onnxruntime")
    def step(data, label):
        loss, grads = grad_fn(data, label)
        optimizer(grads)
        return loss

    return step, tuple(map(ms.Tensor, data_of(title)))


class Timed:
    """A session that adds up the time inside of it."""

    def __init__(self, session) -> None:
        self.session, self.inside = session, 0.0

    def run_with_iobinding(self, binding) -> None:
        start = time.perf_counter()
        self.session.run_with_iobinding(binding)
        self.inside += time.perf_counter() - start


def host_seconds(title: str, rounds: int = 120) -> float:
    """What a step costs outside of the session's run, above a loop that only binds the batch and
    runs the session.

    Both get another batch at each step and are measured in turn; the quiet quarter counts. (After
    a step all code and data are cold: the runtime's `bind_cpu_input`, 4 us in a loop of its own,
    takes 20 to 40 us there.)
    """
    step, (data, label) = jitted_step(title)
    batches = [(ms.Tensor(data.asnumpy().copy()), label) for _ in range(4)]
    for batch in batches:
        step(*batch)
    executable = step.compilations[0].executable
    executable.session = timed = Timed(executable.session)
    binding, name = executable._bindings[0], executable._names[0]

    def bare(data, _) -> None:
        binding.bind_cpu_input(name, data._value)
        timed.run_with_iobinding(binding)

    def outside(call, batch) -> float:
        before, start = timed.inside, time.perf_counter()
        call(*batch)
        return time.perf_counter() - start - (timed.inside - before)

    pairs = [(outside(step, b), outside(bare, b)) for _ in range(rounds // 4) for b in batches]
    whole, least = (statistics.quantiles(times, n=4)[0] for times in zip(*pairs, strict=True))
    return whole - least


def torch_step(title: str, threads: int):
    if title in conv_steps.NETS:
        return conv_steps.torch_step(net_of(title), *data_of(title), threads)
    return mlp_step.torch_step(threads)


def contenders(title: str, threads: int) -> dict[str, object]:
    found = {}
    with contextlib.suppress(ImportError):
        found["PyTorch eager"] = torch_step(title, threads)
    step, args = jitted_step(title)
    found[OURS] = lambda: step(*args)
    for i in range(3):  # the third loss only agrees when gradients and statistics do
        losses = [float(getattr(x := s(), "detach", lambda x=x: x)()) for s in found.values()]
        assert max(losses) - min(losses) < 2e-3, f"{title}, step {i}: the losses are {losses}"
    return found


def child(threads: int) -> dict[str, dict[str, float]]:
    ms.set_context(runtime_num_threads=threads)
    return {
        title: {**measure(contenders(title, threads), 15, 0.1), "host": host_seconds(title)}
        for title in NETS
    }


def profile(title: str, threads: int) -> None:
    """The runtime's own profile of a step: time by operator and shapes."""
    import onnxruntime as ort

    ms.set_context(runtime_num_threads=threads)
    start = ort.SessionOptions.__init__

    def profiled(self, *args):
        start(self, *args)
        self.enable_profiling = True
        self.profile_file_prefix = str(Path(tempfile.gettempdir()) / "mslearn-ort")

    class Profiled(ort.SessionOptions):
        __init__ = profiled

    ort.SessionOptions = Profiled
    step, args = jitted_step(title)
    for _ in range(100):
        step(*args)
    path = Path(step.compilations[0].executable.session.end_profiling())
    events = [e for e in json.loads(path.read_text()) if e.get("cat") == "Node"]
    path.unlink()
    times: dict[tuple[str, str], list[int]] = collections.defaultdict(list)
    for event in events:
        if event["name"].endswith("_kernel_time"):
            found = event["args"]
            shapes = [
                [next(iter(s.values())) for s in found[f"{k}_type_shape"]]
                for k in ("input", "output")
            ]
            what = f"{found['op_name']:18} {shapes[0]} -> {shapes[1]}"
            times[event["name"], what].append(event["dur"])
    spent: dict[str, list[float]] = collections.defaultdict(list)
    for (_, what), durations in times.items():  # the quiet quarter: others use the machine, too
        spent[what].append(sorted(durations)[len(durations) // 4] / 1e3)
    total = sum(map(sum, spent.values()))
    print(f"{title}, {threads} thread(s): {total:.2f} ms in {len(times)} operators")
    for what, each in sorted(spent.items(), key=lambda kv: -sum(kv[1]))[:50]:
        print(f"  {sum(each):7.3f} ms  {len(each):2} x {what}")


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
            host = times.pop("host") * 1e3
            table(f"{title}, {threads} thread(s); host {host:.3f} ms", times, OURS)


if __name__ == "__main__":
    main()

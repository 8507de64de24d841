"""What we write as MindIR, for real MindSpore and for our own loader: (bytes, inputs, outputs)."""

from __future__ import annotations

import numpy as np
from export import control_nets
from export.nets import build, fill, spread
from export.record_mindspore import flat
from export.samples import EVERY, sample

import mslearn as ms
from mslearn.core.primitive import registry
from mslearn.core.tensor import Abstract
from mslearn.graph.capture import capture
from mslearn.graph.ir import Graph, Node
from mslearn.interchange.files import captured
from mslearn.interchange.mindir_model import mindir_model
from mslearn.interchange.refusal import ExportError

DRAWN = {"StandardNormal", "UniformReal", "DropoutMask", "HostDraw", "NextKey"}  # host makes them
# The families that networks, losses and optimizers are made of: nothing in them may be refused.
NETWORKS = {
    "compare", "control", "elementwise", "indexing", "neural", "linalg", "shape",
    "reduce", "trigonometry", "arrange", "gather_scatter", "optimizer", "optimizer_more", "lars",
    "activations", "pool", "loss", "conv", "normalization", "recurrent", "lstm",
}  # fmt: skip


def one_node(name, arrays, attrs, wanted):
    """A graph of one primitive."""
    inputs = [Abstract(a.shape, a.dtype) for a in arrays]
    outputs = tuple(Abstract(w.shape, w.dtype) for w in wanted)
    node = Node(registry[name], tuple(inputs), attrs, outputs, several=len(outputs) > 1)
    names = [f"x{i}" for i in range(len(inputs))]
    return Graph(name, inputs, names, nodes=[node], outputs=list(outputs))


def with_elements(name, i):
    """Whether no array of the sample is empty: runtimes differ about those."""
    arrays, _, wanted = sample(name, i)
    return all(np.size(a) for a in (*arrays, *wanted))


def split(lower):
    """(cases that `lower` takes, the primitives that it refuses)."""
    taken, refused = [], set()
    for name, i in EVERY:
        if name in DRAWN or name in refused or not with_elements(name, i):
            continue
        try:
            lower(one_node(name, *sample(name, i)))
            taken.append((name, i))
        except ExportError as error:
            assert str(error).startswith("For 'export', ")
            refused.add(name)
    return [(n, i) for n, i in taken if n not in refused], refused


def zoo():
    """{name: (network, input array)}: families of `mslearn.models`, small."""
    models = ms.models
    words = (np.arange(12) * 7 % 50).astype(np.int32).reshape(2, 6)
    image = spread((2, 3, 32, 32), 37, 1).astype(np.float32)
    nets = {
        "resnet8": (models.resnet8(), image),
        "vit": (models.vit_tiny(), image),
        "gpt": (models.GPT(models.GPTConfig(vocab_size=60, block_size=16)), words),
        "lstm": (models.LSTMClassifier(60, 8, 8), words),
    }
    for net, _ in nets.values():
        fill(ms, net)
        net.set_train(False)
    return nets


def step_of(name, optimizer):
    """A training step of a network: the function, its inputs and the Parameters."""
    net, x = build(ms)[name]
    net.set_train(True)
    y = np.array([1, 2], np.int32)
    update = optimizer(net.trainable_params())
    loss = ms.nn.CrossEntropyLoss()
    gradient = ms.value_and_grad(lambda a, b: loss(net(a), b), None, update.parameters)

    def step(a, b):
        value, grads = gradient(a, b)
        update(grads)
        return value

    return step, [ms.Tensor(x), ms.Tensor(y)]


def sgd(params):
    return ms.nn.SGD(params, learning_rate=0.1)


def steps():
    """A whole SGD step of three networks: loss and new weights."""
    for name in ("mlp", "lenet", "resnet"):
        step, inputs = step_of(name, sgd)
        model = mindir_model(capture(step, inputs).graph)
        feeds = [t.asnumpy() for t in inputs]
        feeds += [p.parameter.asnumpy().copy() for p in model.inputs if p.parameter is not None]
        loss = step(*inputs)
        new = [p.parameter.asnumpy() for p in model.outputs if p.parameter is not None]
        yield f"step_{name}", (model.data, feeds, [loss.asnumpy(), *new])


def cases():
    """Everything that real MindSpore is asked to run."""
    out = {}
    for name, i in split(mindir_model)[0]:
        arrays, attrs, wanted = sample(name, i)
        data = mindir_model(one_node(name, arrays, attrs, wanted)).data
        out[f"{name}-{i}"] = (data, arrays, wanted)
    for name, (net, x) in zoo().items():
        data = mindir_model(captured(net, [ms.Tensor(x)])[0]).data
        out[f"zoo_{name}"] = (data, [x], [net(ms.Tensor(x)).asnumpy()])
    for name, (net, x) in build(ms).items():
        free = ms.Tensor(shape=[None, *x.shape[1:]], dtype=ms.Tensor(x).dtype)
        for kind, example in (("", ms.Tensor(x)), ("_dynamic", free)):
            graph, resized = captured(net, [example])
            data = mindir_model(graph, resized=resized).data
            out[f"net_{name}{kind}"] = (data, [x], [net(ms.Tensor(x)).asnumpy()])
    for name, net in control_nets.build(ms).items():
        data = mindir_model(captured(net, [ms.Tensor(control_nets.inputs()[0])])[0]).data
        for k, x in enumerate(control_nets.inputs()):
            wanted = [t.asnumpy() for t in flat(net(ms.Tensor(x)))]
            out[f"control_{name}-{k}"] = (data, [x], wanted)
    for name, function in control_nets.derived(ms).items():
        graph = captured(function, [ms.Tensor(control_nets.inputs()[0])])[0]
        data = mindir_model(graph, own_draws=True).data
        for k, x in enumerate(control_nets.inputs()):
            wanted = [t.asnumpy() for t in flat(function(ms.Tensor(x)))]
            out[f"control_{name}-{k}"] = (data, [x], wanted)
    out.update(steps())
    return out

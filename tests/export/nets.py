"""Networks that are exported and loaded in the tests; `record_mindspore.py` makes them too.

Each is written against a module `ms` that is mslearn or real MindSpore.
"""

from __future__ import annotations

import numpy as np


def build(ms):
    """{name: (network, input array)} in the framework `ms`, with weights that follow a formula."""
    nn, ops = ms.nn, ms.ops

    class LeNet(nn.Cell):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(1, 4, 5, pad_mode="valid")
            self.conv2 = nn.Conv2d(4, 6, 5, pad_mode="valid", has_bias=True)
            self.pool, self.relu, self.flatten = nn.MaxPool2d(2, 2), nn.ReLU(), nn.Flatten()
            self.fc1, self.fc2 = nn.Dense(96, 20, activation="relu"), nn.Dense(20, 10)

        def construct(self, x):
            x = self.pool(self.relu(self.conv1(x)))
            x = self.pool(self.relu(self.conv2(x)))
            return self.fc2(self.fc1(self.flatten(x)))

    class Block(nn.Cell):
        def __init__(self, inner, outer, stride):
            super().__init__()
            self.conv1 = nn.Conv2d(inner, outer, 3, stride, pad_mode="same")
            self.bn1, self.bn2 = nn.BatchNorm2d(outer), nn.BatchNorm2d(outer)
            self.conv2 = nn.Conv2d(outer, outer, 3, pad_mode="same")
            self.down = nn.Conv2d(inner, outer, 1, stride, pad_mode="same")
            self.wider, self.relu = stride > 1, nn.ReLU()

        def construct(self, x):
            y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
            return self.relu((self.down(x) if self.wider else x) + y)

    class ResNet(nn.Cell):
        def __init__(self):
            super().__init__()
            self.conv, self.bn = nn.Conv2d(3, 3, 3, pad_mode="same"), nn.BatchNorm2d(3)
            self.relu, self.fc = nn.ReLU(), nn.Dense(6, 10)
            self.stages = nn.SequentialCell(Block(3, 6, 2))

        def construct(self, x):
            x = self.stages(self.relu(self.bn(self.conv(x))))
            return ops.softmax(self.fc(x.mean((2, 3))), -1)

    class Reader(nn.Cell):
        def __init__(self):
            super().__init__()
            self.embedding, self.norm = nn.Embedding(20, 6), nn.LayerNorm((10,))
            self.lstm = nn.LSTM(6, 5, batch_first=True, bidirectional=True)
            self.fc = nn.Dense(10, 3)

        def construct(self, x):
            y, _ = self.lstm(self.embedding(x))
            return self.fc(ops.gelu(self.norm(y[:, -1])))

    mlp = nn.SequentialCell(nn.Dense(6, 8, activation="relu"), nn.Dense(8, 3), nn.Softmax())
    nets = {"mlp": (mlp, (2, 6)), "lenet": (LeNet(), (2, 1, 28, 28)),
            "resnet": (ResNet(), (2, 3, 8, 8)), "reader": (Reader(), (2, 4))}  # fmt: skip
    made = {}
    for name, (net, shape) in nets.items():
        net.set_train(False)
        fill(ms, net)
        ids = np.arange(np.prod(shape)) * 7 % 20
        x = ids.astype(np.int32) if name == "reader" else spread(shape, 37, 1).astype(np.float32)
        made[name] = (net, x.reshape(shape))
    return made


def fill(ms, net):
    """Give a network weights that follow a formula."""
    for i, param in enumerate(net.get_parameters()):
        values = spread(param.shape, 7919, i) / max(1, (param.size / param.shape[0]) ** 0.5 / 4)
        values = abs(values) + 0.5 if "variance" in param.name else values
        param.set_data(ms.Tensor(values.astype(np.float32)))


def spread(shape, factor, start):
    """Numbers from -0.5 to 0.5 that are the same to the last bit on every machine."""
    n = np.arange(int(np.prod(shape)), dtype=np.int64)
    return ((n * factor + start * 104729) % 1009 / 1009 - 0.5).reshape(shape)

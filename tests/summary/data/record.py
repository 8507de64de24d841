"""Record the event files of real MindSpore that the reader is tested with.

path/to/mindspore-venv/bin/python tests/summary/data/record.py FOLDER
"""

import sys

import mindspore as ms
import mindspore.dataset as ds
import numpy as np
from mindspore import Tensor, nn, ops
from mindspore.train import Accuracy, Model


class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.conv, self.flat, self.relu = nn.Conv2d(1, 2, 3), nn.Flatten(), nn.ReLU()
        self.fc = nn.Dense(128, 3)
        self.scalar, self.tensor = ops.ScalarSummary(), ops.TensorSummary()
        self.histogram, self.image = ops.HistogramSummary(), ops.ImageSummary()

    def construct(self, x):
        self.image("my_image", x)
        z = self.relu(self.conv(x))
        self.histogram("act", z)
        logits = self.fc(self.flat(z))
        self.tensor("logits", logits)
        self.scalar("mean", logits.mean())
        return logits


def main(folder):
    ms.set_context(mode=ms.GRAPH_MODE, device_target="CPU")
    ms.set_seed(1)
    rng = np.random.RandomState(0)
    x = rng.rand(32, 1, 8, 8).astype(np.float32)
    y = rng.randint(0, 3, 32).astype(np.int32)
    data = ds.NumpySlicesDataset((x, y), ["data", "label"], shuffle=False).batch(4)
    net = Net()
    loss = nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean")
    optimizer = nn.Momentum(net.trainable_params(), 0.1, 0.9)
    model = Model(net, loss, optimizer, metrics={"Accuracy": Accuracy()})
    custom = {"note": "small", "width": 3, "rate": 0.5}
    collector = ms.SummaryCollector(f"{folder}/mindspore", 2, custom_lineage_data=custom)
    model.train(2, data, callbacks=[collector], dataset_sink_mode=False)
    model.eval(data, callbacks=[collector], dataset_sink_mode=False)
    with ms.SummaryRecord(folder) as record:
        for step in range(3):
            record.add_value("scalar", "loss", Tensor(0.5 - step / 10))
            record.add_value("histogram", "h", Tensor(np.arange(12, dtype=np.float32)))
            record.add_value("image", "im", Tensor(rng.rand(2, 3, 4, 4).astype(np.float32)))
            record.add_value("tensor", "t", Tensor(np.arange(6, dtype=np.float32).reshape(2, 3)))
            record.record(step)


if __name__ == "__main__":
    main(sys.argv[1])

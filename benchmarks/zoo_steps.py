"""Training steps of two networks of the model zoo, compared with PyTorch eager.

    python benchmarks/zoo_steps.py            (--profile: where mslearn's time goes)

ResNet-18 on 8 images of 64×64, and BiLSTM-CRF on 16 sentences of 10 to 30 words (vectors of 64,
state 64, 9 tags); momentum; with one and two threads. PyTorch starts from mslearn's weights, and
both must compute the same loss.
"""

from __future__ import annotations

import contextlib
import json
import sys

import numpy as np
from harness import in_process, measure, peak_memory, peaks, profile, table

import mslearn as ms
from mslearn import models, nn

RATE, MOMENTUM = 0.001, 0.9
IMAGES, PIXELS, CLASSES = 8, 64, 10
SENTENCES, WORDS, VOCABULARY, SIZE, TAGS = 16, 30, 1000, 64, 9


def data(title: str) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(0)
    if title.startswith("ResNet"):
        x = rng.standard_normal((IMAGES, 3, PIXELS, PIXELS), np.float32)
        return x, rng.integers(0, CLASSES, IMAGES).astype(np.int32)
    words = rng.integers(1, VOCABULARY, (SENTENCES, WORDS)).astype(np.int32)
    lengths = rng.integers(10, WORDS + 1, SENTENCES).astype(np.int32)
    return words, lengths, rng.integers(0, TAGS, (SENTENCES, WORDS)).astype(np.int32)


class ResNetLoss(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.net, self.loss = models.resnet18(CLASSES), nn.CrossEntropyLoss()

    def construct(self, x: ms.Tensor, y: ms.Tensor) -> ms.Tensor:
        return self.loss(self.net(x), y)


def made(title: str) -> nn.Cell:
    ms.set_seed(1)
    if title.startswith("ResNet"):
        return ResNetLoss().set_train()
    return models.BiLSTM_CRF(VOCABULARY, SIZE, SIZE, TAGS).set_train()


def mslearn_step(title: str):
    net = made(title)
    optimizer = nn.Momentum(net.trainable_params(), RATE, MOMENTUM)
    grad_fn = ms.value_and_grad(net, None, optimizer.parameters)
    inputs = [ms.Tensor(a) for a in data(title)]

    def step():
        loss, grads = grad_fn(*inputs)
        optimizer(grads)
        return loss

    return step


def torch_resnet(net: nn.Cell, torch):
    def layer(cell: nn.Cell):
        if isinstance(cell, nn.Conv2d):
            made = torch.nn.Conv2d(
                cell.in_channels, cell.out_channels, cell.kernel_size, cell.stride,
                cell.padding, bias=False,
            )  # fmt: skip
        elif isinstance(cell, nn.BatchNorm2d):
            return torch.nn.BatchNorm2d(cell.num_features)
        elif isinstance(cell, nn.MaxPool2d):
            return torch.nn.MaxPool2d(3, 2, 1)
        elif isinstance(cell, nn.Dense):
            made = torch.nn.Linear(cell.in_channels, cell.out_channels)
            made.bias.data.copy_(torch.from_numpy(cell.bias.asnumpy()))
        elif isinstance(cell, models.resnet.ResidualBlockBase):
            return Block(cell)
        elif isinstance(cell, nn.ReLU | nn.Identity):
            return getattr(torch.nn, type(cell).__name__)()
        else:
            return torch.nn.Sequential(*(layer(c) for c in cell.cells()))
        made.weight.data.copy_(torch.from_numpy(cell.weight.asnumpy()))
        return made

    class Block(torch.nn.Module):
        def __init__(self, cell: nn.Cell) -> None:
            super().__init__()
            self.conv1, self.conv2 = layer(cell.conv1), layer(cell.conv2)
            self.down_sample = layer(cell.down_sample)

        def forward(self, x):
            return (self.conv2(self.conv1(x).relu()) + self.down_sample(x)).relu()

    stem, stages, fc = (layer(getattr(net.net, n)) for n in ("stem", "stages", "fc"))
    module = torch.nn.Sequential(stem, stages, torch.nn.AdaptiveAvgPool2d(1),
                                 torch.nn.Flatten(), fc)  # fmt: skip
    loss_fn = torch.nn.CrossEntropyLoss()
    return module, lambda x, y: loss_fn(module(x), y.long())


def torch_crf(net: nn.Cell, torch):
    class Tagger(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = torch.nn.Embedding(VOCABULARY, SIZE)
            self.lstm = torch.nn.LSTM(SIZE, SIZE // 2, bidirectional=True, batch_first=True)
            self.head = torch.nn.Linear(SIZE, TAGS)
            self.start, self.end = (torch.nn.Parameter(torch.zeros(TAGS)) for _ in range(2))
            self.move = torch.nn.Parameter(torch.zeros(TAGS, TAGS))

        def forward(self, words, lengths, tags):
            rnn = torch.nn.utils.rnn
            packed = rnn.pack_padded_sequence(
                self.table(words), lengths, batch_first=True, enforce_sorted=False
            )
            out, _ = rnn.pad_packed_sequence(
                self.lstm(packed)[0], batch_first=True, total_length=WORDS
            )
            e, tags = self.head(out).swapaxes(0, 1), tags.long().T
            mask = (torch.arange(WORDS)[:, None] < lengths).float()
            emitted = (e.gather(2, tags[:, :, None])[:, :, 0] * mask).sum(0)
            moves = (self.move[tags[:-1], tags[1:]] * mask[1:]).sum(0)
            last = tags.gather(0, (lengths - 1)[None].long())[0]
            right = emitted + moves + self.start[tags[0]] + self.end[last]
            score = self.start + e[0]
            for t in range(1, WORDS):
                longer = torch.logsumexp(score[:, :, None] + self.move + e[t][:, None], 1)
                score = torch.where(mask[t][:, None] > 0, longer, score)
            return (torch.logsumexp(score + self.end, 1) - right).sum()

    module = Tagger()
    theirs = {"embedding.embedding_table": "table.weight", "hidden2tag.weight": "head.weight",
              "hidden2tag.bias": "head.bias", "crf.start_transitions": "start",
              "crf.end_transitions": "end", "crf.transitions": "move"}  # fmt: skip
    state = {theirs.get(p.name, p.name): torch.from_numpy(p.asnumpy().copy())
             for p in net.get_parameters()}  # fmt: skip
    module.load_state_dict(state)
    return module, module


def torch_step(title: str, threads: int):
    import torch

    torch.set_num_threads(threads)
    build = torch_resnet if title.startswith("ResNet") else torch_crf
    module, forward = build(made(title), torch)
    optimizer = torch.optim.SGD(module.parameters(), RATE, MOMENTUM)
    inputs = [torch.from_numpy(a) for a in data(title)]

    def step():
        optimizer.zero_grad()
        loss = forward(*inputs)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


NETS = (
    f"ResNet-18, {IMAGES} images of {PIXELS}×{PIXELS}",
    f"BiLSTM-CRF, {SENTENCES} sentences of up to {WORDS} words",
)
LIBRARIES = ("PyTorch eager", "mslearn")
CONTENDERS = {f"{title}: {library}": (title, library) for title in NETS for library in LIBRARIES}


def contender(title: str, library: str, threads: int):
    return mslearn_step(title) if library == "mslearn" else torch_step(title, threads)


def child(threads: int) -> dict[str, dict[str, float]]:
    found = {}
    for title in NETS:
        contenders = {}
        for library in LIBRARIES:
            with contextlib.suppress(ImportError):
                contenders[library] = contender(title, library, threads)
        for i in range(3):  # the third loss only agrees when the gradients do
            losses = [float(step()) for step in contenders.values()]
            assert max(losses) - min(losses) < 2e-3 * abs(losses[0]), f"{title}, {i}: {losses}"
        found[title] = measure(contenders, 9, 0.1)
    return found


def main() -> None:
    if "--child" in sys.argv:
        print(json.dumps(child(int(sys.argv[2]))))
        return
    if "--profile" in sys.argv:
        return profile({title: mslearn_step(title) for title in NETS}, 5)
    if "--peak" in sys.argv:
        return peak_memory(lambda name: contender(*CONTENDERS[name], 1))
    for threads in (1, 2):
        for title, times in in_process(__file__, threads).items():
            table(f"{title}, {threads} thread(s)", times, "mslearn")
    peaks(__file__, CONTENDERS)


if __name__ == "__main__":
    main()

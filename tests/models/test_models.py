"""The model zoo: as many parameters as published, forward and backward, and what each is for."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import mslearn as ms
from mslearn import nn, ops
from mslearn.models import crf, ssd

m = ms.models
RNG = np.random.default_rng(4)

# Counts of torchvision, of the papers' reference code, or (named so) of the layers by hand.
COUNTS = {
    "AlexNet": (m.AlexNet, 61_100_840),
    "vgg11": (m.vgg11, 132_863_336),
    "vgg13": (m.vgg13, 133_047_848),
    "vgg16": (m.vgg16, 138_357_544),
    "vgg19": (m.vgg19, 143_667_240),
    "vgg16_bn": (lambda: m.vgg16(batch_norm=True), 138_365_992),
    "resnet18": (m.resnet18, 11_689_512),
    "resnet34": (m.resnet34, 21_797_672),
    "resnet50": (m.resnet50, 25_557_032),
    "resnet101": (m.resnet101, 44_549_160),
    "resnet152": (m.resnet152, 60_192_808),
    "resnet20": (m.resnet20, 272_474),
    "resnet8": (m.resnet8, 78_042),
    "mobilenet_v2": (m.mobilenet_v2, 3_504_872),
    "shufflenet_v2_x0_5": (lambda: m.shufflenet_v2(width=0.5), 1_366_792),
    "shufflenet_v2_x1_0": (m.shufflenet_v2, 2_278_604),
    "shufflenet_v2_x1_5": (lambda: m.shufflenet_v2(width=1.5), 3_503_624),
    "shufflenet_v2_x2_0": (lambda: m.shufflenet_v2(width=2.0), 7_393_996),
    "ssd300_vgg16": (m.SSD300, 35_641_826),
    "vit_b_16": (m.vit_b_16, 86_567_656),
    "BERT-Base": (lambda: m.BertModel(m.BertConfig.base()), 109_482_240),
    "GPT-2": (lambda: m.GPT(m.GPTConfig.gpt2()), 124_439_808),
    "DCGAN generator": (m.Generator, 3_576_704),
    "DCGAN discriminator": (m.Discriminator, 2_765_568),
    "DDPM for CIFAR-10": (m.UNet, 35_746_307),
    "LeNet-5": (m.LeNet5, 61_706),
    "FCN-8s by hand": (m.FCN8s, 134_489_759),
    "LSTM by hand": (
        lambda: m.LSTMClassifier(1000, 100, 256),
        1000 * 100 + 8 * 256 * (100 + 256 + 2) + 8 * 256 * (512 + 256 + 2) + 512 * 2 + 2,
    ),
    "BiLSTM-CRF by hand": (
        lambda: m.BiLSTM_CRF(50, 8, 6, 3),
        50 * 8 + 8 * 3 * (8 + 3 + 2) + 6 * 3 + 3 + 3 * 3 + 3 + 3,
    ),
}


@pytest.mark.parametrize("name", COUNTS)
def test_as_many_parameters_as_published(name):
    make, wanted = COUNTS[name]
    with nn.no_init_parameters():  # nothing is drawn: VGG would take seconds
        net = make()
    assert sum(p.size for p in net.trainable_params()) == wanted
    net.check_names()  # a checkpoint has every parameter under a name of its own


@pytest.mark.parametrize(("width", "millions"), [(0.5, 0.7), (1.0, 1.9), (1.5, 3.4), (2.0, 5.4)])
def test_shufflenet_v1_is_as_large_as_its_authors_say(width, millions):
    with nn.no_init_parameters():
        net = m.shufflenet_v1(width=width)
    assert round(sum(p.size for p in net.trainable_params()) / 1e6, 1) == millions


def images(*shape):
    return ms.Tensor(RNG.standard_normal(shape).astype(np.float32))


def words(*shape, high=20):
    return ms.Tensor(RNG.integers(1, high, shape).astype(np.int32))


SMALL = {
    "LeNet5": (m.LeNet5, lambda: [images(2, 1, 28, 28)], (2, 10)),
    "resnet8": (m.resnet8, lambda: [images(2, 3, 16, 16)], (2, 10)),
    "resnet20": (m.resnet20, lambda: [images(2, 3, 8, 8)], (2, 10)),
    "resnet18": (lambda: m.resnet18(4), lambda: [images(2, 3, 32, 32)], (2, 4)),
    "bottlenecks": (
        lambda: m.ResNet(m.resnet.ResidualBlock, (1, 1), 5, 8),
        lambda: [images(2, 3, 16, 16)], (2, 5),
    ),
    "mobilenet_v2": (lambda: m.mobilenet_v2(5, 0.25), lambda: [images(2, 3, 32, 32)], (2, 5)),
    "shufflenet_v1": (lambda: m.shufflenet_v1(5, 0.5), lambda: [images(2, 3, 32, 32)], (2, 5)),
    "shufflenet_v2": (lambda: m.shufflenet_v2(5, 0.5), lambda: [images(2, 3, 32, 32)], (2, 5)),
    "vit_tiny": (m.vit_tiny, lambda: [images(2, 3, 32, 32)], (2, 10)),
    "LSTMClassifier": (
        lambda: m.LSTMClassifier(20, 6, 5), lambda: [words(3, 4), ms.Tensor([4, 2, 1])], (3, 2),
    ),
    "GPT": (lambda: m.GPT(m.GPTConfig(20, 8, 2, 2, 8)), lambda: [words(2, 6)], (2, 6, 20)),
    "BERT classifier": (
        lambda: m.BertForSequenceClassification(m.BertConfig(20, 8, 1, 2, 16, 10), 3),
        lambda: [words(2, 6)], (2, 3),
    ),
    "Generator": (lambda: m.Generator(10, 1, 4), lambda: [images(2, 10, 1, 1)], (2, 1, 64, 64)),
    "Discriminator": (lambda: m.Discriminator(1, 4), lambda: [images(2, 1, 64, 64)], (2, 1)),
    "FCN8s": (lambda: m.FCN8s(3, 8), lambda: [images(1, 3, 32, 64)], (1, 3, 32, 64)),
    "UNet": (
        lambda: m.UNet(8, (1, 2), (1,), 1, 1),
        lambda: [images(2, 1, 8, 8), ms.Tensor([3, 900])], (2, 1, 8, 8),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SMALL)
def test_forward_and_backward(name):
    ms.set_seed(1)
    make, inputs, shape = SMALL[name]
    net, xs = make().set_train(), inputs()
    params = ms.ParameterTuple(net.trainable_params())

    def loss(*xs):
        return ops.square(net(*xs)).mean()

    value, grads = ms.value_and_grad(loss, None, params)(*xs)
    assert net(*xs).shape == shape and np.isfinite(float(value))
    still = [p.name for p, g in zip(params, grads, strict=True) if not g.asnumpy().any()]
    # Without words of the second sentence, or with two words, some rows have no gradient at all.
    assert len(still) < len(params) / 4, still
    assert all(np.isfinite(g.asnumpy()).all() for g in grads)


@pytest.mark.parametrize("name", ["AlexNet", "vgg11"])
def test_large_classifiers_run(name):
    with nn.no_init_parameters():
        net = getattr(m, name)(3).set_train(False)
    assert net(images(1, 3, 64, 64)).shape == (1, 3)


def test_postponed_values_come_when_asked_for():
    with nn.no_init_parameters():
        net = nn.SequentialCell(nn.Dense(3, 2), nn.Dense(2, 2))
    assert not net[0].weight.asnumpy().any()
    net[1].weight.set_data(ops.ones((2, 2)))
    net.init_parameters_data()
    assert net[0].weight.asnumpy().all() and net[1].weight.asnumpy().tolist() == [[1, 1], [1, 1]]
    assert nn.Dense(2, 2).weight.asnumpy().any()


def test_crf_agrees_with_trying_all_sequences():
    tags, lengths = 3, [4, 2, 1]
    field = m.CRF(tags, batch_first=True, reduction="none")
    e = RNG.standard_normal((3, 4, tags)).astype(np.float32)
    right = RNG.integers(0, tags, (3, 4)).astype(np.int32)
    move, start, end = (
        getattr(field, n).asnumpy() for n in ("transitions", "start_transitions", "end_transitions")
    )

    def score(row, seq):
        total = start[seq[0]] + end[seq[-1]] + sum(e[row, t, k] for t, k in enumerate(seq))
        return total + sum(move[a, b] for a, b in itertools.pairwise(seq))

    lengths_t = ms.Tensor(lengths)
    loss = field(ms.Tensor(e), ms.Tensor(right), lengths_t).asnumpy()
    found = crf.post_decode(*field(ms.Tensor(e), seq_length=lengths_t), lengths_t)
    for row, length in enumerate(lengths):
        every = list(itertools.product(range(tags), repeat=length))
        scores = [score(row, seq) for seq in every]
        wanted = np.log(np.exp(scores).sum()) - score(row, right[row, :length])
        assert abs(loss[row] - wanted) < 1e-4
        assert found[row] == list(every[int(np.argmax(scores))])
    whole = m.CRF(tags, True, "token_mean")
    assert whole(ms.Tensor(e), ms.Tensor(right), lengths_t).shape == ()
    with pytest.raises(ValueError, match="token_mean"):
        m.CRF(0)


def test_bilstm_crf_learns_to_tag():
    """As in the tutorial: two sentences, 60 steps, and the tags are right."""
    ms.set_seed(0)
    seqs = np.array([[1, 2, 3, 4, 5], [6, 3, 7, 0, 0]], np.int32)
    tags = np.array([[0, 1, 1, 2, 2], [2, 1, 0, 0, 0]], np.int32)
    lengths = ms.Tensor([5, 3])
    net = m.BiLSTM_CRF(8, 5, 4, 3)
    optimizer = nn.SGD(net.trainable_params(), 0.05, weight_decay=1e-4)
    step = ms.value_and_grad(net, None, optimizer.parameters)
    for _ in range(60):
        loss, grads = step(ms.Tensor(seqs), lengths, ms.Tensor(tags))
        optimizer(grads)
    found = m.post_decode(*net(ms.Tensor(seqs), lengths), lengths)
    assert found == [[0, 1, 1, 2, 2], [2, 1, 0]], float(loss)


def test_gpt_sees_the_past_only_and_writes_on():
    ms.set_seed(2)
    net = m.GPT(m.GPTConfig(20, 8, 2, 2, 8)).set_train(False)
    text = words(1, 6)
    other = ms.Tensor(np.concatenate([text.asnumpy()[:, :4], [[1, 2]]], 1).astype(np.int32))
    np.testing.assert_allclose(net(text)[:, :4].asnumpy(), net(other)[:, :4].asnumpy(), atol=1e-6)
    longer = net.generate(text, 5)
    assert longer.shape == (1, 11) and (longer[:, :6] == text).all()
    assert net.generate(text, 2, temperature=1.0).shape == (1, 8)
    with pytest.raises(ValueError, match="at most block_size = 8"):
        net(words(1, 9))


def test_bert_does_not_look_at_padding():
    ms.set_seed(2)
    net = m.BertForPretraining(m.BertConfig(20, 8, 2, 2, 16, 10)).set_train(False)
    text, mask = words(1, 6), ms.Tensor([[1, 1, 1, 1, 0, 0]])
    other = ms.Tensor(np.concatenate([text.asnumpy()[:, :4], [[1, 2]]], 1).astype(np.int32))
    one, two = net(text, mask), net(other, mask)
    np.testing.assert_allclose(one[0][:, :4].asnumpy(), two[0][:, :4].asnumpy(), atol=1e-5)
    np.testing.assert_allclose(one[1].asnumpy(), two[1].asnumpy(), atol=1e-5)
    assert not np.allclose(net(text)[1].asnumpy(), net(other)[1].asnumpy(), atol=1e-5)


def test_ssd_boxes():
    defaults = ssd.default_boxes()
    assert defaults.shape == (8732, 4)
    boxes = np.array([[0.5, 0.5, 0.4, 0.3], [0.2, 0.8, 0.05, 0.05]], np.float32)
    moves, classes = ssd.match(boxes, np.array([7, 3]), defaults)
    assert {0, 3, 7} == set(classes)
    back = ssd.decode(moves, defaults)
    np.testing.assert_allclose(back[classes == 7], np.tile(boxes[0], ((classes == 7).sum(), 1)),
                               atol=1e-5)  # fmt: skip
    np.testing.assert_allclose(ssd.overlap(boxes, boxes), np.eye(2), atol=1e-5)
    half = np.array([[0.5, 0.5, 0.2, 0.3]], np.float32)
    np.testing.assert_allclose(ssd.overlap(boxes[:1], half), [[0.5]], atol=1e-6)


def test_ssd_answers_for_every_box():
    with nn.no_init_parameters():
        net = m.SSD300(3).set_train(False)
    moves, scores = net(images(1, 3, 300, 300))
    assert moves.shape == (1, 8732, 4) and scores.shape == (1, 8732, 3)


def test_ssd_loss_counts_the_worst_empty_boxes_only():
    loss = m.MultiBoxLoss()
    moves, wanted = np.zeros((1, 8, 4), np.float32), np.zeros((1, 8, 4), np.float32)
    scores = np.zeros((1, 8, 2), np.float32)
    classes = np.zeros((1, 8), np.int32)
    classes[0, 0], wanted[0, 0, 0] = 1, 0.5
    scores[0, :, 0] = [0, 9, 9, -1, -2, 9, -3, 9]  # three empty boxes seem to hold something
    log_p = scores[0] - np.log(np.exp(scores[0]).sum(1, keepdims=True))
    expected = 0.5 * 0.25 - log_p[0, 1] - log_p[[3, 4, 6], 0].sum()
    args = [ms.Tensor(a) for a in (moves, scores, wanted, classes)]
    assert abs(float(loss(*args)) - expected) < 1e-4
    grads = ms.grad(loss, (0, 1))(*args)
    assert grads[1].asnumpy()[0, 1].tolist() == [0, 0] and grads[1].asnumpy()[0, 3].any()


def test_names_are_corrected():
    with pytest.raises(AttributeError, match="Did you mean 'resnet18'"):
        _ = m.resnet_18


def torchvision_resnet18():
    """Names and shapes of torchvision's resnet18, in its order, with a 16th of the channels."""

    def norm(name, n):
        parts = ("weight", "bias", "running_mean", "running_var")
        yield from ((f"{name}.{p}", (n,)) for p in parts)
        yield f"{name}.num_batches_tracked", ()

    yield "conv1.weight", (4, 3, 7, 7)
    yield from norm("bn1", 4)
    inputs = 4
    for layer, channels in enumerate((4, 8, 16, 32), 1):
        for block in range(2):
            here = f"layer{layer}.{block}"
            yield f"{here}.conv1.weight", (channels, inputs, 3, 3)
            yield from norm(f"{here}.bn1", channels)
            yield f"{here}.conv2.weight", (channels, channels, 3, 3)
            yield from norm(f"{here}.bn2", channels)
            if inputs != channels:
                yield f"{here}.downsample.0.weight", (channels, inputs, 1, 1)
                yield from norm(f"{here}.downsample.1", channels)
            inputs = channels
    yield "fc.weight", (10, 32)
    yield "fc.bias", (10,)


def test_weights_of_torchvision_fit_in_order(tmp_path):
    values = {
        name: ms.Tensor(np.full(shape, i, np.float32))
        for i, (name, shape) in enumerate(torchvision_resnet18())
    }
    path = tmp_path / "resnet18.safetensors"
    ms.save_checkpoint(values, path, format="safetensors")
    net = m.ResNet(m.resnet.ResidualBlockBase, (2, 2, 2, 2), 10, channels=4)
    report = ms.train.load_torch_weights(path, net, name_map="order", strict_load=True)
    assert report.loaded["stages.1.0.down_sample.0.weight"] == "layer2.0.downsample.0.weight"
    assert report.loaded["stages.3.1.conv2.1.moving_variance"] == "layer4.1.bn2.running_var"
    assert report.loaded["stages.2.0.conv1.1.beta"] == "layer3.0.bn1.bias"
    where = list(values)
    assert all(
        param.asnumpy().flat[0] == where.index(report.loaded[name])
        for name, param in net.parameters_dict().items()
    )

"""Networks of the textbooks, built from `mslearn.nn` and `mslearn.ops` alone.

Each module is one family, written to be read. `ms.hub` has trained weights of the small ones.
"""

import importlib as _importlib

from mslearn.core.errors import did_you_mean as _did_you_mean

_FAMILIES = {
    "alexnet": ("AlexNet",),
    "bert": ("BertConfig", "BertForPretraining", "BertForSequenceClassification", "BertModel"),
    "crf": ("CRF", "BiLSTM_CRF", "post_decode"),
    "dcgan": ("Discriminator", "Generator"),
    "diffusion": ("UNet",),
    "fcn": ("FCN8s",),
    "gpt": ("GPT", "GPTConfig"),
    "lenet": ("LeNet5",),
    "lstm": ("LSTMClassifier",),
    "mobilenet": ("MobileNetV2", "mobilenet_v2"),
    "resnet": (
        "ResNet", "resnet8", "resnet18", "resnet20", "resnet34", "resnet50", "resnet101",
        "resnet152",
    ),
    "shufflenet": ("ShuffleNetV1", "ShuffleNetV2", "shufflenet_v1", "shufflenet_v2"),
    "ssd": ("SSD300", "MultiBoxLoss"),
    "vgg": ("VGG", "vgg11", "vgg13", "vgg16", "vgg19"),
    "vit": ("ViT", "vit_b_16", "vit_tiny"),
}  # fmt: skip
_HOME = {name: family for family, names in _FAMILIES.items() for name in names}


def __getattr__(name: str) -> object:
    if name in _FAMILIES:
        return _importlib.import_module(f"mslearn.models.{name}")
    if name in _HOME:
        return getattr(_importlib.import_module(f"mslearn.models.{_HOME[name]}"), name)
    known = [*_FAMILIES, *_HOME]
    raise AttributeError(
        f"module 'mslearn.models' has no attribute '{name}'.{_did_you_mean(name, known)}"
    )


def __dir__() -> list[str]:
    return sorted({*_FAMILIES, *_HOME})

"""Somebody who types PyTorch's name is told what it is called here, and that it is there."""

import re

import pytest

import mslearn as ms
from mslearn import nn, ops
from mslearn.common.torch_words import _PLACES

NET, X = nn.Dense(2, 2), ops.ones((2, 2))
THINGS = {"asnumpy": X, "set_train": NET, "Dense": nn, "set_context": ms}


@pytest.mark.parametrize(
    ("place", "name"), [(place, name) for place, words in _PLACES.items() for name in words]
)
def test_every_word_is_missing_here_and_its_cure_is_not(place, name):
    thing, cure = THINGS[place], _PLACES[place][name]
    with pytest.raises(AttributeError, match=re.escape(f"PyTorch's {name} is here: {cure}")):
        getattr(thing, name)
    for module, path in re.findall(r"\b(mslearn|nn|ops|net|mint)\.([A-Za-z_.]+\w)", cure):
        found = {"mslearn": ms, "nn": nn, "ops": ops, "net": NET, "mint": ms.mint}[module]
        for part in path.split("."):
            found = getattr(found, part)


def test_names_of_data_are_left_alone():
    assert "PyTorch" not in ms.core.errors.did_you_mean("eval", ["evil", "train"])
    with pytest.raises(TypeError, match=r"PyTorch's lr is here: learning_rate"):
        nn.Adam(NET.trainable_params(), lr=0.1)

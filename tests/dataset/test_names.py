"""A name that is not here is explained, or the one that is meant is told."""

from __future__ import annotations

import pytest

import mslearn.dataset as ds
from mslearn import mindrecord
from mslearn.dataset.missing import REASONS


@pytest.mark.parametrize(
    "module, name, told",
    [
        (ds, "NumpySliceDataset", "'NumpySlicesDataset'"),
        (ds.vision, "Resise", "'Resize'"),
        (ds.text, "whitespacetokenizer", "'WhitespaceTokenizer'"),
        (ds.transforms, "Onehot", "'OneHot'"),
        (ds.audio, "Spectogram", "'Spectrogram'"),
        (mindrecord, "FileWrite", "'FileWriter'"),
        (ds, "InMemoryGraphDataset", "GeneratorDataset"),
        (ds.vision, "read_video", "FFmpeg"),
        (mindrecord, "CsvToMr", "'CsvToMR'"),
    ],
)
def test_wrong_names_are_explained(module, name, told):
    with pytest.raises(AttributeError, match=told):
        getattr(module, name)


def test_what_is_here_is_not_said_to_be_missing():
    for module in (ds, ds.vision):
        assert not REASONS.keys() & set(vars(module))

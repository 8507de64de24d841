"""Every transform of transform_cases.py gives what real MindSpore gave, or the same error."""

import copy
import inspect
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from dataset import transform_cases
from dataset.transform_cases import CASES

import mslearn as ms
from mslearn.dataset import audio, text, transforms, vision
from mslearn.dataset.vision import Border, Inter

GOLDENS = np.load(Path(__file__).parent / "goldens_transforms.npz")
_RECORDED = json.loads(str(GOLDENS["facts"]))
FACTS, SIGNATURES = _RECORDED["cases"], _RECORDED["signatures"]
VALUES = {name: GOLDENS[name] for name in GOLDENS.files if name != "facts"}
INPUTS = transform_cases.inputs()
NAMES = {"ms": ms, "np": np, "Inter": Inter, "Border": Border}
NAMES |= {"vision": vision, "text": text, "audio": audio, "transforms": transforms}
NAMES |= transform_cases.helpers(NAMES)


def run(given, expression):
    operation = eval(expression, NAMES)
    operation = pickle.loads(pickle.dumps(operation))  # as a worker process gets it
    values = [copy.copy(INPUTS[name]) for name in given.split(",")]
    found = operation(*values)
    for name, value in zip(given.split(","), values, strict=True):
        np.testing.assert_array_equal(np.asarray(value), np.asarray(INPUTS[name]))
    return found


def golden(place):
    dtype, start, shape = place
    if dtype == "str":
        return np.array(start, np.str_).reshape(shape)
    return VALUES[dtype][start : start + int(np.prod(shape))].reshape(shape)


def same(found, wanted, limit):
    assert found.shape == wanted.shape
    if wanted.dtype.kind in "US":
        assert found.dtype.kind in "US"
        assert found.tolist() == wanted.tolist()
        return
    assert found.dtype == wanted.dtype
    if wanted.dtype.kind in "fc":
        np.testing.assert_allclose(found, wanted, rtol=limit, atol=limit, equal_nan=True)
    else:
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[2]} | {case[1]}")
def test_like_mindspore(case):
    _, given, expression = case
    fact = FACTS[f"{expression} | {given}"]
    if "error" in fact:
        with pytest.raises((TypeError, ValueError, RuntimeError, AttributeError)) as caught:
            run(given, expression)
        assert caught.type.__name__ == fact["error"]
        return
    found = run(given, expression)
    assert isinstance(found, tuple | list) == fact["many"]
    values = found if fact["many"] else [found]
    assert ["pil" if hasattr(v, "getpixel") else "array" for v in values] == fact["kinds"]
    limit = transform_cases.TOLERANCE.get(expression, 3e-6)
    for value, place in zip(values, fact["values"], strict=True):
        same(np.asarray(value), golden(place), limit)


# What MindSpore has and this does not: video needs FFmpeg.
MISSING = {"DecodeVideo", "VideoDecoder", "read_video", "read_video_timestamps"}


@pytest.mark.parametrize("name", SIGNATURES)
def test_signature(name):
    module, member = name.split(".")
    if member in MISSING:
        assert not hasattr(NAMES[module], member)
        return
    found = getattr(NAMES[module], member)
    wanted = SIGNATURES[name]
    if isinstance(wanted, dict):
        assert {k: v.value for k, v in found.__members__.items()} == wanted
        return
    plain = inspect.isclass(found) and found.__init__ is object.__init__
    parameters = [] if plain else inspect.signature(found).parameters.values()
    assert [[p.name, transform_cases.default(p.default)] for p in parameters] == wanted

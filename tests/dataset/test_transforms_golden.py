"""Every transform of transform_cases.py gives what real MindSpore gave, or the same error."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import transform_cases
from transform_cases import CASES

import mslearn as ms
from mslearn.dataset import audio, text, transforms, vision
from mslearn.dataset.vision import Border, Inter

GOLDENS = np.load(Path(__file__).parent / "goldens_transforms.npz")
FACTS = json.loads(str(GOLDENS["facts"]))["cases"]
INPUTS = transform_cases.inputs()
NAMES = {"ms": ms, "np": np, "Inter": Inter, "Border": Border}
NAMES |= {"vision": vision, "text": text, "audio": audio, "transforms": transforms}
NAMES |= transform_cases.helpers(NAMES)


def run(given, expression):
    operation = eval(expression, NAMES)
    return operation(*(copy.copy(INPUTS[name]) for name in given.split(",")))


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
    for k, value in enumerate(values):
        wanted = GOLDENS[f"{fact['number']}/{k}"]
        same(np.asarray(value), wanted, transform_cases.TOLERANCE.get(expression, 3e-6))

"""Record what real MindSpore makes of transform_cases.py: run with a Python that has it.

ORACLE_PYTHON tests/dataset/record_transforms.py [--show]

Writes goldens_transforms.npz beside this file: per case its outputs, or the error's type; and the
names and signatures of all transforms. Values of one dtype lie in one array, one after the other.
"""

import copy
import inspect
import json
import sys
from enum import Enum
from pathlib import Path

import mindspore as ms
import numpy as np
from mindspore.dataset import audio, text, transforms, vision
from mindspore.dataset.vision import Border, Inter

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import transform_cases  # noqa: E402

MODULES = {"vision": vision, "text": text, "audio": audio, "transforms": transforms}
names = {"ms": ms, "np": np, "Inter": Inter, "Border": Border, **MODULES}
names |= transform_cases.helpers(names)
INPUTS = transform_cases.inputs()
parts, facts = {}, {}


def keep(value):
    """Where the array is stored: [dtype, first number, shape]; strings lie in the facts."""
    array = np.asarray(value)
    if array.dtype.kind in "US":
        return ["str", array.tolist(), list(array.shape)]
    stored = parts.setdefault(array.dtype.str, [])
    start = sum(p.size for p in stored)
    stored.append(array.ravel())
    return [array.dtype.str, start, list(array.shape)]


for _, given, expression in transform_cases.CASES:
    key = f"{expression} | {given}"
    try:
        operation = eval(expression, names)
        found = operation(*(copy.copy(INPUTS[name]) for name in given.split(",")))
    except Exception as error:
        facts[key] = {"error": type(error).__name__}
        if "--show" in sys.argv:
            print(key, "->", type(error).__name__, str(error)[:200].replace("\n", " "))
        continue
    many = isinstance(found, tuple | list)
    values = found if many else [found]
    kinds = ["pil" if hasattr(value, "getpixel") else "array" for value in values]
    facts[key] = {"values": [keep(value) for value in values], "kinds": kinds, "many": many}

signatures = {}
for module, members in MODULES.items():
    for name, member in vars(members).items():
        if name.startswith("_") or not callable(member) or name == "not_random":
            continue
        if inspect.isclass(member) and issubclass(member, Enum):
            signatures[f"{module}.{name}"] = {k: v.value for k, v in member.__members__.items()}
            continue
        try:
            target = member.__init__ if inspect.isclass(member) else member
            found = inspect.signature(target).parameters.values()
        except ValueError:
            continue  # compiled
        described = [[p.name, transform_cases.default(p.default)] for p in found]
        signatures[f"{module}.{name}"] = [d for d in described if d[0] != "self"]

arrays = {name: np.concatenate(stored) for name, stored in parts.items()}
arrays["facts"] = np.array(
    json.dumps({"mindspore": ms.__version__, "cases": facts, "signatures": signatures})
)
np.savez_compressed(HERE / "goldens_transforms.npz", **arrays)
print(len(facts), "cases,", sum("error" in f for f in facts.values()), "of them errors;", end=" ")
print(len(signatures), "signatures")

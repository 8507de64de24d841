"""Record what real MindSpore makes of transform_cases.py: run with a Python that has it.

ORACLE_PYTHON tests/dataset/record_transforms.py

Writes goldens_transforms.npz beside this file: per case its outputs, or the error's type.
"""

import copy
import json
import sys
from pathlib import Path

import mindspore as ms
import numpy as np
from mindspore.dataset import audio, text, transforms, vision
from mindspore.dataset.vision import Border, Inter

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import transform_cases  # noqa: E402

names = {"ms": ms, "np": np, "Inter": Inter, "Border": Border}
names |= {"vision": vision, "text": text, "audio": audio, "transforms": transforms}
names |= transform_cases.helpers(names)
INPUTS = transform_cases.inputs()
arrays, facts = {}, {}
for number, (_, given, expression) in enumerate(transform_cases.CASES):
    key = f"{expression} | {given}"
    try:
        operation = eval(expression, names)
        found = operation(*(copy.copy(INPUTS[name]) for name in given.split(",")))
    except Exception as error:
        facts[key] = {"error": type(error).__name__, "text": str(error)[:300]}
        continue
    many = isinstance(found, tuple | list)
    kinds = []
    for k, value in enumerate(found if many else [found]):
        kinds.append("pil" if hasattr(value, "getpixel") else "array")
        arrays[f"{number}/{k}"] = np.asarray(value)
    facts[key] = {"number": number, "kinds": kinds, "many": many}
if "--show" in sys.argv:
    for key, fact in facts.items():
        if "error" in fact:
            print(key, "->", fact["error"], fact["text"][:150].replace("\n", " "))
for fact in facts.values():
    fact.pop("text", None)
arrays["facts"] = np.array(json.dumps({"mindspore": ms.__version__, "cases": facts}))
np.savez_compressed(HERE / "goldens_transforms.npz", **arrays)
print(len(facts), "cases,", sum("error" in f for f in facts.values()), "of them errors")

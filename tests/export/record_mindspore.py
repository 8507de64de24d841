"""Record what real MindSpore writes, and that it accepts what we write.

    PYTHONPATH=. python tests/export/record_mindspore.py path/to/mindspore/python

In MindSpore's Python (of which the path is given): exports the networks of nets.py and their
outputs into data/. In this one: writes every case of cases.py as MindIR, lets real MindSpore load
and run them, and records the hash of each file that gave our numbers in data/accepted.json.
`test_mindspore.py` compares with these hashes where MindSpore is not installed.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
DATA = HERE / "data"


def write_networks() -> None:
    """Run in MindSpore's Python."""
    import mindspore as ms
    from nets import build

    ms.set_context(mode=ms.GRAPH_MODE, device_target="CPU")
    for name, (net, x) in build(ms).items():
        target = DATA / f"mindspore_{name}.mindir"
        target.unlink(missing_ok=True)
        ms.export(net, ms.Tensor(x), file_name=str(target), file_format="MINDIR")
        target.chmod(0o644)
        free = ms.Tensor(shape=[None, *x.shape[1:]], dtype=ms.Tensor(x).dtype)
        if name == "mlp":
            dynamic = DATA / "mindspore_mlp_dynamic.mindir"
            dynamic.unlink(missing_ok=True)
            ms.export(net, free, file_name=str(dynamic), file_format="MINDIR")
            dynamic.chmod(0o644)
        np.savez(DATA / f"mindspore_{name}.npz", x=x, y=net(ms.Tensor(x)).asnumpy())


def flat(values: Any) -> list[Any]:
    """The tensors in nested tuples."""
    if isinstance(values, tuple | list):
        return [t for v in values for t in flat(v)]
    return [values]


def write_layers() -> None:
    """Run in MindSpore's Python: files, inputs and outputs of layers.py in one archive."""
    import mindspore as ms
    from layers import layers

    ms.set_context(mode=ms.GRAPH_MODE, device_target="CPU")
    ms.set_seed(1)
    held = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, (net, arrays) in layers().items():
            net.set_train(False)
            inputs = list(map(ms.Tensor, arrays))
            outputs = flat(net(*inputs))
            ms.export(net, *inputs, file_name=f"{folder}/{name}", file_format="MINDIR")
            held[f"{name}:file"] = np.fromfile(f"{folder}/{name}.mindir", np.uint8)
            held |= {f"{name}:x{i}": a for i, a in enumerate(arrays)}
            held |= {f"{name}:y{i}": t.asnumpy() for i, t in enumerate(outputs)}
    np.savez_compressed(DATA / "mindspore_layers.npz", **held)


def write_control() -> None:
    """Run in MindSpore's Python: the networks of control_nets.py, as `write_layers` does."""
    import mindspore as ms
    from control_nets import build, inputs

    ms.set_context(mode=ms.GRAPH_MODE, device_target="CPU")
    held = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, net in build(ms).items():
            example = ms.Tensor(inputs()[0])
            ms.export(net, example, file_name=f"{folder}/{name}", file_format="MINDIR")
            held[f"{name}:file"] = np.fromfile(f"{folder}/{name}.mindir", np.uint8)
            for k, x in enumerate(inputs()):
                outputs = flat(net(ms.Tensor(x)))
                held |= {f"{name}:y{k}.{i}": t.asnumpy() for i, t in enumerate(outputs)}
    np.savez_compressed(DATA / "mindspore_control.npz", **held)


def accepted(oracle: str, folder: Path, only: str = "") -> dict[str, float]:
    """Write all cases into `folder`, run them, and return the largest difference of each."""
    from export.cases import cases

    wanted = {}
    for name, (data, inputs, outputs) in cases().items():
        if not name.startswith(only):
            continue
        (folder / f"{name}.mindir").write_bytes(data)
        np.savez(folder / f"{name}.npz", **{f"x{i}": a for i, a in enumerate(inputs)})
        wanted[name] = outputs
    subprocess.run([oracle, str(HERE / "mindspore_runs.py"), str(folder)], check=True)
    found = {}
    for name, outputs in wanted.items():
        failed = folder / f"{name}.error"
        if failed.exists():
            raise AssertionError(f"MindSpore does not run {name}: {failed.read_text()[:300]}")
        with np.load(folder / f"{name}.out.npz") as held:
            got = [held[f"y{i}"] for i in range(len(held.files))]
        found[name] = difference(name, got, outputs)
    return found


def operators(data: bytes) -> set[str]:
    """What a file uses: each primitive with the number of its inputs and its attributes' names."""
    from mslearn.interchange.mindir_read import decode

    return {
        f"{o.op}({'*' if o.op == 'MakeTuple' else len(o.inputs)}) {' '.join(sorted(o.attrs))}"
        for o in decode(data).operations
    }


def difference(name: str, got: list[np.ndarray], wanted: list[np.ndarray]) -> float:
    """The largest difference, in units of max(1, |number|)."""
    worst = 0.0
    for g, w in zip(got, wanted, strict=True):
        if g.dtype != w.dtype or g.shape != w.shape:
            raise AssertionError(f"{name}: {g.dtype}{g.shape}, wanted {w.dtype}{w.shape}")
        a, b = g.astype(np.float64), w.astype(np.float64)
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        with np.errstate(invalid="ignore"):
            gap = np.where(same, 0.0, np.abs(a - b) / np.maximum(1, np.abs(b)))
        worst = max(worst, float(gap.max(initial=0.0)))
    return worst


def main() -> None:
    from export.cases import cases

    oracle = sys.argv[1]
    DATA.mkdir(exist_ok=True)
    here = f"import sys; sys.path.insert(0, {str(HERE)!r}); import record_mindspore as r; "
    subprocess.run([oracle, "-c", here + "r.write_networks()"], check=True)
    subprocess.run([oracle, "-c", here + "r.write_layers()"], check=True)
    subprocess.run([oracle, "-c", here + "r.write_control()"], check=True)
    with tempfile.TemporaryDirectory() as folder:
        found = accepted(oracle, Path(folder))
        version = Path(folder, "version").read_text()
    hashes = {n: hashlib.sha256(data).hexdigest()[:16] for n, (data, *_) in cases().items()}
    used = sorted(set().union(*(operators(data) for data, *_ in cases().values())))
    lines = [f'"{n}": ["{hashes[n]}", {found[n]:.1e}]' for n in sorted(found)]
    text = f'{{"mindspore": "{version}", "cases": {{\n' + ",\n".join(lines)
    text += '\n},\n"operators": [\n' + ",\n".join(map(json.dumps, used)) + "\n]}\n"
    json.loads(text)
    (DATA / "accepted.json").write_text(text)
    print(f"MindSpore {version} runs {len(found)} files, worst difference {max(found.values())}")


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))
    main()

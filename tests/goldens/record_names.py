"""Record the public names of real MindSpore: names alone, no text.

    path/to/mindspore-venv/bin/python tests/goldens/record_names.py

writes mslearn/support_names.json (read by mslearn/support.py): the names of
`mindspore`, `ops`, `nn` and `Tensor`, without modules and what begins with an underscore.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path

TARGET = Path(__file__).parent.parent.parent / "mslearn" / "support_names.json"


def names(space: object) -> list[str]:
    """The public names of a module or class, in order: functions, classes, dtypes, constants."""
    listed = set(getattr(space, "__all__", ()))
    for name in dir(space):
        home = getattr(getattr(space, name, None), "__module__", None)
        if home is None or str(home).startswith("mindspore"):
            listed.add(name)
    return sorted(
        name
        for name in listed
        if not name.startswith("_")
        and hasattr(space, name)
        and not inspect.ismodule(getattr(space, name))
    )


def main() -> None:
    import mindspore

    out = {
        "mindspore": mindspore.__version__,
        "names": {
            "mindspore": names(mindspore),
            "ops": names(mindspore.ops),
            "nn": names(mindspore.nn),
            "Tensor": names(mindspore.Tensor),
        },
    }
    TARGET.write_text(json.dumps(out, indent=0) + "\n", encoding="utf-8")
    print({space: len(found) for space, found in out["names"].items()})


if __name__ == "__main__":
    main()

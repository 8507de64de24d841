"""The computation graph in Graphviz' language: scopes are clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .graph_fold import shape_text
from .graph_svg import COLOURS, scope_title

if TYPE_CHECKING:
    import graphviz

_SHAPES = {"op": "box", "parameter": "octagon", "input": "parallelogram", "constant": "ellipse",
           "port": "cds"}  # fmt: skip


def dot_source(scene: dict[str, Any], backward: bool = False) -> str:
    """The whole graph, unfolded, as DOT text."""
    inside: dict[int, list[str]] = {}
    shown = set()
    for node in scene["nodes"]:
        if node["phase"] == "backward" and not backward:
            continue
        shown.add(node["id"])
        inside.setdefault(node["scope"], []).append(_node(node))
    clusters: dict[int, list[str]] = {}
    for scope in reversed(scene["scopes"]):  # parents come first, so children are ready here
        body = inside.get(scope["id"], []) + clusters.pop(scope["id"], [])
        if body:
            lines = [f"subgraph cluster_s{scope['id']} {{", f"label={quote(scope_title(scope))}"]
            block = [*lines, *body, "}"]
            clusters[scope["parent"]] = block + clusters.get(scope["parent"], [])
    lines = [
        "digraph {",
        'graph [fontname="sans-serif" fontsize=11 style=rounded color="#7d858e" newrank=true]',
        'node [fontname="sans-serif" fontsize=11 style=filled]',
        'edge [fontname="sans-serif" fontsize=9 color="#7d858e"]',
        f"label={quote(scene['title'])}",
        *inside.get(-1, []),
        *clusters.get(-1, []),
    ]
    for source, output, target, _ in scene["edges"]:
        if source in shown and target in shown:
            shape = shape_text(scene["nodes"][source]["outputs"][output]["shape"])
            lines.append(f"n{source} -> n{target} [label={quote(shape)}]")
    return "\n".join([*lines, "}", ""])


def to_dot(scene: dict[str, Any], backward: bool = False) -> graphviz.Source:
    """The same as a `graphviz.Source`, which Jupyter draws where Graphviz' `dot` is installed.

    Raises:
        ImportError: the Python package graphviz is missing.
    """
    try:
        import graphviz
    except ModuleNotFoundError as error:
        raise ImportError(
            "insight: to_dot() needs the Python package graphviz. Install it with: "
            'pip install "mslearn[lab]" (or pip install graphviz). To draw the result the program '
            "dot is needed too: https://graphviz.org/download/. Without both, use to_svg().",
            name="graphviz",
        ) from error
    return graphviz.Source(dot_source(scene, backward))


def quote(text: str) -> str:
    r"""`text` as a DOT string: names are data, so a backslash is a backslash (``\N`` is not)."""
    plain = "".join(c if c >= " " or c == "\n" else "\ufffd" for c in text)
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    # In DOT, entities such as &lt; are read in strings as well.
    return '"' + escaped.replace("&", "&amp;") + '"'


def _node(node: dict[str, Any]) -> str:
    output = node["outputs"][0]
    label = node["op"] if not output["shape"] else f"{node['op']}\n{shape_text(output['shape'])}"
    colour = COLOURS["backward" if node["phase"] == "backward" else node["kind"]]
    return (
        f"n{node['id']} [label={quote(label)} shape={_SHAPES[node['kind']]} "
        f'color="{colour}" fillcolor="{colour}22" tooltip={quote(node["name"])}]'
    )

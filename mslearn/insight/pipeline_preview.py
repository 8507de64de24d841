"""`dataset.preview()`: the first rows of a pipeline as a contact sheet or a table."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._text import escape
from .pipeline_pictures import as_image, data_uri, kind_name, words

_SIDE = 96


def preview(dataset: Any, rows: int = 16) -> Preview:
    """The first `rows` rows of a data set; see Preview.

    Example:
        >>> dataset.preview()
        Preview(16 rows: image uint8 28×28×1, label uint32)
    """
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
        raise ValueError(f"preview: rows must be an int of at least 1, but got {rows!r}.")
    names = dataset.get_col_names()
    found = []
    iterator = dataset.create_tuple_iterator(num_epochs=1, output_numpy=True)
    for row in iterator:
        found.append([np.asarray(value) for value in row])  # a dict as one object
        if len(found) == rows:
            break
    iterator.stop()
    return Preview(names, found)


class Preview:
    """Rows to look at: images with what belongs to them below, or a table.

    It is HTML without scripts, the same bytes for the same rows.
    """

    def __init__(self, names: list[str], rows: list[list[np.ndarray]]) -> None:
        self.names, self.rows = names, rows
        pictures = [all(as_image(r[k]) is not None for r in rows) for k in range(len(names))]
        #: the column shown as pictures, or None
        self.image = pictures.index(True) if rows and True in pictures else None

    def _repr_html_(self) -> str:
        return self._sheet() if self.image is not None else self._table()

    def _sheet(self) -> str:
        out = [
            '<div style="display:flex;flex-wrap:wrap;gap:8px;padding:8px;'
            'font:12px system-ui,sans-serif">'
        ]
        assert self.image is not None
        for row in self.rows:
            image = as_image(row[self.image])
            assert image is not None
            facts = [
                f"{escape(name)}: {escape(words(value, 24))}"
                for k, (name, value) in enumerate(zip(self.names, row, strict=True))
                if k != self.image
            ]
            out.append(
                f'<figure style="margin:0;text-align:center"><img '
                f'alt="{escape(self.names[self.image])}" src="{data_uri(image, _SIDE)}" '
                f'style="width:{_SIDE}px;height:{_SIDE}px;object-fit:contain;image-rendering:pixelated">'
                f"<figcaption>{'<br>'.join(facts)}</figcaption></figure>"
            )
        return "".join([*out, "</div>"])

    def _table(self) -> str:
        cell = "padding:2px 12px 2px 0;text-align:left;vertical-align:top"
        heads = "".join(f'<th style="{cell}">{escape(name)}</th>' for name in self.names)
        body = "".join(
            "<tr>" + "".join(f'<td style="{cell}">{escape(words(v))}</td>' for v in row) + "</tr>"
            for row in self.rows
        )
        return (
            '<table style="border-collapse:collapse;font-size:12px">'
            f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
        )

    def figure(self) -> Any:
        """The contact sheet as a matplotlib Figure.

        Raises:
            ValueError: no column holds images.
        """
        if self.image is None:
            raise ValueError("Preview.figure: no column of these rows holds images.")
        from matplotlib.figure import Figure

        across = min(8, len(self.rows))
        down = -(-len(self.rows) // across)
        figure = Figure(figsize=(1.2 * across, 1.4 * down), layout="constrained")
        for k, row in enumerate(self.rows):
            axes = figure.add_subplot(down, across, k + 1)
            image = as_image(row[self.image])
            assert image is not None
            axes.imshow(image, cmap="gray" if image.ndim == 2 else None)
            axes.set_axis_off()
            facts = [words(v, 16) for j, v in enumerate(row) if j != self.image]
            axes.set_title(", ".join(facts), fontsize=8)
        return figure

    def __repr__(self) -> str:
        if not self.rows:
            return "Preview(0 rows)"
        kinds = []
        for name, value in zip(self.names, self.rows[0], strict=True):
            shape = " " + "×".join(map(str, value.shape)) if value.ndim else ""
            kind = kind_name(value)
            kinds.append(f"{name} {kind}{shape}")
        return f"Preview({len(self.rows)} rows: {', '.join(kinds)})"

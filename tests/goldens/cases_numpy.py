"""mindspore.numpy; see cases.py."""

from __future__ import annotations

import importlib

import numpy as np

A = np.array([[1.0, 2.5], [-3.0, 4.0]], np.float32)


def mnp(ms):
    return importlib.import_module(f"{ms.__name__}.numpy")


CALLS = {
    "arange": lambda m, x: (m.arange(3), m.arange(0.0, 1.0, 0.5), m.arange(1, 7, 2), m.arange(3.0)),
    "made": lambda m, x: (m.full((2,), 3), m.full((2, 2), 1.5), m.array([1, 2.0]), m.array([1, 2])),
    "zeros": lambda m, x: (m.zeros(3), m.ones((2, 1)), m.zeros_like(x), m.ones_like(x), m.eye(2)),
    "spaces": lambda m, x: (m.linspace(0, 1, num=3), m.logspace(0, 1, 3), m.tri(2), m.identity(2)),
    "sums": lambda m, x: (m.sum(x, axis=1, keepdims=True), m.mean(x), m.std(x), m.var(x, ddof=1)),
    "extremes": lambda m, x: (m.max(x), m.min(x, 0), m.argmax(x), m.argmax(x, 1), m.maximum(x, 2)),
    "norm": lambda m, x: (m.norm(x, axis=1, keepdims=True), m.average(x), m.clip(x, 2, 3)),
    "products": lambda m, x: (m.dot(x, x), m.inner(x, x), m.outer(x, x), m.tensordot(x, x, 1)),
    "running": lambda m, x: (m.cumsum(x), m.cumsum(x, 1), m.cumprod(x, axis=1), m.diff(x)),
    "joined": lambda m, x: (m.stack([x, x], 1), m.concatenate((x, x), axis=1), m.split(x, 2)),
    "moved": lambda m, x: (m.roll(x, 1), m.tile(x, (1, 2)), m.transpose(x), m.reshape(x, (4,))),
    "picked": lambda m, x: (m.where(x > 1, x, 0), m.triu(x, k=1), m.take(x, m.array([0, 1]))),
    "repeated": lambda m, x: (
        m.repeat(x, 2),
        m.pad(x, 1),
        m.unique(m.array([3, 1, 3])),
        m.ravel(x),
    ),
    "grids": lambda m, x: tuple(m.meshgrid(m.arange(2), m.arange(3), indexing="ij")),
    "maths": lambda m, x: (m.square(x), m.ceil(x), m.floor(x), m.exp(x), m.power(x, 2)),
    "pieces": lambda m, x: m.array_split(m.arange(5), 2),
    "squeeze": lambda m, x: (m.squeeze(m.ones((1, 2)), axis=0), m.log(m.array([1.0, 2.0]))),
}
cases = {f"numpy_{n}": lambda ms, f=f: f(mnp(ms), ms.Tensor(A)) for n, f in CALLS.items()}

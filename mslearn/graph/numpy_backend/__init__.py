"""The built-in backend: a graph becomes plain Python that calls NumPy."""

from mslearn.graph.numpy_backend.executable import Executable as Executable

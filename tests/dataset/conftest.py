"""Fixtures of the pipeline's tests."""

import pytest

import mslearn.dataset as ds


@pytest.fixture(scope="session")
def mnist(tmp_path_factory):
    """The folder of prepare("mnist"), made once."""
    return ds.prepare("mnist", tmp_path_factory.mktemp("data") / "MNIST_Data")

"""Programs for many devices on one: communication and the settings of parallel training."""

from __future__ import annotations

import pytest

import mslearn as ms
from mslearn import context
from mslearn.communication import create_group, get_local_rank, init, release
from mslearn.communication.management import GlobalComm, get_group_size, get_rank


def test_one_process_numbered_zero():
    init("nccl")
    assert GlobalComm.INITED
    assert (get_rank(), get_group_size(), get_local_rank("nccl_world_group")) == (0, 1, 0)
    release()
    assert not GlobalComm.INITED
    with pytest.raises(ValueError, match="backend_name"):
        init("smoke")
    with pytest.raises(ValueError, match="no group 'mine'"):
        get_rank("mine")
    with pytest.raises(TypeError, match="group must be a str"):
        get_rank(3)
    with pytest.raises(NotImplementedError, match="in one"):
        create_group("mine", [0, 1])


def test_settings_of_parallel_training():
    context.set_context(mode=context.PYNATIVE_MODE)
    mode = context.ParallelMode.DATA_PARALLEL
    context.set_auto_parallel_context(
        parallel_mode=mode, gradients_mean=True, device_num=get_group_size()
    )
    assert ms.get_auto_parallel_context("parallel_mode") == mode == "data_parallel"
    ms.reset_auto_parallel_context()
    assert context.get_auto_parallel_context("parallel_mode") == ms.ParallelMode.STAND_ALONE
    with pytest.raises(ValueError, match="device_num must be 1"):
        ms.set_auto_parallel_context(device_num=8)
    with pytest.raises(ValueError, match="parallel_mode must be one of"):
        ms.set_auto_parallel_context(parallel_mode="fast")
    with pytest.raises(ValueError, match="Did you mean 'parallel_mode'"):
        ms.set_auto_parallel_context(paralel_mode="data_parallel")

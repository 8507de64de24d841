"""Saving and loading; training helpers."""

from mslearn.train.serialization import load_checkpoint as load_checkpoint
from mslearn.train.serialization import load_param_into_net as load_param_into_net
from mslearn.train.serialization import save_checkpoint as save_checkpoint

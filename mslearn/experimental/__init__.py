"""MindSpore's experimental API: optimizers with dicts of options, and their schedulers."""

from mslearn.experimental import optim as optim

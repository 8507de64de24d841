"""What PyTorch's names are called here, said where somebody types one of them."""

from __future__ import annotations

from mslearn.core.errors import WORDS

_DEVICE = "a program goes to a device as a whole: mslearn.set_context(device_target=…)"
_GRADIENTS = (
    "gradients are returned: loss, grads = mslearn.value_and_grad(forward, None, weights)(x)"
)
# A place is known by a name that it has.
_PLACES = {
    "asnumpy": {  # Tensor
        "backward": _GRADIENTS, "grad": _GRADIENTS, "grad_fn": _GRADIENTS,
        "detach": "ops.stop_gradient(x)", "cuda": _DEVICE, "cpu": _DEVICE, "to_device": _DEVICE,
    },
    "set_train": {  # Cell, and so every optimizer
        "train": "net.set_train()", "eval": "net.set_train(False)", "forward": "construct",
        "parameters": "net.trainable_params(), or net.get_parameters() for all",
        "named_parameters": "net.parameters_and_names()", "children": "net.cells()",
        "modules": "net.cells_and_names()", "named_modules": "net.cells_and_names()",
        "cuda": _DEVICE, "cpu": _DEVICE,
        "zero_grad": "nothing, since gradients are returned and none are kept",
        "step": "a call with the gradients: optimizer(grads)",
    },
    "Dense": {  # nn
        "Module": "nn.Cell", "ModuleList": "nn.CellList", "ModuleDict": "nn.CellDict",
        "Sequential": "nn.SequentialCell", "Parameter": "mslearn.Parameter",
        "functional": "ops, and with PyTorch's names mint.nn.functional",
        "init": "mslearn.common.initializer", "utils": "ops, as in ops.clip_by_global_norm",
        "Hardswish": "nn.HSwish",
        "Hardsigmoid": "nn.HSigmoid", "Softshrink": "nn.SoftShrink", "Hardshrink": "nn.HShrink",
    },
    "set_context": {  # mslearn
        "no_grad": "nothing, since only mslearn.grad and mslearn.value_and_grad record",
        "cuda": _DEVICE, "device": _DEVICE, "save": "mslearn.save_checkpoint(net, path)",
        "optim": "nn.Adam and others in nn; with PyTorch's arguments experimental.optim",
        "autograd": "mslearn.grad and mslearn.value_and_grad",
        "utils": "mslearn.dataset, for example dataset.GeneratorDataset(source, names).batch(32)",
    },
}  # fmt: skip

for _place, _words in _PLACES.items():
    WORDS[_place] = {name: f"PyTorch's {name} is here: {here}." for name, here in _words.items()}

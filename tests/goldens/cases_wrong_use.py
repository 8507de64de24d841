"""Typical mistakes with layers, losses, optimizers and training; see cases.py.

A line is one mistake. What is compared is the kind of the error: `except` clauses written for
MindSpore catch the same mistakes here (test_goldens.py, ``kinds``).
"""

from __future__ import annotations

import importlib
import sys

import numpy as np

WRONG = {
    "cells": """
nn.SequentialCell(1)
nn.SequentialCell([1])
nn.SequentialCell(nn.ReLU)
nn.SequentialCell(nn.ReLU())[5]
s=nn.SequentialCell(nn.ReLU(),nn.Tanh()); s['a']=1
s=nn.CellList([nn.ReLU()]); s.append(1)
s=nn.CellList([nn.ReLU()]); s(ones(2))
s=nn.CellList([nn.ReLU()]); s[3]
nn.CellDict({'a':1})
d=nn.CellDict(); d['x']
n=nn.Dense(2,2); n.insert_child_to_cell(1,nn.ReLU())
n=nn.Dense(2,2); n.insert_child_to_cell('a',3)
n=nn.Dense(2,2); n.insert_param_to_cell('a.b',P(ones(2)))
n=nn.Dense(2,2); n.insert_param_to_cell('a',ones(2))
n=nn.Dense(2,2); n.to_float(ms.float64)
P('a')
P(ones(2),name=3)
P(ones(2),requires_grad=1)
ms.ParameterTuple([P(ones(2),name='a'),P(ones(2),name='a')])
ms.ParameterTuple([1])
ms.common.initializer.initializer('nosuch',(2,2))
ms.common.initializer.initializer('ones',(-1,2))
n=nn.Dense(2,2); n.get_parameter('x')
    """,
    "layers": """
nn.Dense(3,4)(ones(2,5))
nn.Dense(3.5,4)
nn.Dense(0,4)
nn.Dense(3,4)(np.ones((2,3),np.float32))
nn.Dense(3,4)(T(np.ones((2,3),np.int32)))
nn.Dense(3,4)()
nn.Dense(3,4)(ones(2,3),ones(2,3))
nn.Dense(3,4,activation='nosuch')
nn.Dense(3,4,weight_init='nosuch')
nn.Dense(3,4,weight_init=ones(3,4))
nn.Dense(3,4,bias=False)
nn.Conv2d(3,4,3)(ones(1,2,8,8))
nn.Conv2d(3,4,3)(ones(2,8,8))
nn.Conv2d(3,4,3,padding=1)
nn.Conv2d(3,4,3,pad_mode='nosuch')
nn.Conv2d(3,4,3,group=2)
nn.Conv2d(3,4,0)
nn.Conv2d(3,4,(3,3,3))
nn.Conv2d(3,4,3,stride=0)
nn.Conv2d(3,4,9,pad_mode='valid')(ones(1,3,4,4))
nn.BatchNorm2d(3)(ones(1,4,2,2))
nn.BatchNorm2d(3)(ones(2,3))
nn.BatchNorm2d(0)
nn.BatchNorm2d(3,momentum=1.5)
nn.LayerNorm(3)
nn.LayerNorm((3,))(ones(2,4))
nn.GroupNorm(3,4)
nn.MaxPool2d(0)
nn.MaxPool2d(2)(ones(2,2))
nn.AvgPool2d(2,pad_mode='x')
nn.Dropout(p=1.0)
nn.Dropout(p=1.5)
nn.Dropout(p=-0.1)
nn.Dropout('a')
nn.Embedding(4,2)(ones(2))
nn.LSTM(3,4)(ones(2,3))
nn.LSTM(3,4)(ones(5,2,7))
nn.LSTM(3,4,dropout=2.)
nn.LSTM(3,4,nonlinearity='relu')
nn.RNN(3,4,nonlinearity='sin')
nn.ReLU(1)
nn.ReLU(inplace=True)
nn.SiLU(True)
nn.Sigmoid('a')
nn.Softmax('a')
nn.Softmax(2)(ones(2,2))
nn.Flatten(2,1)(ones(2,3,4))
nn.SoftmaxCrossEntropyWithLogits(sparse=True,reduction='mean')(ones(2,3),ones(2,3))
ms.mint.nn.Linear(2,3)(ones(1,4))
ms.mint.nn.ReLU(1)
    """,
    "losses": """
nn.CrossEntropyLoss()(ones(2,3),T([1,5],ms.int32))
nn.CrossEntropyLoss()(ones(2,3),T([1,2],ms.int64))
nn.CrossEntropyLoss()(ones(2,3),T([1.,2.]))
nn.CrossEntropyLoss()(ones(2,3),ones(3,3))
nn.CrossEntropyLoss(reduction='x')(ones(2,3),T([1,2],ms.int32))
nn.CrossEntropyLoss(label_smoothing=2.)(ones(2,3),T([1,2],ms.int32))
nn.CrossEntropyLoss(weight=ones(2))(ones(2,3),T([1,2],ms.int32))
nn.MSELoss()(ones(2,3),ones(2,4))
nn.MSELoss('x')
nn.MSELoss()(ones(2,3))
nn.MSELoss()(np.ones((2,3)),ones(2,3))
nn.L1Loss()(ones(2,3),1)
nn.BCELoss()(ones(2)*2,ones(2))
nn.BCELoss()(ones(2),ones(3))
nn.BCEWithLogitsLoss()(ones(2),T([1,1],ms.int32))
nn.NLLLoss()(ones(2,3),T([1,7],ms.int32))
nn.CosineEmbeddingLoss(margin=3.)
nn.HuberLoss(delta=-1.)(ones(2),ones(2))
nn.KLDivLoss('x')(ones(2),ones(2))
nn.DiceLoss()(ones(2),ones(3))
    """,
    "optimizers": """
a=P(ones(2),name='x'); b=P(ones(2),name='x'); nn.Adam([a,b])
a=P(ones(2),name='x'); nn.Adam([{'params':[a]},{'params':[a]}])
nn.Adam([])
nn.Adam(ones(2))
nn.Adam([ones(2)])
nn.Adam(ps(),learning_rate=-1.)
nn.Adam(ps(),beta1=1.5)
nn.Adam(ps(),eps=0.)
nn.Adam(ps(),weight_decay=-1.)
nn.Adam(ps(),weight_decay='a')
nn.Adam(ps(),loss_scale=0.)
nn.SGD(ps(),momentum=-1.)
nn.SGD(ps(),nesterov=True)
nn.SGD(ps(),nesterov=True,momentum=0.9,dampening=0.1)
nn.SGD(ps(),dampening=-0.1)
nn.Momentum(ps(),0.1)
nn.Momentum(ps(),0.1,-0.9)
nn.RMSProp(ps(),decay=-0.9)
nn.Adam([{'params':ps(),'lrr':0.1}])
nn.Adam([{'lr':0.1}])
nn.Adam([{'params':[]}])
nn.Adam([{'params':ps()},{'order_params':[P(ones(2),name='b')]}])
nn.Adam(ps(),learning_rate=[0.1,'a'])
nn.Adam(ps(),learning_rate=T([[0.1]]))
o=nn.Adam(ps()); o((ones(2),ones(2)))
o=nn.Adam(ps()); o.get_lr_parameter(P(ones(2),name='b'))
nn.WarmUpLR(0.1,0)
nn.WarmUpLR(-0.1,1)
nn.CosineDecayLR(0.1,0.01,4)
nn.piecewise_constant_lr([2,5],[0.1])
nn.piecewise_constant_lr([5,2],[0.1,0.2])
nn.exponential_decay_lr(0.1,0.9,6,2,0)
nn.exponential_decay_lr(0.1,0.9,0,2,1)
nn.cosine_decay_lr(0.1,0.01,6,2,3)
nn.warmup_lr(0.1,6,2,0)
nn.AdaMax(ps(),eps=0.)
nn.Adadelta(ps(),rho=1.5)
nn.RMSProp(ps(),epsilon=0.)
nn.AdamWeightDecay(ps(),eps=0.)
nn.AdamWeightDecay(ps(),beta1=1.)
nn.Lamb(ps(),0.1,eps=0.)
nn.FTRL(ps(),lr_power=1.)
nn.FTRL(ps(),initial_accum=-1.)
nn.Adagrad(ps(),accum=-1.)
nn.Rprop(ps(),etas=(1.2,0.5))
nn.Rprop(ps(),step_sizes=(1.,0.5))
nn.ProximalAdagrad(ps(),l1=-1.)
nn.ProximalAdagrad(ps(),accum=-1.)
nn.LazyAdam(ps(),eps=0.)
nn.AdaFactor(ps(),learning_rate=0.1)
optim.Adam(ps(),lr=-1.)
optim.Adam(ps(),eps=-1.)
optim.Adam(ps(),betas=(1.,0.9))
optim.Adam([])
optim.SGD(ps())
schedules.StepLR(1,2)
o=optim.SGD(ps(),0.1); schedules.ReduceLROnPlateau(o,mode='x')
o=optim.SGD(ps(),0.1); schedules.ReduceLROnPlateau(o,factor=1.0)
o=optim.SGD(ps(),0.1); schedules.LambdaLR(o,[1,2])
    """,
    "training": """
nn.TrainOneStepCell(loss_net(),None)
nn.TrainOneStepCell(loss_net(),sgd(),sens=0)
nn.TrainOneStepWithLossScaleCell(loss_net(),sgd(),2.0)
amp.auto_mixed_precision(nn.Dense(2,2),'O9')
amp.auto_mixed_precision(1,'O2')
amp.DynamicLossScaler(0.,2,2)
amp.DynamicLossScaler(4.,2,0)
amp.StaticLossScaler('a')
amp.StaticLossScaler(0)
amp.FixedLossScaleManager(0)
amp.DynamicLossScaleManager(0,2,2)
amp.build_train_network(nn.Dense(2,2),sgd(),nn.MSELoss(),level='O5')
amp.build_train_network(nn.Dense(2,2),sgd(),nn.MSELoss(),foo=1)
    """,
}


def kinds(text):
    """The case that gives, for each line, the built-in classes of its error."""

    def run(ms):
        optim = importlib.import_module(f"{ms.__name__}.experimental.optim")
        nn, ones = ms.nn, lambda *shape: ms.Tensor(np.ones(shape, np.float32))
        names = {
            "ms": ms, "optim": optim, "schedules": optim.lr_scheduler,
            "nn": nn, "np": np, "amp": ms.amp, "T": ms.Tensor, "P": ms.Parameter,
            "ones": ones,
            "ps": lambda: [ms.Parameter(ones(2), name="a")],
            "sgd": lambda: nn.SGD(nn.Dense(2, 2).trainable_params()),
            "loss_net": lambda: nn.WithLossCell(nn.Dense(2, 2), nn.MSELoss()),
        }  # fmt: skip
        out, shown, sys.displayhook = [], sys.displayhook, str
        for line in text.split("\n"):
            try:
                # As in a notebook: what comes out is printed, so that it must have been computed.
                exec(compile(line.strip(), "line", "single"), dict(names))
            except Exception as error:
                found = (c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins")
                out.append("/".join(found))
            else:
                out.append("no error")
        sys.displayhook = shown
        return tuple(out)

    return run


cases = {f"kinds_of_wrong_{name}": kinds(text.strip()) for name, text in WRONG.items()}

"""Automatic differentiation: the tape, and the functions built on it."""

from mslearn.autodiff.forward import jvp as jvp
from mslearn.autodiff.forward import vjp as vjp
from mslearn.autodiff.tape import Tape as Tape
from mslearn.autodiff.transforms import grad as grad
from mslearn.autodiff.transforms import value_and_grad as value_and_grad

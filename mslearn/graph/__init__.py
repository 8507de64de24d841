"""Graph mode: capture a function as a graph, improve it pass by pass, run it."""

from mslearn.graph.capture import capture as capture
from mslearn.graph.jit import Jitted as Jitted
from mslearn.graph.jit import jit as jit
from mslearn.graph.replay import replay as replay
from mslearn.graph.text import to_dot as to_dot
from mslearn.graph.text import to_ir as to_ir

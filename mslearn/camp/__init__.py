"""The camp: 25 days, their exercises and the learner's progress.

from mslearn import camp
day = camp.day(1)
day.exercise("d01.e1").check(accuracy)
"""

from . import catalog as catalog
from . import progress as progress
from ._language import language as language
from ._language import set_language as set_language
from .session import day as day

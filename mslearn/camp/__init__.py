"""The camp: 25 days, their exercises and the learner's progress.

from mslearn import camp
day = camp.day(1)
camp.predict("d01.p1")                      # asked before the output …
camp.reveal("d01.p1", images.shape)         # … and compared with it
day.exercise("d01.e1").check(accuracy)
day.quiz()
camp.checkin(1, notes="Softmax twice: never again.")
"""

from . import catalog as catalog
from . import progress as progress
from ._language import language as language
from ._language import set_language as set_language
from .certify import certificate as certificate
from .check_in import checkin as checkin
from .predictions import predict as predict
from .predictions import reveal as reveal
from .session import day as day

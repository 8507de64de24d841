"""The camp: 25 days, their exercises and the learner's progress."""

from . import catalog as catalog
from . import progress as progress

"""What every kernel of `mslearn lab` runs first (``PYTHONSTARTUP``): readable tracebacks.

Before `camp.day()`, too: the first error after a restarted kernel is a name that is not there.
"""

try:
    from mslearn.camp import slips as _slips
except ImportError:  # another environment's kernel
    pass
else:
    _slips.install()
    del _slips

"""`python -m mslearn` is the command `mslearn`."""

from mslearn.cli import main

if __name__ == "__main__":
    raise SystemExit(main())

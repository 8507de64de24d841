"""One module a day: its exercises, with solutions and known mistakes (`EXERCISES`)."""

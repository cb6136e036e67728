"""The most of things that the library and the command line agree on; numbers alone, so that whoever shows help loads no more."""

MAX_N_BEST = 100
"""Texts that a record keeps."""

MOST_THREADS = 1024
"""Of one process, and processes that open images."""

"""Numbers that say how well a model reads: rates, intervals, calibration, promises, comparisons."""

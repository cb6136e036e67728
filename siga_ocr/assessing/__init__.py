"""A labelled set read and scored: evaluation, its report, calibration."""

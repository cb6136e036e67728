"""Labelled crops, real and rendered."""

"""Where models lie, how they come there, and what a model folder holds."""

"""Fine-tuning on the user's own crops, from the plan to the verdict."""

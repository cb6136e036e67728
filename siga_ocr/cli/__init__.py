"""Words in, one call, words out: one file a command."""

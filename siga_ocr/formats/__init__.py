"""What codes may look like, and the automata that hold them to it."""

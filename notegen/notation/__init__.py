"""Notation: a score as bars, voices and note values, ready to be engraved."""

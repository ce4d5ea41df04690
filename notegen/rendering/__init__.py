"""Scores as sound and as pictures."""

"""Generation: drawing tokens under constraints, and continuing a score."""

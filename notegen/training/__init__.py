"""Training: batches of whole pieces, and the loop that learns from them."""

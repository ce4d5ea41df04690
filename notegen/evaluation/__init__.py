"""Evaluation: how well a model predicts tunes that it has not seen."""

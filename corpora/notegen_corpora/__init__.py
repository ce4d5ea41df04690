"""Public corpora: where they come from, what may be done with them, and how to read them.

Nothing is shipped: collections are read from the user's installation of music21, and what a recipe
describes is fetched when the user asks for it (`notegen_corpora.fetch`).
"""

from notegen_corpora.collections import COLLECTIONS, Collection, collection
from notegen_corpora.recipes import RECIPES, Recipe, archive, cache, fetched, recipe
from notegen_corpora.seeds import example_seed

__all__ = [
    "COLLECTIONS",
    "RECIPES",
    "Collection",
    "Recipe",
    "archive",
    "cache",
    "collection",
    "example_seed",
    "fetched",
    "recipe",
]

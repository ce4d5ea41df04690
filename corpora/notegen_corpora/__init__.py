"""Public corpora: where they come from, what may be done with them, and how to read them.

Nothing is shipped: the collections are read from the user's installation of music21.
"""

from notegen_corpora.collections import COLLECTIONS, Collection, collection
from notegen_corpora.seeds import example_seed

__all__ = ["COLLECTIONS", "Collection", "collection", "example_seed"]

"""Things to tokens and back: the vocabulary, the codec of notes, and the grammar of its tokens."""

import numpy as np

from notegen.codecs import vocabulary as v
from notegen.codecs.codec import Notes
from notegen.codecs.notes import encode
from notegen.melody import melody


def test_the_codec_of_notes_leaves_tokens_as_they_are(tune):
    ids = encode(melody(tune()))
    codec = Notes()
    assert np.array_equal(codec.encode(ids), ids)
    assert np.array_equal(codec.decode(codec.encode(ids)), ids)
    assert (codec.name, codec.size, codec.symbols) == ("notes", v.SIZE, ())


def test_bars_of_notes_begin_with_a_bar_or_a_pickup():
    assert [v.name(token) for token in Notes().bars] == ["bar", "pickup"]

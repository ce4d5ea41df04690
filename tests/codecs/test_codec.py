import numpy as np
from made_parts import band

from notegen.arrange import arrange
from notegen.codecs import parts
from notegen.codecs import vocabulary as v
from notegen.codecs.codec import Notes, Parts
from notegen.codecs.notes import encode
from notegen.melody import melody


def test_the_codec_of_notes_leaves_tokens_as_they_are(tune):
    ids = encode(melody(tune()))
    codec = Notes()
    assert np.array_equal(codec.encode(ids), ids)
    assert np.array_equal(codec.decode(codec.encode(ids)), ids)
    assert (codec.name, codec.size, codec.symbols) == ("notes", v.MELODY, ())


def test_bars_of_notes_begin_with_a_bar_or_a_pickup():
    assert [v.name(token) for token in Notes().bars] == ["bar", "pickup"]


def test_the_codec_of_parts_has_all_tokens_and_leaves_them_as_they_are():
    ids = parts.encode(arrange(band()))
    codec = Parts()
    assert np.array_equal(codec.decode(codec.encode(ids)), ids)
    assert (codec.name, codec.size, codec.symbols, codec.bars) == ("parts", v.SIZE, (), Notes().bars)

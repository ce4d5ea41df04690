"""What a page holds, decoded again."""

import base64
import io
import re

import soundfile

from notegen.rendering import embed


def test_sound_is_heard_at_the_rate_that_is_asked_for(tune):
    """Two bars of 4/4 at 120 beats a minute last for 4 s, and the last note dies away."""
    head, data = embed.mp3(tune(bars=2), rate=24_000).split(",")
    assert head == "data:audio/mpeg;base64"
    with soundfile.SoundFile(io.BytesIO(base64.b64decode(data))) as file:
        assert (file.format, file.samplerate) == ("MP3", 24_000)
        assert 4 <= file.frames / file.samplerate < 14


def test_a_picture_and_what_it_shows_cannot_break_out_of_the_page():
    found = embed.image('<svg a="b">é</svg>', 'a "roll" <b>')
    assert found.startswith('<img alt="a &quot;roll&quot; &lt;b&gt;" src="data:image/svg+xml;base64,')
    data = re.search(r"base64,([^\"]*)", found)[1]
    assert base64.b64decode(data).decode() == '<svg a="b">é</svg>'

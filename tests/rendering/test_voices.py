import pytest

from notegen.rendering import soundfont
from notegen.rendering.voices import voices


@pytest.fixture
def voice(sine_font):
    """Return a function that gives the voice of one looped sine with an instrument's generators."""

    def resolve(generators=None, preset=None, key=69, velocity=127):
        (found,) = voices(soundfont.load(sine_font(generators, preset)), 0, 0, key, velocity)
        return found

    return resolve


@pytest.mark.parametrize(
    ("generators", "key", "cents"),
    [
        ({}, 69, 0),
        ({}, 70, 100),
        ({58: 60}, 69, 900),
        ({51: -1, 52: 25}, 69, -75),
        ({56: 50}, 71, 100),
        ({46: 72}, 20, 300),
    ],
    ids=["root", "key", "root-override", "tuning", "scale", "fixed-key"],
)
def test_the_pitch_follows_key_root_and_tuning(voice, generators, key, cents):
    assert voice(generators, key=key).tone.cents == pytest.approx(cents)


def test_the_correction_of_a_sample_is_applied(tmp_path, font_bytes, sine):
    path = tmp_path / "flat.sf2"
    sample = (sine(), 44100, 69, 12, (0, 4400))
    path.write_bytes(font_bytes({(0, 0): [({}, 0)]}, [[({}, 0)]], [sample]))
    (found,) = voices(soundfont.load(path), 0, 0, 69, 100)
    assert found.tone.cents == pytest.approx(12)


@pytest.mark.parametrize(("velocity", "attenuation"), [(127, 0), (64, 11.9), (32, 23.9), (1, 84.2)])
def test_a_velocity_is_a_square(voice, velocity, attenuation):
    assert voice(velocity=velocity).attenuation == pytest.approx(attenuation, abs=0.1)


def test_attenuation_counts_four_tenths_and_adds_up(voice):
    assert voice({48: 100}).attenuation == pytest.approx(4)
    assert voice({48: 100}, {48: 50}).attenuation == pytest.approx(6)


def test_what_a_preset_says_of_samples_is_ignored(voice):
    assert voice({}, {58: 20, 57: 3}) == voice()


def test_envelopes_are_in_seconds_and_decibels(voice):
    envelope = voice({33: -1200, 34: 0, 35: 1200, 36: 2400, 37: 500, 38: 1200}).envelope
    assert envelope == pytest.approx((0.5, 1.0, 2.0, 4.0, 48.0, 2.0))


def test_decay_shortens_with_the_key(voice):
    assert voice({36: 0, 40: 100}, key=72).envelope.decay == pytest.approx(0.5)
    assert voice({36: 0, 40: 100}, key=48).envelope.decay == pytest.approx(2.0)


def test_without_a_loop_mode_a_sample_ends(voice):
    assert voice().tone.loop == (0, 4400)
    assert voice({54: 0}).tone.loop is None


def test_global_zones_and_ranges_decide_what_sounds(tmp_path, font_bytes, sine):
    low, high = 0x3B00, 0x7F3C  # keys 0 to 59, and 60 to 127
    loud = 127 << 8 | 100
    zones = [
        ({17: 100, 48: 30}, None),
        ({43: low}, 0),
        ({43: high, 17: -250}, 0),
        ({43: high, 44: loud}, 0),
    ]
    path = tmp_path / "split.sf2"
    sample = (sine(), 44100, 69, 0, (0, 4400))
    path.write_bytes(font_bytes({(0, 0): [({17: 50}, 0)]}, [zones], [sample]))
    font = soundfont.load(path)
    assert [voice.pan for voice in voices(font, 0, 0, 59, 127)] == [0.15]
    assert [voice.pan for voice in voices(font, 0, 0, 60, 99)] == [-0.2]
    assert [voice.pan for voice in voices(font, 0, 0, 60, 100)] == [-0.2, 0.15]

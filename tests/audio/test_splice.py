"""Splicing: copies are exact, joins are not heard, and nothing drifts."""

from pathlib import Path

import numpy as np
import pytest

from notegen.audio import splice
from notegen.audio.recording import Recording
from notegen.errors import UsageError

RATE = 44_100


def source(sound, rate=RATE):
    """Return a function that reads samples, and the recording that they are."""
    sound = sound.reshape(len(sound), -1)
    return lambda start, stop: sound[start:stop], Recording(
        Path("sound.wav"), rate, sound.shape[1], len(sound), "WAV", "DOUBLE"
    )


def spliced(sound, path, rate=RATE, seam=None, samples=None):
    """Return the runs of a path and their sound."""
    read, recording = source(sound, rate)
    runs = splice.plan(read, recording, np.asarray(path), seam)
    samples = splice.position(len(path), rate) if samples is None else samples
    return runs, np.concatenate(list(splice.splice(read, recording, runs, samples)))


def noise(frames, channels=1, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (frames, channels))


def sine(hertz, seconds=3.0, rate=RATE):
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)[:, None]


def roughness(sound):
    """Return the greatest second difference: clicks stand out in it."""
    return np.abs(np.diff(sound, 2, axis=0)).max()


def loudness(sound, span=441):
    """Return the level of each stretch in decibels."""
    power = np.lib.stride_tricks.sliding_window_view(sound[:, 0] ** 2, span)[::100].mean(axis=1)
    return 10 * np.log10(power)


@pytest.mark.parametrize("rate", [8000, 11_025, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_a_path_from_end_to_end_gives_the_source_back(rate, channels):
    sound = noise(2 * rate + 77, channels)
    frames = 1 + len(sound) * 22_050 // rate // 512
    runs, found = spliced(sound, range(frames), rate, samples=len(sound))
    assert np.array_equal(found, sound)
    assert runs == [(0, 0)]


@pytest.mark.parametrize("rate", [8000, 44_100, 48_000])
@pytest.mark.parametrize("late", [-150, 0, 150])
def test_a_path_that_goes_on_behind_the_seed_has_no_join(rate, late):
    sound = noise(3 * rate, 2)
    seam = splice.position(30, rate) + late * rate // RATE
    runs, found = spliced(sound, range(30, 100), rate, seam=seam)
    assert np.array_equal(found, sound[seam : seam + len(found)])
    assert runs == [(0, seam)]


@pytest.mark.parametrize(("rate", "samples"), [(8000, 3), (11_025, 20_001), (48_000, 70_000)])
def test_the_sound_is_as_long_as_asked(rate, samples):
    path = [*range(10, 60), *range(5, 70)]
    _, found = spliced(noise(3 * rate, 2), path, rate, seam=rate, samples=samples)
    assert found.shape == (samples, 2)


@pytest.mark.parametrize("hertz", [61, 441.3, 3010])
def test_a_join_of_a_steady_tone_is_not_heard(hertz):
    tone = sine(hertz)
    runs, found = spliced(tone, [*range(20, 60), *range(83, 110), *range(3, 50)])
    assert len(runs) == 3
    assert roughness(found) < 1.1 * roughness(tone)
    assert np.ptp(loudness(found, round(4 * RATE / hertz))) < 0.5


def test_a_join_of_noises_keeps_the_power():
    left, right = 0.5 * noise(4000, seed=1), 0.5 * noise(4000, seed=2)
    power = (splice.faded(left, right) ** 2).mean() / (left**2).mean()
    assert 10 * np.log10(power) == pytest.approx(0, abs=0.3)


def test_a_constant_stays_constant_over_joins():
    _, found = spliced(np.full((RATE, 1), 0.25), [*range(10, 30), *range(5, 25)], seam=RATE // 2)
    assert np.abs(found - 0.25).max() < 1e-12


def test_pulses_stay_in_step_over_a_join():
    sound = np.zeros((3 * RATE, 1))
    sound[::700] = 1
    _, found = spliced(sound, [*range(10, 50), *range(61, 100), *range(20, 60)])
    assert set(np.diff(np.flatnonzero(found > 0.9))) == {700}


def test_runs_begin_near_their_frames_however_many_came_before():
    path = np.concatenate([np.arange(start, start + 9) for start in np.tile([40, 7, 90, 61], 30)])
    for rate in (8000, 44_100, 48_000):
        runs, _ = spliced(noise(4 * rate), path, rate)
        firsts = range(0, len(path), 9)
        assert [run.at for run in runs] == [splice.position(i, rate) for i in firsts]
        shifts = [run.start - splice.position(path[i], rate) for run, i in zip(runs, firsts, strict=True)]
        assert max(map(abs, shifts)) <= 512 * rate / RATE + 1
        assert len(set(shifts)) > 1


def test_positions_do_not_drift():
    for rate in (8000, 11_025, 44_100, 48_000, 96_000):
        assert splice.position(22_050 * 100, rate) == 512 * rate * 100


def test_channels_are_kept_apart():
    sound = np.concatenate([sine(300), np.zeros((3 * RATE, 1)), -sine(300)], axis=1)
    _, found = spliced(sound, [*range(20, 60), *range(83, 110)], seam=len(sound))
    assert not found[:, 1].any()
    assert np.array_equal(found[:, 0], -found[:, 2])


@pytest.mark.parametrize("hertz", [50, 441.3])
def test_a_seed_that_ends_abruptly_rings_on_under_the_first_grain(hertz):
    tone = sine(hertz) + 0.3 * sine(7 * hertz + 20)
    _, found = spliced(tone, range(17, 60), seam=len(tone))
    over = np.concatenate([tone[-300:], found])
    assert roughness(over) < 1.2 * roughness(tone)


@pytest.mark.parametrize("samples", [0, 100, 5000])
def test_made_sound_follows_a_recording_without_a_click(samples):
    tone = sine(1000, 1.0013)
    made = np.full((samples, 1), -0.3)
    found = np.concatenate(list(splice.behind(*source(tone), made)))
    assert found.shape == made.shape
    assert np.array_equal(found[512:], made[512:])
    assert roughness(np.concatenate([tone[-300:], found])) < 1.2 * roughness(tone)


def test_without_a_seam_the_path_begins_at_once():
    sound = noise(RATE)
    _, found = spliced(sound, range(12, 30))
    assert np.array_equal(found, sound[12 * 1024 : 30 * 1024])


def test_a_cross_fade_is_no_louder_than_full_scale():
    loud = np.sign(noise(3 * RATE))
    _, found = spliced(loud, [*range(20, 40), *range(70, 90), *range(3, 20)], seam=len(loud))
    assert np.abs(found).max() <= 1


def test_silence_stays_silent_and_where_it_is():
    runs, found = spliced(np.zeros((RATE, 2)), [*range(5, 20), *range(9, 30)], seam=RATE)
    assert not found.any()
    assert runs == [(0, RATE), (512, 5 * 1024 + 512), (15 * 1024, 9 * 1024)]


@pytest.mark.parametrize("seed", range(5))
def test_nothing_in_front_of_the_source_is_faded_in(seed):
    runs, _ = spliced(noise(RATE, seed=seed), [*range(20, 40), *range(30)])
    assert runs[1].start >= 512


@pytest.mark.parametrize("frames", [1, 3, 200, 4000])
def test_tiny_sources_do(frames):
    last = frames * 22_050 // RATE // 512
    runs, found = spliced(noise(frames), [last] * 20, seam=frames, samples=20 * 1024)
    assert np.isfinite(found).all()
    assert len(found) == 20 * 1024
    assert np.abs(found).max() <= 1
    assert runs[0] == (0, frames)


def test_only_a_little_is_read_at_a_time():
    length = 20 * 60 * RATE
    asked = []

    def read(start, stop):
        asked.append(stop - start)
        assert 0 <= start < stop <= length
        return np.zeros((stop - start, 1))

    recording = Recording(Path("long.wav"), RATE, 1, length, "WAV", "PCM_16")
    runs = splice.plan(read, recording, np.r_[20_000:45_000, 10:1000], seam=length)
    total = sum(len(block) for block in splice.splice(read, recording, runs, 25_000 * 1024))
    assert total == 25_000 * 1024
    assert max(asked) <= 1 << 16


def test_the_same_path_has_the_same_sound():
    sound, path = noise(RATE, 2), [*range(10, 30), *range(5, 25)]
    assert spliced(sound, path, seam=RATE)[1].tobytes() == spliced(sound, path, seam=RATE)[1].tobytes()


def test_there_must_be_something_to_splice():
    with pytest.raises(UsageError, match="choose at least one frame"):
        spliced(noise(RATE), [])

"""Saving takes of a recording: the seed is in them bit for bit, and the rest is as long as was wanted."""

import hashlib
import json

import numpy as np
import pytest
import soundfile
from made_sound import heard, knowing, made_tune

import notegen
from notegen.audio.features import FRAME_RATE
from notegen.audio.recording import RATE
from notegen.errors import UsageError
from notegen.evaluation.sound import frame_levels
from notegen.generation.sound import SoundTake, compose
from notegen.generation.sound_files import save
from notegen.model.bundle import Bundle, load
from notegen.model.classic import ClassicConfig

KINDS = [
    ("song.wav", "PCM_16", 22_050, 1),
    ("song.wav", "PCM_16", 44_100, 2),
    ("song.wav", "PCM_16", 8_000, 1),
    ("song.wav", "PCM_U8", 11_025, 1),
    ("song.wav", "PCM_24", 48_000, 2),
    ("song.wav", "FLOAT", 48_000, 1),
    ("song.wav", "DOUBLE", 96_000, 1),
    ("song.wav", "ULAW", 8_000, 1),
    ("song.wav", "PCM_16", 22_050, 6),
    ("song.flac", "PCM_16", 44_100, 2),
    ("song.flac", "PCM_24", 48_000, 1),
]


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return heard(tmp_path_factory.mktemp("sounds") / "song.wav", made_tune(8), subtype="PCM_16")


@pytest.fixture(scope="module")
def model(sound, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "song.notegen"
    knowing(sound).save(path)
    return load(path)


@pytest.fixture(scope="module")
def takes(model, sound):
    return compose(model, sound, seconds=6, variations=2, seed=5)


def made(*path, seconds=1.0):
    """Return a take that jumps from frame to frame of a recording, and plays on from each."""
    steps = int(np.ceil(seconds * FRAME_RATE)) + 1
    each = -(-steps // len(path))
    frames = np.concatenate([np.arange(start, start + each) for start in path])[:steps]
    return SoundTake(np.ones(steps, np.int32), frames, 2.0, 7)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def exact(path):
    """Return the samples of a file with nothing lost."""
    return soundfile.read(path, dtype="float64", always_2d=True)[0]


@pytest.mark.parametrize(("name", "subtype", "rate", "channels"), KINDS)
@pytest.mark.parametrize("decoder", ["grains", "phase"])
def test_the_seed_is_in_every_take_bit_for_bit(tmp_path, name, subtype, rate, channels, decoder):
    samples = made_tune(1.5, rate, channels)
    samples[100:102] = [[1.0], [-1.0]]
    sound = heard(tmp_path / name, samples, rate, subtype)
    (path,), _, _ = save(
        [made(40, 5)], sound, tmp_path / "takes", model=knowing(sound), seconds=0.777, decoder=decoder
    )
    found = soundfile.info(path)
    assert (path.suffix, found.subtype) == (sound.recording.path.suffix, subtype)
    assert (found.samplerate, found.channels) == (rate, channels)
    take, source = exact(path), exact(sound.recording.path)
    assert len(take) == len(source) + round(0.777 * rate)
    assert take[: len(source)].tobytes() == source.tobytes()
    assert np.abs(take[len(source) :]).max() > 0.01


@pytest.mark.parametrize("name", ["song.ogg", "song.mp3", "song.aiff"])
def test_other_formats_become_wav(tmp_path, name):
    sound = heard(tmp_path / name, made_tune(1.5, 44_100, 2), 44_100)
    (path,), _, _ = save([made(40, 5)], sound, tmp_path / "takes", model=knowing(sound), seconds=0.5)
    assert path.name == "song-1.wav"
    take, source = exact(path), exact(sound.recording.path)
    assert len(take) == len(source) + 22_050
    np.testing.assert_allclose(take[: len(source)], source, atol=1 / 32_768)


def test_float_sound_above_full_scale_stays_as_it_is(tmp_path):
    sound = heard(tmp_path / "loud.wav", 8 * made_tune(1.5), subtype="FLOAT")
    (path,), _, _ = save([made(40, 5)], sound, tmp_path / "takes", model=knowing(sound), seconds=0.5)
    take, source = exact(path), exact(sound.recording.path)
    assert np.abs(source).max() > 2
    assert take[: len(source)].tobytes() == source.tobytes()


@pytest.mark.parametrize("seconds", [0.1, 0.12345, 1.0, 3.3])
def test_what_is_new_is_as_long_as_was_wanted_to_the_sample(tmp_path, model, sound, seconds):
    save([made(40, 5, 100, seconds=seconds)], sound, tmp_path, model=model, seconds=seconds)
    assert soundfile.info(tmp_path / "song-1.wav").frames == 8 * RATE + round(seconds * RATE)


def test_what_is_new_is_the_recordings_own_sound(tmp_path, model, sound):
    """In the midst of a run there are the very samples of the recording."""
    save([made(100, seconds=2.0)], sound, tmp_path, model=model, seconds=2)
    samples = exact(tmp_path / "song-1.wav")[:, 0]
    new, source = samples[8 * RATE + RATE // 2 :][:4096], samples[: 8 * RATE]
    starts = np.flatnonzero(source[: -len(new)] == new[0])
    assert any(np.array_equal(source[at : at + len(new)], new) for at in starts)


def test_there_is_no_click_at_the_seam_and_at_joins(tmp_path, model, sound, takes):
    for path in save(takes, sound, tmp_path, model=model, seconds=6)[0]:
        steps = np.abs(np.diff(exact(path)[:, 0], n=2))
        assert steps[8 * RATE - 10 :].max() < 1.5 * steps[: 8 * RATE - 10].max()


def test_the_sidecar_says_how_takes_were_made(tmp_path, model, sound, takes):
    paths, sidecar, figures = save(
        takes, sound, tmp_path / "new" / "takes", model=model, seconds=6, options={"temperature": 0.9}
    )
    assert names(tmp_path / "new" / "takes") == ["song-1.wav", "song-2.wav", "song.json"]
    said = json.loads(sidecar.read_text(), parse_constant=pytest.fail)
    digest = hashlib.sha256(sound.recording.path.read_bytes()).hexdigest()
    assert said["source"] == {"file": "song.wav", "sha256": digest}
    assert said["model"] == {"name": model.name, "sha256": model.digest}
    assert (said["notegen"], said["seed"], said["seam"]) == (notegen.__version__, 5, 8.0)
    assert said["options"] == {"seconds": 6, "decoder": "grains", "temperature": 0.9}
    assert [take["file"] for take in said["takes"]] == [path.name for path in paths]
    for take, found, entry in zip(takes, figures, said["takes"], strict=True):
        assert entry["bits_per_frame"] == pytest.approx(take.bits_per_frame, abs=1e-3)
        assert (entry["level"], entry["flux"]) == (found.level, found.flux)
        assert entry["tempo"] == found.tempo


def test_joins_and_the_longest_run_are_those_of_the_path(tmp_path, model, sound):
    _, sidecar, _ = save(
        [made(100, 5, 200, seconds=1.5)], sound, tmp_path, model=model, seconds=1.5, options={}
    )
    (entry,) = json.loads(sidecar.read_text())["takes"]
    assert entry["joins"] == pytest.approx([8 + 22 / FRAME_RATE, 8 + 44 / FRAME_RATE], abs=1e-3)
    assert entry["longest_run"] == pytest.approx(22 / FRAME_RATE, abs=0.01)


def test_joins_lie_in_the_new_part(tmp_path, model, sound, takes):
    _, sidecar, _ = save(takes, sound, tmp_path, model=model, seconds=6)
    for entry in json.loads(sidecar.read_text())["takes"]:
        assert entry["joins"] == sorted(entry["joins"])
        assert all(8 <= at <= 14 for at in entry["joins"])
        assert 0 < entry["longest_run"] <= 6.1


def test_takes_sound_as_the_recording_does(tmp_path, model, sound, takes):
    for found in save(takes, sound, tmp_path, model=model, seconds=6)[2]:
        assert not found.frozen
        assert found.level_outside == 0
        assert found.level == pytest.approx(np.median(frame_levels(sound.levels)), abs=3)
        assert 0.6 < found.flux_ratio < 1.5


def test_what_fades_out_goes_on_at_its_usual_level(tmp_path):
    samples = made_tune(12)
    samples[7 * RATE :] *= np.linspace(1, 0, 5 * RATE)[:, None] ** 3
    sound = heard(tmp_path / "fading.wav", samples, subtype="PCM_16")
    model = knowing(sound)
    usual = np.median(frame_levels(sound.levels[: 6 * 43]))
    _, _, figures = save(
        compose(model, sound, seconds=6, variations=2, seed=4), sound, tmp_path, model=model, seconds=6
    )
    for found in figures:
        assert found.level == pytest.approx(usual, abs=6)


def test_numbers_that_are_taken_are_passed_over(tmp_path, model, sound):
    first = [made(40), made(80)]
    save(first, sound, tmp_path, model=model, seconds=0.5)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    paths, sidecar, _ = save(first[:1], sound, tmp_path, model=model, seconds=0.5)
    assert (paths[0].name, sidecar.name) == ("song-3.wav", "song-3.json")
    assert {name: (tmp_path / name).read_bytes() for name in before} == before


@pytest.mark.parametrize(
    ("present", "first"),
    [
        (["song-7.wav"], "song-8.wav"),
        (["song-3.flac"], "song-4.wav"),
        (["song.json"], "song-2.wav"),
        (["song-3.json"], "song-4.wav"),
        (["song.notegen", "song.wav", "song-2.mid", "big-song-9.wav", "song-x.wav"], "song-1.wav"),
    ],
)
def test_only_takes_have_numbers(tmp_path, model, sound, present, first):
    for name in present:
        (tmp_path / name).write_text("mine")
    assert save([made(40)], sound, tmp_path, model=model, seconds=0.5)[0][0].name == first
    assert all((tmp_path / name).read_text() == "mine" for name in present)


def test_force_writes_over_the_first_takes(tmp_path, model, sound):
    save([made(40)], sound, tmp_path, model=model, seconds=0.5)
    before = (tmp_path / "song-1.wav").read_bytes()
    paths, sidecar, _ = save([made(200)], sound, tmp_path, model=model, seconds=0.5, force=True)
    assert names(tmp_path) == ["song-1.wav", "song.json"]
    assert (paths[0].name, sidecar.name) == ("song-1.wav", "song.json")
    assert paths[0].read_bytes() != before


def test_a_file_where_the_folder_should_be_is_told(tmp_path, model, sound):
    (tmp_path / "takes").write_text("mine")
    with pytest.raises(UsageError, match="takes is a file; name a folder with --output"):
        save([made(40)], sound, tmp_path / "takes", model=model, seconds=0.5)
    assert names(tmp_path) == ["takes"]


@pytest.mark.parametrize("decoder", ["grains", "phase"])
def test_the_same_seed_gives_the_same_bytes(tmp_path, model, sound, decoder):
    for folder in ("a", "b"):
        takes = compose(model, sound, seconds=1, variations=2, seed=9)
        save(takes, sound, tmp_path / folder, model=model, seconds=1, decoder=decoder)
    for name in names(tmp_path / "a"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_without_grains_there_are_no_joins(tmp_path, model, sound, takes):
    _, sidecar, figures = save(takes, sound, tmp_path, model=model, seconds=6, decoder="phase")
    said = json.loads(sidecar.read_text())
    assert said["options"]["decoder"] == "phase"
    for entry, found in zip(said["takes"], figures, strict=True):
        assert "bits_per_frame" in entry
        assert not {"joins", "longest_run"} & set(entry)
        assert not found.frozen
        assert found.level == pytest.approx(np.median(frame_levels(sound.levels)), abs=6)


def test_a_classic_take_is_the_sound_of_its_magnitudes(tmp_path, sound):
    config = ClassicConfig(units=2, layers=1)
    zeros = {name: np.zeros(shape, np.float32) for name, shape in config.shapes().items()}
    model = Bundle(config, zeros, {}, "spectrum")
    magnitudes = np.zeros((45, 1025), np.float32)
    magnitudes[:, 92:95] = [50, 100, 50]  # a tone of 1001 Hz
    none = np.zeros(0, np.int32)
    take = SoundTake(none, none.astype(np.int64), 0.0, 7, magnitudes)
    _, sidecar, _ = save([take], sound, tmp_path, model=model, seconds=1)
    (entry,) = json.loads(sidecar.read_text())["takes"]
    assert not {"joins", "longest_run", "bits_per_frame"} & set(entry)
    samples = exact(tmp_path / "song-1.wav")[:, 0]
    assert samples[: 8 * RATE].tobytes() == exact(sound.recording.path).tobytes()
    new = samples[8 * RATE :]
    assert len(new) == RATE
    assert np.abs(np.fft.rfft(new)).argmax() == pytest.approx(1001, abs=3)


def test_progress_is_told_before_each_take(tmp_path, model, sound):
    told = []
    paths, _, _ = save(
        [made(40), made(80)],
        sound,
        tmp_path,
        model=model,
        seconds=0.5,
        progress=lambda *each: told.append(each),
    )
    assert told == [(0, 2, paths[0]), (1, 2, paths[1])]


def test_the_only_thing_left_behind_by_an_error_is_what_was_whole(tmp_path, model, sound):
    def stop(done, *_):
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save([made(40), made(80)], sound, tmp_path, model=model, seconds=0.5, progress=stop)
    assert names(tmp_path) == ["song-1.wav"]
    assert soundfile.info(tmp_path / "song-1.wav").frames == 8 * RATE + RATE // 2

"""Whole recordings, by both synthesizers, measured."""

import hashlib
import io

import numpy as np
import pytest
import soundfile

from notegen.errors import DataError, EmptyError, FormatError, RangeError, UsageError
from notegen.rendering import builtin, fluid, level, sound
from notegen.score import EVENT, NOTE, TEMPO, Score, Track, table

RATE = 44100
PIANO, VIBRAPHONE, ORGAN, WHISTLE = 0, 11, 19, 79
SCALE = [60, 62, 64, 65, 67, 69, 71, 72]

needs_fluidsynth = pytest.mark.skipif(fluid.binding() is None, reason="libfluidsynth is not installed")
engines = pytest.mark.parametrize("engine", ["builtin", pytest.param("fluidsynth", marks=needs_fluidsynth)])


def score(notes, *programs, events=(), **rest):
    tracks = tuple(
        program if isinstance(program, Track) else Track("", program, i) for i, program in enumerate(programs)
    )
    return Score(
        notes=table(list(notes), NOTE),
        tracks=tracks or (Track(),),
        events=table(list(events), EVENT),
        **rest,
    )


@pytest.fixture
def record(tmp_path, timgm):
    """Return a function that renders a score and reads it: what was made, and samples (frames, 2)."""

    def render(piece, engine="builtin", suffix=".wav", **options):
        options.setdefault("soundfont", timgm)
        path = tmp_path / f"sound{suffix}"
        made = sound.render(piece, path, engine=engine, force=True, **options)
        return made, soundfile.read(path)[0]

    return render


def decibels(wave):
    return 10 * np.log10((np.asarray(wave, dtype=float) ** 2).mean() + 1e-20)


def frequency(wave, near):
    """Return the strongest frequency within a quarter tone, by the peak of the spectrum."""
    size = 8 * len(wave)
    power = np.log(np.abs(np.fft.rfft(wave * np.hanning(len(wave)), size)) + 1e-12)
    low, high = (int(near * 2 ** (cents / 1200) * size / RATE) for cents in (-50, 50))
    top = low + int(power[low : high + 1].argmax())
    before, at, after = power[top - 1 : top + 2]
    return (top + (before - after) / (2 * (before - 2 * at + after))) * RATE / size


def onsets(wave, threshold=0.02):
    """Return when the sound begins after silence, in seconds."""
    loud = np.abs(wave).max(axis=1) > threshold * np.abs(wave).max()
    quiet = np.convolve(loud, np.ones(2000), "full")[: len(loud)] - loud == 0
    return np.flatnonzero(loud & quiet) / RATE


def octaves(wave):
    """Return the shares of power in the octaves from 62 Hz on."""
    power = np.abs(np.fft.rfft(wave[:RATE, 0])) ** 2
    shares = np.array([power[62 << i : 125 << i].sum() for i in range(8)])
    return shares / shares.sum()


@engines
def test_a_scale_is_in_tune(record, engine):
    _, wave = record(score([(960 * i, 900, p, 100, 0) for i, p in enumerate(SCALE)], WHISTLE), engine)
    for i, pitch in enumerate(SCALE):
        wanted = 440 * 2 ** ((pitch - 69) / 12)
        part = wave[i * RATE + 8000 : i * RATE + 38000].sum(axis=1)
        assert 1200 * np.log2(frequency(part, wanted) / wanted) == pytest.approx(0, abs=5)


@engines
@pytest.mark.parametrize("rate", [8000, 22050, 96_000])
def test_the_rate_changes_neither_pitch_nor_length(record, engine, rate):
    _, wave = record(score([(0, 1920, 69, 100, 0)], WHISTLE), engine, rate=rate)
    spectrum = np.abs(np.fft.rfft(wave[:rate, 0] * np.hanning(rate), 8 * rate))
    assert 1200 * np.log2(spectrum[: 8 * 600].argmax() / 8 / 440) == pytest.approx(0, abs=5)
    assert 2 < len(wave) / rate < 8


def test_what_is_too_long_for_a_wav_file_is_told(record):
    with pytest.raises(UsageError, match="4 GiB"):
        record(score([(0, 960 * 3600 * 3, 60, 90, 0)]), rate=192_000)


@engines
def test_notes_begin_on_time_and_tempo_changes_count(record, engine):
    tempos = table([(0, 500_000), (960, 750_000), (2400, 300_000)], TEMPO)
    ticks = [0, 480, 960, 1440, 1920, 2880, 3840]
    wanted = [0, 0.5, 1.0, 1.75, 2.5, 3.55, 4.15]
    drum = score([(tick, 60, 37, 110, 0) for tick in ticks], Track("", 0, 9), tempos=tempos)
    _, wave = record(drum, engine)
    assert onsets(wave) == pytest.approx(wanted, abs=0.005)


@engines
def test_a_long_piece_stays_on_time(record, engine):
    tempos = table([(0, 437_219)], TEMPO)
    _, wave = record(
        score([(480 * i, 60, 37, 110, 0) for i in range(0, 48, 8)], Track("", 0, 9), tempos=tempos), engine
    )
    assert onsets(wave) == pytest.approx(np.arange(0, 48, 8) * 0.437219, abs=0.005)


@engines
def test_the_middle_is_in_the_middle_and_pan_works(record, engine):
    def sides(*events):
        _, wave = record(score([(0, 960, 64, 100, 0)], WHISTLE, events=events), engine)
        return decibels(wave[:RATE, 0]) - decibels(wave[:RATE, 1])

    assert sides() == pytest.approx(0, abs=1)
    assert sides((0, 0, 0xB0, 10, 0)) > 12
    assert sides((0, 0, 0xB0, 10, 127)) < -12


@engines
def test_forty_loud_notes_do_not_clip(record, engine):
    _, wave = record(score([(0, 480, 40 + i, 127, 0) for i in range(40)], ORGAN), engine)
    peaks = level.chunk_peaks(np.ascontiguousarray(wave.T, dtype=np.float32))
    true = level.true_peak(lambda start, stop: wave[start:stop].astype(np.float32), peaks)
    assert 20 * np.log10(true) == pytest.approx(sound.PEAK, abs=0.01)
    assert np.abs(wave).max() < 1


@pytest.mark.parametrize(
    ("suffix", "depth", "subtype"),
    [
        (".wav", "16", "PCM_16"),
        (".wav", "24", "PCM_24"),
        (".wav", "float", "FLOAT"),
        (".flac", "24", "PCM_24"),
        (".ogg", "16", "VORBIS"),
    ],
)
def test_samples_have_the_depth_that_is_asked_for(record, tmp_path, suffix, depth, subtype):
    record(score([(0, 240, 60, 90, 0)]), suffix=suffix, depth=depth)
    assert soundfile.info(tmp_path / f"sound{suffix}").subtype == subtype


@pytest.mark.parametrize("depth", ["16", "24", "float"])
def test_the_depth_changes_nothing_but_rounding(record, depth):
    piece = score([(0, 240, 60, 90, 0)])
    exact, wave = record(piece, depth="float")[1], record(piece, depth=depth)[1]
    assert np.abs(exact - wave).max() <= {"16": 2**-15, "24": 2**-23, "float": 0}[depth]


@engines
def test_every_score_has_the_same_level(record, engine):
    for velocity in (10, 120):
        _, wave = record(score([(0, 480, 60, velocity, 0)], PIANO), engine)
        assert 20 * np.log10(np.abs(wave).max()) == pytest.approx(sound.PEAK, abs=0.5)


@engines
@pytest.mark.parametrize("program", [PIANO, VIBRAPHONE, 92])
def test_a_recording_ends_in_silence(record, engine, program):
    made, wave = record(score([(0, 960, 60, 100, 0)], program), engine)
    assert decibels(wave[-RATE // 100 :]) < -60
    assert np.abs(wave[-1]).max() < 1e-3
    assert 1.0 < made.seconds == len(wave) / RATE <= 11.2


@engines
def test_programs_and_drums_are_told_apart(record, engine):
    notes = [(0, 960, 40, 100, 0)]
    piano = octaves(record(score(notes, PIANO), engine)[1])
    changed = octaves(record(score(notes, PIANO, events=[(0, 0, 0xC0, 81, 0)]), engine)[1])
    chosen = octaves(record(score(notes, 81), engine)[1])
    drums = octaves(record(score(notes, Track("", 0, 9)), engine)[1])
    assert np.abs(changed - chosen).sum() < 0.05
    assert np.abs(changed - piano).sum() > 0.3
    assert np.abs(drums - piano).sum() > 0.3


@engines
def test_a_program_change_counts_from_its_tick_on(record, engine):
    notes = [(0, 480, 60, 100, 0), (1920, 480, 60, 100, 0)]
    _, wave = record(score(notes, PIANO, events=[(960, 0, 0xC0, 81, 0)]), engine)
    first, second = octaves(wave[: RATE // 2]), octaves(wave[2 * RATE : 2 * RATE + RATE // 2])
    assert np.abs(first - second).sum() > 0.3


@engines
def test_loud_notes_are_louder_by_the_square(record, engine):
    notes = [(0, 480, 64, 120, 0), (1920, 480, 64, 60, 0)]
    _, wave = record(score(notes, WHISTLE), engine)
    loud, soft = (decibels(wave[int(at * RATE) : int((at + 0.4) * RATE)]) for at in (0, 2))
    assert loud - soft == pytest.approx(12, abs=1)


@engines
def test_the_pedal_sustains(record, engine):
    pedal = [(0, 0, 0xB0, 64, 127), (2880, 0, 0xB0, 64, 0)]
    notes = [(0, 240, 64, 100, 0), (3840, 240, 64, 100, 0)]
    after = slice(2 * RATE, int(2.5 * RATE))
    held, dry = (
        decibels(record(score(notes, ORGAN, events=events), engine)[1][after]) for events in (pedal, ())
    )
    assert held > dry + 30


@engines
def test_expression_and_volume_change_the_level(record, engine):
    down = [(960, 0, 0xB0, 11, 64), (1920, 0, 0xB0, 7, 50)]
    _, wave = record(score([(0, 2880, 64, 100, 0)], WHISTLE, events=down), engine)
    levels = [decibels(wave[int((at + 0.3) * RATE) : int((at + 0.9) * RATE)]) for at in range(3)]
    assert levels[0] - levels[1] == pytest.approx(12, abs=1.5)
    assert levels[1] - levels[2] == pytest.approx(12, abs=1.5)


@engines
@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3"])
def test_the_same_score_becomes_the_same_bytes(tmp_path, timgm, engine, suffix):
    piece = score([(240 * i, 240, 60 + i, 90, i % 2) for i in range(4)], PIANO, ORGAN)
    paths = [tmp_path / f"{name}{suffix}" for name in "ab"]
    for path in paths:
        sound.render(piece, path, engine=engine, soundfont=timgm)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert soundfile.info(paths[0]).format == sound.FORMATS[suffix]


def test_what_was_made_is_told(record, timgm):
    made, wave = record(score([(0, 480, 60, 90, 0)]), rate=22050, depth="24")
    assert (made.engine, made.soundfont, made.rate, made.depth) == ("builtin", timgm.name, 22050, "24")
    assert made.soundfont_sha256 == hashlib.sha256(timgm.read_bytes()).hexdigest()
    assert made.seconds == len(wave) / 22050


def test_without_the_library_auto_is_the_built_in_engine(record, monkeypatch):
    monkeypatch.setattr(fluid, "binding", lambda: None)
    piece = score([(0, 480, 60, 90, 0)])
    assert record(piece, "auto")[0].engine == "builtin"
    with pytest.raises(UsageError, match="apt install libfluidsynth3"):
        record(piece, "fluidsynth")


@needs_fluidsynth
def test_with_the_library_auto_is_fluidsynth(record):
    assert record(score([(0, 480, 60, 90, 0)]), "auto")[0].engine == "fluidsynth"


def test_sound_can_be_had_as_bytes(timgm):
    data = sound.encoded(score([(0, 480, 60, 90, 0)]), ".mp3", engine="builtin", soundfont=timgm)
    assert soundfile.info(io.BytesIO(data)).duration > 0.5


@pytest.mark.parametrize(
    ("suffix", "options", "said"),
    [
        (".aiff", {}, "end the name in one of them"),
        (".wav", {"rate": 7999}, "8000 to 192000"),
        (".wav", {"depth": "8"}, "no depth"),
        (".wav", {"engine": "timidity"}, "no engine"),
        (".wav", {"engine": "fluidsynth", "rate": 192_000}, "at most 96000"),
        (".flac", {"depth": "float"}, "as .wav"),
        (".ogg", {"depth": "24"}, "has no depth"),
        (".mp3", {"rate": 96000}, "MP3 has no rate"),
    ],
)
def test_options_that_do_not_go_together_are_refused(record, suffix, options, said):
    with pytest.raises(UsageError, match=said):
        record(score([(0, 480, 60, 90, 0)]), **{"suffix": suffix, **options})


@pytest.mark.parametrize(
    ("piece", "error"),
    [
        (score([]), EmptyError),
        (score([(0, 1 << 38, 60, 90, 0)]), RangeError),
    ],
    ids=["empty", "endless"],
)
def test_what_cannot_be_rendered_leaves_nothing_behind(record, tmp_path, piece, error):
    with pytest.raises(error):
        record(piece)
    assert list(tmp_path.iterdir()) == []


def test_a_font_without_the_notes_sounds_is_told(record, tmp_path, font_bytes, sine):
    path = tmp_path / "deep.sf2"
    sample = (sine(), 44100, 69, 0, (0, 4400))
    path.write_bytes(font_bytes({(0, 0): [({}, 0)]}, [[({43: 20 << 8}, 0)]], [sample]))
    with pytest.raises(EmptyError, match=r"deep\.sf2 has no sound"):
        record(score([(0, 480, 60, 90, 0)]), soundfont=path)


def test_a_damaged_font_is_told(record, tmp_path):
    (tmp_path / "bad.sf2").write_bytes(b"RIFF")
    with pytest.raises(FormatError, match=r"bad\.sf2"):
        record(score([(0, 480, 60, 90, 0)]), soundfont=tmp_path / "bad.sf2")


def test_an_existing_file_is_kept(tmp_path, timgm):
    path = tmp_path / "here.wav"
    path.write_bytes(b"mine")
    with pytest.raises(UsageError, match="exists already"):
        sound.render(score([(0, 480, 60, 90, 0)]), path, engine="builtin", soundfont=timgm)
    assert path.read_bytes() == b"mine"


@pytest.mark.parametrize("when", [builtin, soundfile.SoundFile], ids=["while-played", "while-written"])
def test_ctrl_c_leaves_nothing_behind(tmp_path, timgm, monkeypatch, when):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(when, "_mix" if when is builtin else "write", stop)
    with pytest.raises(KeyboardInterrupt):
        sound.render(score([(0, 480, 60, 90, 0)]), tmp_path / "a.wav", engine="builtin", soundfont=timgm)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_told(tmp_path, timgm):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match="cannot be written"):
        sound.render(
            score([(0, 480, 60, 90, 0)]), tmp_path / "file" / "a.wav", engine="builtin", soundfont=timgm
        )


@engines
def test_progress_goes_from_nothing_to_all(record, engine):
    told = []
    record(score([(0, 9600, 60, 90, 0)], ORGAN), engine, progress=lambda *pair: told.append(pair))
    assert {total for _, total in told} == {10.0}
    done = [seconds for seconds, _ in told]
    assert done == sorted(done)
    assert done[-1] == 10.0
    assert len(set(done)) > 3


@engines
def test_blocks_are_small_however_long_the_score(timgm, engine):
    piece = score([(960 * 60 * i, 240, 60, 80, 0) for i in range(10)])
    performance = sound.perform(piece)
    largest, frames = 0, 0
    for block in sound._blocks(performance, engine, timgm, 8000):
        largest, frames = max(largest, block.shape[1]), frames + block.shape[1]
    assert frames > 9 * 60 * 8000
    assert largest <= 1 << 16

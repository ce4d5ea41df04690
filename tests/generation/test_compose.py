import io
from dataclasses import replace

import mido
import numpy as np
import pretty_midi
import pytest

from notegen import formats
from notegen.codecs import notes
from notegen.codecs import vocabulary as v
from notegen.corpus.originality import Index
from notegen.corpus.scan import Piece
from notegen.errors import EmptyError, UsageError
from notegen.formats import midi
from notegen.generation.compose import compose
from notegen.keys import Key
from notegen.melody import melody
from notegen.model.network import NetworkConfig
from notegen.score import METER, NOTE, TEMPO, Score, Track, table


@pytest.fixture(scope="module")
def model(random_bundle):
    """Random weights that lean to short notes, so that bars are seldom empty."""
    made = random_bundle(NetworkConfig(v.MELODY, embedding=4, units=6, layers=1))
    bias = made.weights["logits.bias"]
    short = np.isin(v.KIND[: v.MELODY], [v.INDEX["bar"], v.INDEX["position"]])
    bias[short] -= 1
    bias[v.FIRST["release"] + 96 :] -= 4
    return made


def from_file(score):
    """Return a score as it is read from a MIDI file."""
    return midi.decode(midi.encode(score))


def witness(score):
    """Read a score with mido: (tick, duration, channel, pitch) of each note, and the file's division."""
    file = mido.MidiFile(file=io.BytesIO(midi.encode(score)))
    notes = []
    for track in file.tracks:
        now, sounding = 0, {}
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                sounding[message.channel, message.note] = now
            elif message.type in ("note_on", "note_off"):
                begun = sounding.pop((message.channel, message.note), None)
                if begun is not None:
                    notes.append((begun, now - begun, message.channel, message.note))
    return sorted(notes), file.ticks_per_beat


def check(seed, takes, bars, stop):
    """Check that takes hold the seed, and behind it music up to the tick `stop`, the last bar's end."""
    old, _ = witness(seed)
    for take in takes:
        now, division = witness(take.score)
        assert now[: len(old)] == old
        new = now[len(old) :]
        assert len(new) == take.notes > 0
        assert min(tick for tick, *_ in new) >= max(tick + duration for tick, duration, *_ in old) - 1
        last_bar = stop - take.score.bar_length(take.score.meter_at(stop))
        assert last_bar < max(tick + duration for tick, duration, *_ in new) <= stop
        assert division == seed.resolution
        assert len(take.score.bars()) - len(seed.bars()) == bars


@pytest.mark.parametrize("meter", [(3, 4), (4, 4), (6, 8), (9, 8), (7, 8), (2, 2), (3, 2), (12, 8), (5, 4)])
def test_a_seed_stays_as_it_is_and_gains_exactly_the_bars_asked_for(model, tune, meter):
    seed = from_file(tune(meter, bars=4))
    bar = 4 * 480 * meter[0] // meter[1]
    check(seed, compose(model, seed, bars=3, variations=3, seed=1), 3, stop=7 * bar)


@pytest.mark.parametrize("division", [24, 96, 100, 120, 480, 960, 15360])
def test_any_division_is_kept(model, tune, division):
    seed = from_file(tune((3, 4), bars=4, resolution=division))
    check(seed, compose(model, seed, bars=2, variations=2, seed=2), 2, stop=6 * 3 * division)


def test_bars_are_counted_from_behind_a_pickup(model, tune):
    meters = table([(0, 1, 4), (480, 3, 4)], METER)
    plain = tune((1, 4), bars=7)
    seed = from_file(Score(notes=plain.notes, keys=plain.keys, meters=meters))
    check(seed, compose(model, seed, bars=2, variations=2, seed=3), 2, stop=(7 + 6) * 480)


def test_tempo_and_meter_may_change_on_the_way(model, tune):
    plain = tune((1, 4), bars=14)
    maps = {
        "meters": table([(0, 4, 4), (8 * 480, 3, 4)], METER),
        "tempos": table([(0, 500_000), (8 * 480, 400_000)], TEMPO),
    }
    seed = from_file(Score(notes=plain.notes, keys=plain.keys, **maps))
    takes = compose(model, seed, bars=2, variations=2, seed=4)
    check(seed, takes, 2, stop=20 * 480)
    heard = pretty_midi.PrettyMIDI(io.BytesIO(midi.encode(takes[0].score)))
    assert heard.get_tempo_changes()[1].tolist() == [120, 150]
    assert [(change.numerator, change.denominator) for change in heard.time_signature_changes] == [
        (4, 4),
        (3, 4),
    ]
    assert heard.get_end_time() <= 8 * 0.5 + 12 * 0.4 + 1e-6


def test_a_meter_written_at_the_end_is_that_of_the_new_bars(model, tune):
    plain = tune(bars=2)
    meters = table([(0, 4, 4), (2 * 1920, 3, 4)], METER)
    seed = from_file(Score(notes=plain.notes, keys=plain.keys, meters=meters))
    check(seed, compose(model, seed, bars=2, variations=2, seed=4), 2, stop=2 * 1920 + 2 * 1440)


@pytest.mark.parametrize("late", [-20, -1, 1, 20])
def test_a_meter_written_beside_its_bar_line_is_no_obstacle(model, late):
    """A note of three quarters in 2/4, and a change to 3/4 not quite where its second bar begins."""
    plain = Score.of([(0, 1440, 67)])
    seed = from_file(Score(notes=plain.notes, meters=table([(0, 2, 4), (960 + late, 3, 4)], METER)))
    for take in compose(model, seed, bars=2, variations=16, seed=4):
        assert len(take.score.notes) == 1 + take.notes > 1
        assert take.score.notes["onset"][1] >= 1440
        assert take.score.end <= 960 + late + 3 * 1440


@pytest.mark.parametrize(("quarters", "filled"), [(6, 8), (5, 8), (7, 8), (9, 12)])
def test_an_unfinished_bar_is_filled_besides(model, tune, quarters, filled):
    seed = from_file(tune((1, 4), bars=quarters))
    seed = from_file(Score(notes=seed.notes, keys=seed.keys, meters=table([(0, 4, 4)], METER)))
    takes = compose(model, seed, bars=2, variations=4, seed=5)
    check(seed, takes, 2, stop=(filled + 8) * 480)
    for take in takes:
        assert take.score.notes["onset"][len(seed.notes)] < filled * 480


def in_meters(tune, quarters, *meters):
    plain = tune((1, 4), bars=quarters)
    return Score(notes=plain.notes, keys=plain.keys, meters=table(list(meters), METER))


SEAMS = {
    "bar line": lambda tune: (tune(bars=2), 8 * 480),
    "unfinished bar": lambda tune: (in_meters(tune, 6, (0, 4, 4)), 6 * 480),
    "pickup": lambda tune: (in_meters(tune, 7, (0, 1, 4), (480, 3, 4)), 7 * 480),
    "pickup and unfinished bar": lambda tune: (in_meters(tune, 9, (0, 1, 4), (480, 3, 4)), 9 * 480),
    "96 ticks": lambda tune: (tune((6, 8), bars=3, resolution=96), 9 * 96),
    "100 ticks": lambda tune: (tune((3, 4), bars=2, resolution=100), 600),
    "tail": lambda _: (Score.of([(i * 480, 520, 62 + i) for i in range(8)]), 8 * 480),
}


@pytest.mark.parametrize("make", SEAMS.values(), ids=SEAMS)
def test_the_seam_divides_the_seed_from_the_first_new_note(eighths, tune, make):
    seed, tick = make(tune)
    seed = from_file(seed)
    for take in compose(eighths, seed, bars=2, variations=4, seed=20):
        old = len(seed.notes)
        assert take.new == (tick, None)
        assert take.score.notes["onset"][:old].max() < tick
        assert take.score.notes["onset"][old] - tick in (0, seed.end - tick)  # a tail is let ring


def test_the_seam_of_a_band_lies_behind_all_tracks(model, band):
    for take in compose(model, band, bars=2, variations=2, seed=21):
        assert take.new == (band.end, None) == (4 * 4 * 480, None)


def test_a_tune_from_nothing_has_no_seam(model):
    assert {take.new for take in compose(model, bars=2, variations=2, seed=22)} == {None}


@pytest.fixture(scope="module")
def band(tune):
    """Drums and five tracks; the melody is the third."""
    rows, tracks = [], []
    for i, (name, program) in enumerate(
        [("drums", 0), ("bass", 32), ("Melody", 73), ("pad", 88), ("keys", 0), ("low", 58)]
    ):
        tracks.append(Track(name, program, 9 if i == 0 else i))
        for onset, duration, *_ in tune(bars=4).notes.tolist():
            rows.append((onset, duration, 72 if i == 2 else 36 + 4 * i, 90, i))
    return from_file(Score(notes=table(sorted(rows), NOTE), tracks=tuple(tracks)))


def test_of_a_band_the_melody_alone_goes_on_where_that_is_asked_for(model, band):
    takes = compose(model, band, bars=2, variations=2, seed=6, tracks="melody")
    check(band, takes, 2, stop=6 * 4 * 480)
    for take in takes:
        added = take.score.notes[len(band.notes) :]
        assert {take.score.tracks[track].name for track in added["track"].tolist()} == {"Melody"}
        heard = pretty_midi.PrettyMIDI(io.BytesIO(midi.encode(take.score)))
        melody = next(part for part in heard.instruments if part.name == "Melody")
        assert (melody.program, len(melody.notes)) == (73, len(band.notes) // 6 + take.notes)


def test_a_seed_of_20000_notes_is_continued(model):
    rng = np.random.default_rng(0)
    seed = from_file(Score.of([(240 * i, 240, int(p)) for i, p in enumerate(rng.integers(60, 80, 20_000))]))
    check(seed, compose(model, seed, bars=2, variations=1, seed=7), 2, stop=20_000 * 240 + 2 * 1920)


def test_a_seed_of_one_note_is_continued(model):
    seed = from_file(Score.of([(0, 480, 69)]))
    check(seed, compose(model, seed, bars=3, variations=2, seed=8), 3, stop=4 * 1920)


@pytest.mark.parametrize("meter", [(7, 8), (9, 8)])
def test_a_seed_that_ends_in_a_very_long_note_is_continued(model, meter):
    """Its last token is the largest release, inside a bar; what follows must be notes of their own."""
    seed = from_file(Score.of([(0, 12 * 480, 62)], meter=meter))
    for take in compose(model, seed, bars=1, variations=16, seed=9):
        assert len(take.score.notes) == 1 + take.notes


@pytest.mark.parametrize(
    "seed",
    [Score(), Score(notes=Score.of([(0, 1, 40)]).notes, tracks=(Track(channel=9),))],
    ids=["no", "drums"],
)
def test_a_seed_without_a_melody_is_refused(model, seed):
    with pytest.raises(EmptyError):
        compose(model, seed)


def files(takes):
    return [midi.encode(take.score) for take in takes]


def test_the_same_seed_gives_the_same_bytes_and_another_other_music(model, tune):
    score = from_file(tune())
    one, same, other = (
        files(compose(model, score, bars=4, variations=3, seed=seed)) for seed in (10, 10, 11)
    )
    assert one == same
    assert not set(one) & set(other)


def test_without_a_seed_one_is_drawn_and_told(model, tune):
    score = from_file(tune())
    takes = compose(model, score, bars=2, variations=2)
    assert files(compose(model, score, bars=2, variations=2, seed=takes[0].seed)) == files(takes)


def test_takes_differ_from_one_another(model, tune):
    assert len(set(files(compose(model, from_file(tune()), bars=4, variations=6, seed=12)))) == 6


@pytest.mark.parametrize("temperature", [1.0, 5.0])
def test_the_key_lock_holds(model, tune, temperature):
    seed = from_file(tune(bars=4))
    for take in compose(model, seed, bars=4, variations=4, seed=13, key_lock=True, temperature=temperature):
        assert set((take.score.notes["pitch"] % 12).tolist()) <= Key.parse("D").scale


def test_the_new_bars_alone_are_the_end_of_the_whole(model, band):
    (take,) = compose(model, band, bars=2, variations=1, seed=14, tracks="melody")
    alone, whole = take.fresh.notes, take.score.notes[len(band.notes) :]
    for name in ("duration", "pitch", "velocity"):
        assert alone[name].tolist() == whole[name].tolist()
    assert (whole["onset"] - alone["onset"] == 4 * 4 * 480).all()
    assert [(track.name, track.program) for track in take.fresh.tracks] == [("Melody", 73)]
    assert take.fresh.source is None


@pytest.mark.parametrize(("meter", "key"), [((6, 8), "Ador"), ((3, 4), "Bb"), (None, None)])
def test_a_tune_from_nothing_has_the_meter_and_key_asked_for(model, meter, key):
    key = key and Key.parse(key)
    for take in compose(model, bars=4, variations=3, seed=15, meter=meter, key=key, key_lock=key is not None):
        score = formats.midi.decode(midi.encode(take.score))
        assert len(score.bars()) - 1 == 4
        assert len(score.notes) == take.notes > 0
        if meter:
            assert score.meter_at(0) == meter
            assert set((score.notes["pitch"] % 12).tolist()) <= key.scale


@pytest.mark.parametrize(
    "options",
    [
        *({"bars": 0}, {"bars": 1025}, {"variations": 0}, {"variations": 257}),
        *({"seed": -1}, {"temperature": 0}, {"meter": (9, 4)}, {"key_lock": True}),
    ],
    ids=str,
)
def test_options_out_of_range_are_refused(model, options):
    with pytest.raises(UsageError):
        compose(model, **options)


def test_takes_are_ranked_best_first(random_bundle, model, tune):
    human = {"valid_bits_with_memory": 20.0}
    judged = random_bundle(model.config, provenance=human)
    takes = compose(judged, from_file(tune()), bars=3, variations=6, seed=16)
    ranks = [(bool(take.flaw), abs(take.bits_per_note - 20.0)) for take in takes]
    assert ranks == sorted(ranks)


def test_a_seed_in_musicxml_is_continued_like_the_same_in_midi(tmp_path, eighths, tune):
    seed = tune((6, 8), bars=4)
    for name in ("seed.mid", "seed.musicxml"):
        seed.write(tmp_path / name)
    heard, written = (
        compose(eighths, formats.read(tmp_path / name), bars=2, variations=2, seed=23)
        for name in ("seed.mid", "seed.musicxml")
    )
    for one, other in zip(heard, written, strict=True):
        assert other.score.notes.tolist() == one.score.notes.tolist()
        assert other.new == one.new == (4 * 3 * 480, None)


def in_corpus(model, tunes, longest):
    """Return a model that is said to be trained on tunes, by (title, score)."""
    pieces = [Piece(title, title, notes.encode(melody(score))) for title, score in tunes]
    said = {**model.provenance, "human_originality": {"runs": {}, "longest": longest}}
    return replace(model, index=Index.of(pieces), provenance=said)


@pytest.fixture(scope="module")
def eight(eighths):
    """Eight takes from nothing, best first, none of them flawed."""
    takes = compose(eighths, bars=4, variations=8, seed=24)
    assert not any(take.flaw for take in takes)
    return takes


def test_a_take_that_copies_is_named_and_comes_behind_those_that_do_not(eighths, eight):
    model = in_corpus(
        eighths, [("Best", eight[0].score.transpose(3)), ("Third", eight[2].score)], {"16": 9.0}
    )
    takes = compose(model, bars=4, variations=8, seed=24)
    assert files(takes) == files([*eight[1:2], *eight[3:], eight[0], eight[2]])
    assert [take.copies for take in takes] == [False] * 6 + [True] * 2
    for take, title in zip(takes[6:], ["Best", "Third"], strict=True):
        assert (take.copied.notes, take.copied.title) == (take.notes - 1, title)
        assert take.likeness == f'{take.notes - 1} notes as in "{title}", more than people copy'
    assert max(take.copied.notes for take in takes[:6] if take.copied) < 9


def test_what_people_copy_too_is_told_but_not_held_against_a_take(eighths, eight):
    model = in_corpus(eighths, [("Best", eight[0].score)], {"16": 200.0})
    takes = compose(model, bars=4, variations=8, seed=24)
    assert files(takes) == files(eight)
    assert takes[0].likeness == f'{takes[0].notes - 1} notes as in "Best"'


def test_of_a_seed_that_is_in_the_corpus_the_new_notes_alone_count(eighths, tune):
    seed = from_file(tune(bars=4))
    (plain,) = compose(eighths, seed, bars=2, variations=1, seed=25)
    others = [("Seed", seed), ("Other", tune(bars=4, seed=9))]
    (take,) = compose(in_corpus(eighths, others, {"16": 8.0}), seed, bars=2, variations=1, seed=25)
    assert take.copied.notes < 8 and not take.copies
    whole = [("Whole", plain.score)]
    (take,) = compose(in_corpus(eighths, whole, {"16": 8.0}), seed, bars=2, variations=1, seed=25)
    assert take.copied[:2] == (take.notes, "Whole")  # the first new note too, as it follows the seed
    assert take.copied.start == len(seed.notes)


def test_of_a_model_without_an_index_nothing_is_said(eight):
    assert {(take.copied, take.copies, take.likeness) for take in eight} == {(None, False, "")}


def test_a_model_whose_people_are_not_known_ranks_no_take_down(eighths, eight):
    bare = replace(in_corpus(eighths, [("Best", eight[0].score)], {}), provenance=eighths.provenance)
    takes = compose(bare, bars=4, variations=8, seed=24)
    assert files(takes) == files(eight)
    assert takes[0].copied.title == "Best" and not takes[0].copies

import numpy as np
import pytest

from notegen.codecs.notes import note_count
from notegen.corpus import Corpus
from notegen.corpus.scan import scan
from notegen.corpus.sources import read_sources, sources
from notegen.errors import DataError, FormatError
from notegen.formats import midi
from notegen.score import Score, Track

GOOD_TUNE = "X:1\nT:Good\nM:4/4\nL:1/8\nK:D\nd2ef gabc'|d'2a2 f2d2|\n"
BAD_TUNE = "X:2\nT:Short\nM:4/4\nL:1/8\nK:D\nd2e2|\n"


@pytest.fixture
def folder(tmp_path, tune):
    """A folder of good files at two depths, and of one bad file for each way to be bad."""
    data = midi.encode(tune())
    eight = [(480 * i, 480, 60 + i) for i in range(8)]
    drums = Score.of(eight, resolution=480)
    good = {
        "one.mid": data,
        "deep/er/two.MIDI": midi.encode(tune((6, 8), seed=1)),
        "three.kar": midi.encode(tune(seed=2)),
    }
    bad = {
        "empty.mid": b"",
        "text.mid": b"this is no music",
        "truncated.mid": data[: len(data) // 2],
        "zeros.mid": bytes(5000),
        "drums.mid": midi.encode(Score(notes=drums.notes, tracks=(Track(channel=9),))),
        "silence.mid": midi.encode(Score()),
        "short.mid": midi.encode(Score.of(eight[:7])),
        "hanging.mid": midi.encode(Score.of([*eight, (480 * 8, 480 * 100, 60)])),
        "meter.mid": midi.encode(Score.of(eight, meter=(13, 4))),
        "none.abc": b"There is no tune here.\n",
        "latin.abc": "Ce n'est pas un air, c'est un café\n".encode("latin-1"),
    }
    for name, content in {**good, **bad, "book.abc": (GOOD_TUNE + "\n" + BAD_TUNE).encode()}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.mid").mkdir()
    (tmp_path / "readme.txt").write_text("not music, and not meant to be")
    return tmp_path, set(good) | {"book.abc#1"}, set(bad) | {"book.abc#2"}


def test_every_bad_file_has_a_reason_and_none_stops_the_good_ones(folder):
    path, good, bad = folder
    corpus = Corpus.open(path)
    assert {piece.name.removeprefix(f"{path}/") for piece in corpus.pieces} == good
    assert {refusal.name.removeprefix(f"{path}/") for refusal in corpus.refused} == bad
    assert all(refusal.reason and "\n" not in refusal.reason for refusal in corpus.refused)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("drums.mid", "drums"), ("short.mid", "7 notes"), ("hanging.mid", "lasts"), ("meter.mid", "13/4")],
)
def test_a_reason_names_the_cause(folder, name, reason):
    reasons = {refusal.name: refusal.reason for refusal in Corpus.open(folder[0]).refused}
    assert reason in reasons[str(folder[0] / name)]


def test_a_file_that_breaks_off_anywhere_is_a_piece_or_refused(tmp_path, tune):
    data = midi.encode(tune())
    rng = np.random.default_rng(0)
    for size in range(0, len(data), 3):
        (tmp_path / f"cut {size}.mid").write_bytes(data[:size])
        damaged = bytearray(data)
        damaged[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
        (tmp_path / f"damaged {size}.mid").write_bytes(damaged)
    found = list(sources(tmp_path))
    assert len(list(scan(read_sources(found)))) == len(found)


def test_musicxml_is_read_like_the_same_tunes_in_midi(tmp_path, tune):
    for i in range(3):
        for suffix in ("mid", "musicxml" if i else "xml"):
            (tmp_path / suffix[:3]).mkdir(exist_ok=True)
            tune((3, 4), seed=i).write(tmp_path / suffix[:3] / f"{i}.{suffix}")
    for folder in ("mus", "xml"):
        for path in (tmp_path / folder).iterdir():
            (piece,) = Corpus.open(path).pieces
            (same,) = Corpus.open(tmp_path / "mid" / f"{path.stem}.mid").pieces
            assert piece.ids.tolist() == same.ids.tolist()
    corpus = Corpus.open(tmp_path)
    assert [piece.name for piece in corpus.pieces] == [str(tmp_path / "mid" / f"{i}.mid") for i in range(3)]
    assert len(corpus.duplicates) == 3 and not corpus.refused


def test_bad_musicxml_is_refused_with_the_reason(tmp_path, tune):
    tune().write(tmp_path / "good.musicxml")
    data = (tmp_path / "good.musicxml").read_bytes()
    bad = {
        "cut.musicxml": data[: len(data) // 2],
        "empty.musicxml": b"",
        "page.xml": b"<html><p>no music</p></html>",
        "silence.musicxml": data.replace(b"<pitch>", b"<rest>").replace(b"</pitch>", b"</rest>"),
        "torn.mxl": b"PK\x03\x04" + bytes(40),
    }
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    corpus = Corpus.open(tmp_path)
    assert [piece.name for piece in corpus.pieces] == [str(tmp_path / "good.musicxml")]
    assert sorted(refusal.name for refusal in corpus.refused) == sorted(str(tmp_path / name) for name in bad)
    assert all(refusal.reason and str(tmp_path) not in refusal.reason for refusal in corpus.refused)


@pytest.mark.parametrize("name", ["nowhere", "hollow"])
def test_where_there_is_nothing_to_read_is_said(tmp_path, name):
    (tmp_path / "hollow").mkdir()
    with pytest.raises(DataError, match=name):
        Corpus.open(tmp_path / name)


def test_transposed_duplicates_are_removed_and_named(tune):
    scores = [("a", tune()), ("b", tune().transpose(-5)), ("c", tune(seed=1)), ("d", tune().transpose(7))]
    corpus = Corpus.of("tunes", scores)
    assert [piece.name for piece in corpus.pieces] == ["a", "c"]
    assert [(duplicate.name, duplicate.reason) for duplicate in corpus.duplicates] == [
        ("b", "the same notes as a"),
        ("d", "the same notes as a"),
    ]


def test_a_piece_knows_its_source_and_what_is_in_two_is_of_the_first(tune):
    scores = [(str(seed), tune(seed=seed)) for seed in range(6)]
    corpus = Corpus.joined("all", [("mine", scores[:4]), ("theirs", scores[2:])])
    assert corpus.sources == ("mine", "theirs")
    assert [(piece.name, piece.source) for piece in corpus.pieces] == [
        ("0", 0), ("1", 0), ("2", 0), ("3", 0), ("4", 1), ("5", 1)
    ]  # fmt: skip
    assert [(duplicate.name, duplicate.of) for duplicate in corpus.duplicates] == [("2", "2"), ("3", "3")]


def test_paths_are_sources_as_they_were_given(tmp_path, tune, monkeypatch):
    for i, name in enumerate(("a", "b")):
        (tmp_path / name).mkdir()
        tune(seed=i).write(tmp_path / name / "tune.mid")
    monkeypatch.chdir(tmp_path)
    corpus = Corpus.open("a", tmp_path / "b")
    assert corpus.sources == ("a", str(tmp_path / "b"))
    assert [piece.source for piece in corpus.pieces] == [0, 1]


def test_an_error_in_a_scores_place_is_its_reason(tune):
    corpus = Corpus.of("tunes", [("bad", FormatError("it is torn")), ("good", tune())])
    assert [(refusal.name, refusal.reason) for refusal in corpus.refused] == [("bad", "it is torn")]
    assert [piece.name for piece in corpus.pieces] == ["good"]


def test_the_sides_hold_all_pieces_once(tune):
    corpus = Corpus.of("tunes", [(str(seed), tune(seed=seed)) for seed in range(40)])
    names = [piece.name for side in (corpus.train, corpus.valid, corpus.test) for piece in side]
    assert sorted(names) == sorted(piece.name for piece in corpus.pieces)


def test_a_corpus_without_pieces_has_no_sides():
    with pytest.raises(DataError, match="notegen corpus check"):
        _ = Corpus.of("nothing", []).train


def test_the_report_adds_up(folder):
    corpus = Corpus.open(folder[0])
    report = corpus.report()
    assert report["pieces"] == report["kept"] + len(report["refused"]) + len(report["duplicates"])
    assert report["notes"] == sum(note_count(piece.ids) for piece in corpus.pieces)
    assert sum(report["meters"].values()) == sum(report["keys"].values()) == report["kept"]
    assert sum(report["sides"].values()) == report["kept"]
    assert report["meters"] == {"4/4": 3, "6/8": 1}


def test_an_empty_corpus_can_be_reported():
    report = Corpus.of("nothing", []).report()
    assert (report["kept"], report["notes"], report["sides"], report["pitch_range"]) == (0, 0, {}, [])


def test_the_folder_one_is_in_has_a_name_too(tmp_path, tune, monkeypatch):
    (tmp_path / "airs").mkdir()
    tune().write(tmp_path / "airs" / "one.mid")
    monkeypatch.chdir(tmp_path / "airs")
    assert Corpus.open(".").name == "airs"

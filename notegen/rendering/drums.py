"""The instruments of a drum part: General MIDI's percussion key map, in short words."""

_FIRST = 35
_NAMES = (
    "kick 2", "kick", "side stick", "snare", "clap", "snare 2", "floor tom 2", "closed hat",
    "floor tom", "pedal hat", "low tom", "open hat", "low-mid tom", "hi-mid tom", "crash", "high tom",
    "ride", "china", "ride bell", "tambourine", "splash", "cowbell", "crash 2", "vibraslap",
    "ride 2", "high bongo", "low bongo", "mute conga", "open conga", "low conga", "high timbale",
    "low timbale", "high agogo", "low agogo", "cabasa", "maracas", "whistle", "long whistle", "guiro",
    "long guiro", "claves", "wood block", "low block", "mute cuica", "open cuica", "mute triangle",
    "triangle",
)  # fmt: skip


def drum_name(pitch: int) -> str:
    """Return what a pitch of a drum part stands for.

    Examples
    --------
    >>> drum_name(36), drum_name(38), drum_name(81), drum_name(100)
    ('kick', 'snare', 'triangle', 'drum 100')
    """
    inside = 0 <= pitch - _FIRST < len(_NAMES)
    return _NAMES[pitch - _FIRST] if inside else f"drum {pitch}"

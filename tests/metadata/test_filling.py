"""MediaInfo is asked for what our own readers leave open, and only then."""

import pytest
from tinymxf import Recording, sound_said

from pipeline.clip import AudioStream
from pipeline.errors import MediaUnreadable
from pipeline.metadata.facts import read_facts
from pipeline.timecode import Rate

PICTURE = {
    "track_type": "Video", "format": "AVC", "width": 1280, "height": 720, "frame_rate": "25.000", "frame_count": "99",
    "bit_depth": 10,
}  # fmt: skip
UNKNOWN = bytes.fromhex("060e2b340401010d0e04000000000000")


class Answering:
    """Stands for the reader process: an answer, and how often it was wanted."""

    def __init__(self, *tracks: dict[str, object]) -> None:
        self.tracks = tracks
        self.asked = 0

    def ask(self, request, *, file, most):
        assert file.is_file()
        assert most >= 2 << 20
        self.asked += 1
        if not self.tracks:
            raise MediaUnreadable("The reader died over this file; it is damaged or made to harm.")
        return {"tracks": [{"track_type": "General", "format": "MXF"}, *self.tracks]}


def recorded(tmp_path, recording: Recording):
    path = tmp_path / "clip.mxf"
    path.write_bytes(recording.build())
    return path


@pytest.mark.parametrize("recording", [Recording(), Recording(sound=sound_said())])
def test_nobody_is_asked_where_nothing_is_open(tmp_path, recording):
    process = Answering(PICTURE)
    read_facts(recorded(tmp_path, recording), mediainfo=process)
    assert process.asked == 0


def test_what_is_open_is_filled_and_what_is_known_stays(tmp_path):
    process = Answering(PICTURE)
    found = read_facts(recorded(tmp_path, Recording(coding=UNKNOWN)), mediainfo=process)
    assert found.video is not None
    assert (found.video.video_codec, found.video.width, found.video.rate) == ("h264", 1920, Rate(25))
    assert (found.video.frames, found.video.bit_depth) == (10, 10)  # the count stays ours


def test_sound_of_an_unknown_form_is_filled(tmp_path):
    sound = {"track_type": "Audio", "format": "E-AC-3", "channel_s": 6, "sampling_rate": 48000}
    strange = {**sound_said(), "x3d06": bytes.fromhex("060e2b340401010304020202ff000000")}
    found = read_facts(recorded(tmp_path, Recording(sound=strange)), mediainfo=Answering(PICTURE, sound))
    assert found.audio == (AudioStream("eac3", 6, 48000),)


def test_a_reader_process_that_dies_costs_a_warning(tmp_path):
    found = read_facts(recorded(tmp_path, Recording(coding=UNKNOWN)), mediainfo=Answering())
    assert found.video is not None
    assert found.video.rate == Rate(25)
    assert found.warnings

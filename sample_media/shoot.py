"""The sample shoot as it was meant: every card, every recording, and what must be read out of it.

A running camp in Kaptagat, Kenya, in August 2019 and a marathon course in Vienna on 12 October. make.py
writes media from this table and the expected values from the same table, never from what came out.
"""

from dataclasses import dataclass, field
from fractions import Fraction

from drawing import KAPTAGAT, VIENNA, Scene, aerial, interview, morning_run, pacemakers, samples
from sidecars import SoundTake

FILM, NTSC, NTSC60 = Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60000, 1001)
VFR_CLOCK = 600  # ticks per second of the phone's picture track
# One frame in five comes late by two ticks, one lasts twice as long as it should.
PHONE_GAPS = tuple(20 + 2 * (frame % 5 == 4) + 20 * (frame == 30) for frame in range(54))


@dataclass(frozen=True, slots=True)
class Sound:
    """Sound tracks of a picture file: all of one codec, each with as many channels."""

    codec: str
    channels: int
    tracks: int = 1


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording. `files` are paths on the card with their frames, chapters in order; `timecodes` are written
    as timecode track of each file; `created` goes into the movie header: UTC, or the clock of a device without zone."""

    number: int
    files: tuple[tuple[str, int], ...]
    scene: Scene
    size: tuple[int, int]
    rate: Fraction
    codec: str
    sound: Sound | None = None
    container: str = "mp4"
    timecodes: tuple[str, ...] = ()
    created: str = ""
    pixel_aspect: Fraction = Fraction(1)
    rotation: int = 0
    gaps: tuple[int, ...] = ()
    sidecars: tuple[str, ...] = ()
    facts: dict[str, object] = field(default_factory=dict)
    log: dict[str, object] = field(default_factory=dict)

    @property
    def frames(self) -> int:
        return sum(frames for _, frames in self.files)


@dataclass(frozen=True, slots=True)
class SoundRecording:
    """One sound file of `frames` at 29.97; all begin on a frame, so that samples are whole."""

    number: int
    path: str
    frames: int
    take: SoundTake
    start_timecode: str


@dataclass(frozen=True, slots=True)
class Card:
    """A card folder. `device` holds what is common to its recordings: facts, and the words of the log."""

    name: str
    structure: str
    shoot_day: str
    location: str
    subjects: tuple[str, ...]
    camera: str
    unit: str
    device: dict[str, object]
    recordings: tuple[Recording, ...] = ()
    reports: tuple[str, ...] = ()
    sounds: tuple[SoundRecording, ...] = ()


def sound_samples(recording: Recording) -> list[int]:
    """Samples of each file of a recording, to the nearest end of its last frame."""
    if recording.gaps:
        return [samples(sum(recording.gaps), Fraction(VFR_CLOCK))]
    return [samples(frames, recording.rate) for _, frames in recording.files]


SONY_SOUND = Sound("pcm_s16be", 2)

KAPTAGAT_SONY = Card(
    "2019-08-14_Kaptagat_Morning run_A001", "sony-xavc", "2019-08-14", "Kaptagat", ("Morning run", "Running"), "A",
    "main",
    {"camera_make": "Sony", "camera_model": "ILCE-7M3", "camera_serial": "3284017", "lens": "FE 24-70mm F2.8 GM"},
    (
        Recording(
            1, (("PRIVATE/M4ROOT/CLIP/C0001.MP4", 40),), Scene(KAPTAGAT, morning_run), (640, 360), Fraction(25), "h264",
            SONY_SOUND, created="2019-08-14T03:10:05Z", sidecars=("PRIVATE/M4ROOT/CLIP/C0001M01.XML",),
            facts={"start_timecode": "06:10:05:00", "recorded_at": "2019-08-14T06:10:05+03:00"},
        ),
        Recording(
            2, (("PRIVATE/M4ROOT/CLIP/C0002.MP4", 30),), Scene(KAPTAGAT, morning_run), (640, 360), Fraction(25), "h264",
            SONY_SOUND, created="2019-08-14T03:14:40Z", sidecars=("PRIVATE/M4ROOT/CLIP/C0002M01.XML",),
            facts={"start_timecode": "06:14:40:12", "recorded_at": "2019-08-14T06:14:40+03:00"},
        ),
    ),
)  # fmt: skip

KAPTAGAT_MAG = Card(
    "2019-08-14_Kaptagat_Coach interview_B001", "mag", "2019-08-14", "Kaptagat", ("Coach interview", "Interviews"), "B",
    "main", {"camera_make": "ARRI", "camera_model": "ALEXA Mini", "camera_serial": "24712", "reel": "B001R2KE"},
    (
        Recording(  # anamorphic: 6:5 stored, 2.4:1 shown
            3, (("B001C001_190814_R2KE.mov", 36),), Scene(KAPTAGAT, interview), (288, 240), FILM, "prores",
            Sound("pcm_s16le", 2), "mov", ("15:20:00:00",), pixel_aspect=Fraction(2),
        ),
        Recording(
            4, (("B001C002_190814_R2KE.mov", 30),), Scene(KAPTAGAT, interview), (288, 240), FILM, "prores",
            Sound("pcm_s16le", 2), "mov", ("15:22:10:12",), pixel_aspect=Fraction(2),
        ),
    ),
)  # fmt: skip

KAPTAGAT_GOPRO = Card(
    "2019-08-15_Kaptagat_Pacemakers_G001", "gopro", "2019-08-15", "Kaptagat", ("Pacemakers", "Running"), "G", "second",
    {"camera_make": "GoPro", "camera_model": "HERO7 Black", "camera_serial": "C3281325014417"},
    (
        Recording(  # two chapters of one recording; timecode and movie header are the camera's own clock
            5, (("DCIM/100GOPRO/GX010123.MP4", 96), ("DCIM/100GOPRO/GX020123.MP4", 72)), Scene(KAPTAGAT, pacemakers),
            (320, 180), NTSC60, "hevc", Sound("aac", 2), timecodes=("09:12:30;00", "09:12:31;36"),
            created="2019-08-15T09:12:30Z",
            facts={"recorded_at": "2019-08-15T09:12:30", "recorded_at_zone": "local-unknown"},
            log={"recorded_at": "2019-08-15T09:12:30+03:00"},
        ),
    ),
)  # fmt: skip

KAPTAGAT_DRONE = Card(
    "2019-08-15_Kaptagat_Morning run_D001", "dji", "2019-08-15", "Kaptagat", ("Morning run", "Running"), "D", "second",
    {"camera_make": "DJI", "camera_model": "L1D-20c"},
    (
        Recording(  # no sound, no timecode; the place stands in the file and, frame by frame, in the subtitles
            6, (("DCIM/100MEDIA/DJI_0004.MP4", 50),), Scene(KAPTAGAT, aerial), (640, 360), NTSC, "h264",
            created="2019-08-15T03:25:20Z", sidecars=("DCIM/100MEDIA/DJI_0004.SRT",),
            facts={
                "gps": [0.4372, 35.485], "recorded_at": "2019-08-15T03:25:20Z", "recorded_at_zone": "utc",
                "recorded_at_accept": ["2019-08-15T06:25:20.219"], "recorded_at_zone_accept": ["local-unknown"],
            },
            log={
                "recorded_at": "2019-08-15T06:25:20+03:00",
                "recorded_at_accept": [
                    "2019-08-15T06:25:20.219+03:00", "2019-08-15T06:25:20.219", "2019-08-15T03:25:20Z",
                    "2019-08-15T03:25:20+00:00",
                ],
            },
        ),
    ),
)  # fmt: skip

VIENNA_MAG = Card(
    "2019-10-12_Vienna_Pacemakers_A001", "mag", "2019-10-12", "Vienna", ("Pacemakers", "Running"), "A", "main",
    {"camera_make": "ARRI", "camera_model": "ALEXA Mini", "camera_serial": "25093", "reel": "A001R1AB"},
    (
        Recording(
            7, (("A001C001_191012_R1AB.mov", 36),), Scene(VIENNA, pacemakers), (384, 216), NTSC, "prores",
            Sound("pcm_s16le", 1, 4), "mov", ("08:20:00;00",),
            log={
                "scene": "12", "take": "1", "circled": "yes", "rating": 4, "note": "Arrowhead holds through the bend",
            },
        ),
        Recording(  # crosses a minute, where the labels ;00 and ;01 are left out
            8, (("A001C002_191012_R1AB.mov", 36),), Scene(VIENNA, pacemakers), (384, 216), NTSC, "prores",
            Sound("pcm_s16le", 2), "mov", ("08:21:59;20",),
            log={"scene": "12", "take": "2", "circled": "no", "rating": 2, "note": "Lead car comes too close"},
        ),
    ),
    reports=("A001R1AB_camera report.csv",),
)  # fmt: skip

VIENNA_SONY = Card(
    "2019-10-12_Vienna_Coach interview_C001", "sony-xavc", "2019-10-12", "Vienna", ("Coach interview", "Interviews"),
    "C", "main",
    {"camera_make": "Sony", "camera_model": "ILCE-7M3", "camera_serial": "3301552", "lens": "FE 70-200mm F2.8 GM OSS"},
    (
        Recording(
            9, (("PRIVATE/M4ROOT/CLIP/C0001.MP4", 70),), Scene(VIENNA, interview), (640, 360), Fraction(50), "h264",
            SONY_SOUND, created="2019-10-12T09:20:00Z", sidecars=("PRIVATE/M4ROOT/CLIP/C0001M01.XML",),
            facts={"start_timecode": "11:20:00:00", "recorded_at": "2019-10-12T11:20:00+02:00"},
        ),
        Recording(
            10, (("PRIVATE/M4ROOT/CLIP/C0002.MP4", 60),), Scene(VIENNA, interview), (640, 360), Fraction(50), "h264",
            SONY_SOUND, created="2019-10-12T09:26:30Z", sidecars=("PRIVATE/M4ROOT/CLIP/C0002M01.XML",),
            facts={"start_timecode": "11:26:30:00", "recorded_at": "2019-10-12T11:26:30+02:00"},
        ),
    ),
)  # fmt: skip

VIENNA_PHONE = Card(
    "2019-10-12_Vienna_Morning run_P001", "dcim", "2019-10-12", "Vienna", ("Morning run", "Running"), "P", "second",
    {"camera_make": "Apple", "camera_model": "iPhone 11 Pro"},
    (
        Recording(  # held upright, variable rate; the movie header holds the end of the recording
            11, (("DCIM/100APPLE/IMG_0007.MOV", len(PHONE_GAPS)),), Scene(VIENNA, morning_run), (480, 270),
            Fraction(30), "h264", Sound("aac", 1), "mov", rotation=90, gaps=PHONE_GAPS, created="2019-10-12T05:42:13Z",
            facts={"recorded_at": "2019-10-12T07:42:11+02:00", "gps": [48.2167, 16.3967]},
        ),
    ),
)  # fmt: skip

RECORDER = "Sound Dev: MixPre-6 S#NC0218096"
VIENNA_SOUND = Card(
    "2019-10-12_Vienna_Pacemakers_S001", "sound", "2019-10-12", "Vienna", ("Pacemakers", "Running"), "S", "main",
    {"originator": RECORDER},
    sounds=(
        SoundRecording(  # begins 10 frames before A001C001, ends 9 after it
            12, "19Y10M12/12-T001.WAV", 55,
            SoundTake(
                "12-T001.WAV", "12", "1", "19Y10M12", ("Course L", "Course R"), 1439982544, ("2019-10-12", "08:19:59"),
                RECORDER, "USSDVNC0218096081959001000000001",
            ),
            "08:19:59;20",
        ),
        SoundRecording(  # begins 8 frames before A001C002, ends 1 after it
            13, "19Y10M12/12-T002.WAV", 45,
            SoundTake(
                "12-T002.WAV", "12", "2", "19Y10M12", ("Course L", "Course R", "Lead car"), 1445732288,
                ("2019-10-12", "08:21:59"), RECORDER, "USSDVNC0218096082159002000000002",
            ),
            "08:21:59;12",
        ),
    ),
)  # fmt: skip

CARDS = (
    KAPTAGAT_SONY, KAPTAGAT_MAG, KAPTAGAT_GOPRO, KAPTAGAT_DRONE, VIENNA_MAG, VIENNA_SONY, VIENNA_PHONE, VIENNA_SOUND,
)  # fmt: skip

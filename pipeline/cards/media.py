"""Which file names can be recordings.

A suffix is only a first guess: whether a file is a recording its bytes decide, in metadata/.
"""

# Lower case, with the dot. What no free decoder reads is footage all the same.
UNDECODABLE: frozenset[bytes] = frozenset({b".r3d", b".braw", b".ari", b".arx", b".crm", b".nev"})
PICTURE_SUFFIXES: frozenset[bytes] = UNDECODABLE | frozenset({
    b".mov", b".mp4", b".m4v", b".qt", b".mxf", b".avi", b".mkv", b".webm", b".mpg", b".mpeg", b".m2v",
    b".mts", b".m2ts", b".m2t", b".ts", b".3gp", b".3g2", b".dv", b".wmv", b".asf", b".flv", b".ogv",
    b".mod", b".tod", b".vob", b".360", b".insv",
})  # fmt: skip
SOUND_SUFFIXES: frozenset[bytes] = frozenset({
    b".wav", b".bwf", b".w64", b".rf64", b".aif", b".aiff", b".aifc", b".caf", b".flac", b".mp3", b".m4a",
    b".aac", b".ogg", b".opus", b".wma", b".amr",
})  # fmt: skip
MEDIA_SUFFIXES: frozenset[bytes] = PICTURE_SUFFIXES | SOUND_SUFFIXES
# Files of the same name as a recording that say something of it. Thumbnails and the camera's own
# small proxies (.thm, .lrv, .lrf, .sav) say nothing new: they are listed, not read.
SIDECAR_SUFFIXES: frozenset[bytes] = frozenset({
    b".xml", b".xmp", b".srt", b".aae", b".csv", b".tsv", b".ale", b".json", b".cif", b".sidecar", b".bim",
})  # fmt: skip
REPORT_SUFFIXES: frozenset[bytes] = frozenset({b".csv", b".tsv"})
TRACK_SUFFIXES: frozenset[bytes] = frozenset({b".gpx"})
SHARED_SUFFIXES: frozenset[bytes] = REPORT_SUFFIXES | TRACK_SUFFIXES  # above several cards they speak of each
# What cameras write beside a recording in the same formats: small proxies and thumbnails.
SMALL_SUFFIXES: frozenset[bytes] = frozenset({b".thm", b".lrv", b".lrf", b".glv", b".sav", b".insp"})
_STILL_BRANDS = (b"hei", b"hev", b"mif", b"msf", b"avi", b"crx")  # HEIF, AVIF and CR3 pictures share MP4's boxes


def looks_recorded(head: bytes) -> bool:
    """Whether these first 12 bytes are of a film or sound file, whatever its name: a hint for people, no proof."""
    boxed = head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide") and not head[8:12].startswith(_STILL_BRANDS)
    riff = head[:4] in (b"RIFF", b"RF64") and head[8:12] in (b"WAVE", b"AVI ")
    return boxed or riff or head.startswith((b"\x06\x0e\x2b\x34", b"\x1aE\xdf\xa3"))

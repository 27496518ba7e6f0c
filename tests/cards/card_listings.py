"""Cards as listings: names in, cards out; and the small files that cameras write beside recordings."""

import struct

from pipeline.cards.recognise import recognise
from pipeline.clip import CardFolder, SeenFile, Stamp
from pipeline.errors import PathMissing

MEDIAPRO = b"""<?xml version="1.0" encoding="UTF-8"?>
<MediaProfile xmlns="http://xmlns.sony.net/pro/metadata/mediaprofile" version="2.10"><Contents>
 <Material uri="./CLIP/C0001.MP4" type="MP4"><RelevantInfo uri="./CLIP/C0001M01.XML" type="XML"/>
  <RelevantInfo uri="./THMBNL/C0001T01.JPG" type="JPG"/></Material>
 <Material uri="./CLIP/C0002.MP4" type="MP4"><RelevantInfo uri="./CLIP/C0002M01.XML" type="XML"/>
  <RelevantInfo uri="./THMBNL/C0002T01.JPG" type="JPG"/></Material>
</Contents></MediaProfile>"""


def listing(*names: str, empty: tuple[str, ...] = ()) -> list[SeenFile]:
    return [SeenFile(name.encode(), Stamp(1, index, 0 if name in empty else 9, 0)) for index, name in enumerate(names)]


def cards_of(*names: str, empty: tuple[str, ...] = (), texts: dict[str, bytes] | None = None, templates=(), **more):
    def read(path: bytes) -> bytes:
        found = [text for name, text in (texts or {}).items() if path.decode().endswith(name)]
        if not found:
            raise PathMissing("It was taken out; put it back.")
        return found[0]

    return recognise(listing(*names, empty=empty), read, lambda folder: folder.decode() in templates, **more)


def one_card(*names: str, **more) -> CardFolder:
    cards = cards_of(*names, **more)
    assert len(cards) == 1, cards
    return cards[0]


def clips(card: CardFolder) -> list[tuple[str, ...]]:
    return [tuple(part.decode().rpartition("/")[2] for part in clip.parts) for clip in card.clips]


SONY = (
    "A001/PRIVATE/M4ROOT/CLIP/C0001.MP4",
    "A001/PRIVATE/M4ROOT/CLIP/C0001M01.XML",
    "A001/PRIVATE/M4ROOT/CLIP/C0002.MP4",
    "A001/PRIVATE/M4ROOT/CLIP/C0002M01.XML",
    "A001/PRIVATE/M4ROOT/SUB/C0001S03.MP4",
    "A001/PRIVATE/M4ROOT/THMBNL/C0001T01.JPG",
    "A001/PRIVATE/M4ROOT/THMBNL/C0002T01.JPG",
    "A001/PRIVATE/M4ROOT/MEDIAPRO.XML",
    "A001/PRIVATE/M4ROOT/STATUS.BIN",
    "A001/AVF_INFO/AVIN0001.INP",
)
SONY_TEXTS = {"A001/PRIVATE/M4ROOT/MEDIAPRO.XML": MEDIAPRO}
GOPRO = ("D/DCIM/100GOPRO/GX010034.MP4", "D/DCIM/100GOPRO/GX020034.MP4", "D/DCIM/100GOPRO/GX030034.MP4")
GOPRO_SMALL = tuple(
    f"D/DCIM/100GOPRO/{name}" for number in (1, 2, 3) for name in (f"GX0{number}0034.THM", f"GL0{number}0034.LRV")
)


def p2_xml(clip_id: str, *, sounds: int = 2, previous: str = "", following: str = "", name: str = "") -> bytes:
    """CLIP/0001AB.XML of a card by Panasonic, with what chains recordings over several files."""
    links = "".join(
        f"<{link}><GlobalClipID>{id_}</GlobalClipID>{name and f'<ClipName>{name}</ClipName>'}</{link}>"
        for link, id_ in (("Previous", previous), ("Next", following))
        if id_
    )
    relation = f"<Relation><OffsetInShot>0</OffsetInShot><Connection>{links}</Connection></Relation>" if links else ""
    return (
        f'<?xml version="1.0"?><P2Main xmlns="urn:schemas-Professional-Plug-in:P2:ClipMetadata:v3.1"><ClipContent>'
        f"<GlobalClipID>{clip_id}</GlobalClipID>{relation}<EssenceList><Video/>{'<Audio/>' * sounds}</EssenceList>"
        f"</ClipContent></P2Main>"
    ).encode()


def playlist(*items: tuple[str, int]) -> bytes:
    """PLAYLIST/00000.MPL: streams with their connection conditions."""
    entries = b"".join(
        struct.pack(">H5s4sBBBII", 20, stem.encode(), b"M2TS", 0, condition, 0, 0, 0) for stem, condition in items
    )
    body = struct.pack(">HHH", 0, len(items), 0) + entries
    return b"MPLS0100" + struct.pack(">III20x", 40, 44 + len(body), 0) + struct.pack(">I", len(body)) + body


def clip_information(packets: int) -> bytes:
    """CLIPINF/00000.CPI: how many packets of 192 bytes its stream has."""
    return (
        b"HDMV0100" + bytes(32) + struct.pack(">IHBBII", 148, 0, 1, 1, 0, 1) + struct.pack(">I", packets) + bytes(132)
    )


TEXTS = SONY_TEXTS | {
    "EX/BPAV/MEDIAPRO.XML": b"<MediaProfile/>",
    "P/CONTENTS/CLIP/0001AB.XML": p2_xml("A"),
    "P/LASTCLIP.TXT": b"0001AB\r\n1.0\r\n1\r\n",
    "V/PRIVATE/AVCHD/BDMV/CLIPINF/00000.CPI": clip_information(0),
}

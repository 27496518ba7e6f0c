"""The words of AAF that its reader and its writer share: classes, properties and definitions by their numbers.

From the AAF Object Specification v1.1 and the AAF Stored Format Specification v1.0.1 (AMWA). Identifiers are kept as
the bytes that lie in a file.
"""

from uuid import UUID


def auid(text: str) -> bytes:
    """An identifier as it is stored: its first three groups little-endian."""
    return UUID(text).bytes_le


def _class(number: int) -> bytes:
    return auid(f"0d010101-0101-{number:02x}00-060e-2b3402060101")


SEQUENCE, SOURCE_CLIP, TIMECODE = _class(0x0F), _class(0x11), _class(0x14)
TRANSITION, OPERATION_GROUP, FILLER = _class(0x17), _class(0x0A), _class(0x09)
NESTED_SCOPE, SELECTOR, ESSENCE_GROUP, PULLDOWN = _class(0x0B), _class(0x0E), _class(0x05), _class(0x0C)
EVENT_MARKER, DESCRIPTIVE_MARKER = _class(0x08), _class(0x41)
COMPOSITION_MOB, MASTER_MOB, SOURCE_MOB = _class(0x35), _class(0x36), _class(0x37)
TIMELINE_SLOT, EVENT_SLOT = _class(0x3B), _class(0x39)
TAPE_DESCRIPTOR, IMPORT_DESCRIPTOR = _class(0x2E), _class(0x4A)
CDCI_DESCRIPTOR, PCM_DESCRIPTOR, MULTIPLE_DESCRIPTOR = _class(0x28), _class(0x48), _class(0x44)
CONTENT_STORAGE = _class(0x18)
NETWORK_LOCATOR, TAGGED_VALUE = _class(0x32), _class(0x3F)
CONSTANT_VALUE, VARYING_VALUE, CONTROL_POINT = _class(0x3D), _class(0x3E), _class(0x19)


class Pid:
    """The fixed numbers of properties; a file may number extensions from 0x8000 on as it likes.

    No enumeration: they are asked for by the million, and until Python 3.12 each member takes ten times as long.
    """

    HEADER = 0x0002
    CLASSES = 0x0003
    IDENTIFICATION = 0x0005
    PROPERTIES = 0x0009
    LOCAL_IDENTIFICATION = 0x000D
    DATA_DEFINITION = 0x0201
    LENGTH = 0x0202
    CHOICES = 0x0501
    POSITION = 0x0601
    COMMENT = 0x0602
    OPERATION = 0x0B01
    INPUTS = 0x0B02
    PARAMETERS = 0x0B03
    SCOPE_SLOTS = 0x0C01
    PULLDOWN_INPUT = 0x0D01
    SELECTED = 0x0F01
    ALTERNATES = 0x0F02
    COMPONENTS = 0x1001
    SOURCE_ID = 0x1101
    SOURCE_SLOT = 0x1102
    START_TIME = 0x1201
    TIMECODE_START = 0x1501
    TIMECODE_FPS = 0x1502
    TIMECODE_DROP = 0x1503
    TRANSITION_EFFECT = 0x1801
    CUT_POINT = 0x1802
    MOBS = 0x1901
    POINT_VALUE = 0x1A02
    POINT_TIME = 0x1A03
    DEFINITION_ID = 0x1B01
    DEFINITION_NAME = 0x1B02
    OPERATIONS = 0x2603
    DATA_DEFINITIONS = 0x2605
    INTERPOLATIONS = 0x2609
    LOCATOR = 0x2F01
    SAMPLE_RATE = 0x3001
    FILE_LENGTH = 0x3002
    STORED_HEIGHT = 0x3202
    STORED_WIDTH = 0x3203
    FRAME_LAYOUT = 0x320C
    LINE_MAP = 0x320D
    ASPECT = 0x320E
    COMPONENT_WIDTH = 0x3301
    SUBSAMPLING = 0x3302
    BITS = 0x3D01
    SOUND_RATE = 0x3D03
    CHANNELS = 0x3D07
    BYTES_PER_SECOND = 0x3D09
    BLOCK = 0x3D0A
    DESCRIPTORS = 0x3F01
    CONTENT = 0x3B03
    DICTIONARY = 0x3B04
    URL = 0x4001
    MOB_ID = 0x4401
    MOB_NAME = 0x4402
    SLOTS = 0x4403
    MODIFIED = 0x4404
    CREATED = 0x4405
    USER_COMMENTS = 0x4406
    USAGE = 0x4408
    DESCRIPTOR = 0x4701
    SLOT_ID = 0x4801
    SLOT_NAME = 0x4802
    SEGMENT = 0x4803
    TRACK_NUMBER = 0x4804
    EVENT_RATE = 0x4901
    EDIT_RATE = 0x4B01
    ORIGIN = 0x4B02
    PARAMETER = 0x4C01
    CONSTANT = 0x4D01
    INTERPOLATION = 0x4E01
    POINTS = 0x4E02
    TAG_NAME = 0x5001
    TAG_VALUE = 0x5003
    DESCRIBED_SLOTS = 0x6102


NAMES_OF_PROPERTIES = {number: name for name, number in vars(Pid).items() if name.isupper()}

TOP_LEVEL = auid("0d010102-0101-0700-060e-2b3404010101")
# What a slot holds; the older identifiers are those of Avid's first files, still written by it.
PICTURE = auid("01030202-0100-0000-060e-2b3404010101")
TIMECODE_DATA = auid("01030201-0100-0000-060e-2b3404010101")
MARKER_DATA = auid("01030201-1000-0000-060e-2b3404010101")
SOUND = auid("01030202-0200-0000-060e-2b3404010101")
PICTURES = frozenset({PICTURE, auid("6f3c8ce1-6cef-11d2-807d-006008143e6f")})
SOUNDS = frozenset({SOUND, auid("78e1ebe1-6cef-11d2-807d-006008143e6f")})

SPEED_RATIO = auid("72559a80-24d7-11d3-8a50-0050040ef7d2")
SPEED_OFFSET_MAP = auid("8d56827d-847e-11d5-935a-50f857c10000")  # Avid's: source frames by frames shown
SPEED_CONTROL = auid("9d2ea890-0968-11d3-8a38-0050040ef7d2")
VIDEO_DISSOLVE = auid("0c3bea40-fc05-11d2-8a29-0050040ef7d2")
SOUND_DISSOLVE = auid("0c3bea41-fc05-11d2-8a29-0050040ef7d2")
LEVEL = auid("e4962320-2267-11d3-8a4c-0050040ef7d2")
LINEAR = auid("5b6c85a4-0ede-11d3-80a9-006008143e6f")
# Extensions of Avid's: on a marker a list of tagged values, its colour, and whose it is.
MARKER_ATTRIBUTES = auid("c72cc817-aac5-499b-af34-bc47fec1eaa8")
MARKER_COLOR = auid("e96e6d44-c383-11d3-a069-006094eb75cb")
MARKER_USER = auid("c4c45d9a-0967-11d4-a08a-006094eb75cb")
CLIP_COMMENT = "Rushes Clip"  # the user comment of ours that names the clip of a master mob

"""What the check says of real files, of our own exports, and of FCPXML beside Apple's own definition of it."""

import os
from pathlib import Path

import pytest
from lxml import etree
from torture import torture_timeline

from pipeline.delivery.export import EDITORS as SUITES
from pipeline.editorial.checks.case import case_of
from pipeline.editorial.checks.fcpxml_model import CONTENT, SAYS
from pipeline.editorial.checks.judge import judge
from pipeline.editorial.exports.registry import EXPORTS
from pipeline.editorial.exports.written import ExportOptions
from pipeline.proxies.rules import EDITORS
from pipeline.timecode import Rate

SHARED = Path(__file__).parents[3] / "shared"
SAMPLES = Path(os.environ.get("RUSHES_SAMPLES", SHARED / "samples")) / "timelines"
DTDS = sorted((SHARED / "dtd").glob("*.dtd"))
FILES = sorted(path for path in SAMPLES.glob("*/*") if path.is_file())
# What any editor that reads the file has to mind of it; looked up in the bytes, file by file.
WRONG = {
    "clip_example.otio": {"no path", "otio clip", "otio start", "otio track name"},
    "multitrack.otio": {"no path", "otio available range", "otio clip", "otio start", "otio track name"},
    "preflattened.otio": {"no path", "otio available range", "otio clip", "otio start", "otio track name"},
    "premiere_example.otio": {"otio file URL", "otio in-points", "otio track name"},
    "AcademySoftwareFoundation+OpenTimelineIO/screening_example.otio": {
        "no path", "otio available range", "otio start", "otio track name"
    },
    "simple_cut.otio": {"otio clip", "otio clip name", "otio file URL", "otio start", "otio track name"},
    "transition.otio": {"otio clip", "otio clip name", "otio file URL", "otio in-points", "otio track name"},
    "multiple_top_level_mobs.aaf": {"not checked"},
    "sample_cdl.ale": {"ale heading"},  # no AUDIO_FORMAT
    "25fps.edl": {"edl title"},  # begins with an empty line
    "avid_example.edl": {"edl file words"},
    "dissolve_test_fail.edl": {"edl transition"},
    "no_spaces_test.edl": {"reel shared"},
    "nucoda_example.edl": {"edl file words"},
    "screening_example.edl": {"reel shared"},
    "timecode_mismatch.edl": {"edl length", "edl title"},
    "hiero_xml_export.xml": {"no path", "range", "xmeml file name"},
    "premiere_example.xml": {"lost markers", "xmeml timecode"},  # drop-frame at 30
    "Occlusion2.fcpxml": {"fcpxml new version", "fcpxml reference", "lost markers"},  # titles of a format
    "StandaloneAssetClip.fcpxml": {"fcpxml asset name", "fcpxml empty", "fcpxml new version"},
    "StandaloneRefClip.fcpxml": {"fcpxml asset name", "fcpxml empty", "fcpxml new version"},
    "Structure.fcpxml": {"fcpxml structure", "not checked"},
    "test_24.edl": {"edl overlap"},
    "test_24psf.edl": {"edl overlap"},
    "edl_mixed_line_endings.edl": {"reel length"},
    "INS4_R1_010417.edl": {"reel collision", "reel length"},
    "INS4_R1_DX_092117.edl": {"edl length"},  # sound without length in its source
    "INS4_R2_DX_092117.edl": {"edl length"},
    "ISSUE_14_conform_edl_issue_01.edl": {"reel length"},
    "ISSUE_14_conform_edl_issue_02.edl": {"reel collision", "reel length"},
    "ISSUE_19_unusual01.edl": {"reel length"},
    "TEST.edl": {"edl length"},
    "ToD_R4_LOCK3.1_030618_Video.edl": {"edl length"},  # shot at 48, without M2
    "cdl_example01.edl": {"reel collision", "reel length"},
    "cdl_example02.cdl": {"reel length"},
    "cdl_frmc_example01.edl": {"reel length"},
    "test_edl_cdl.edl": {"reel length"},
    "empty.aaf": {"aaf empty"},
    "sector_size_512.aaf": {"tape letters"},  # "Pro Tools:..."
}  # fmt: skip
# Final Cut's own files, for Resolve
OF_FCPXML = {"fcpxml new version", "fcpxml asset name", "lost markers", "lost sound"}
LOST = {"premiere": {"otio backwards"}}  # of the torture timeline


@pytest.mark.skipif(not FILES, reason="the real timelines are not here")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name[:40])
def test_real_files_are_told_what_is_wrong_with_them_and_nothing_else(path):
    case = case_of(path.read_bytes())
    found = {finding.rule for editor in EDITORS for finding in judge([case], editor)[0]} - {"format"}
    expected = WRONG.get(path.name, WRONG.get(f"{path.parent.name}/{path.name}", set()))
    assert found - expected <= (OF_FCPXML if path.suffix == ".fcpxml" and path.name not in WRONG else set())
    assert expected <= found


@pytest.mark.parametrize("suite", [each for each in SUITES if each.name in EDITORS], ids=lambda suite: suite.name)
@pytest.mark.parametrize(
    ("rate", "drop"),
    [(Rate(24000, 1001), False), (Rate(25), False), (Rate(30000, 1001), True), (Rate(30000, 1001), False),
     (Rate(50), False), (Rate(60000, 1001), True)],
)  # fmt: skip
def test_what_we_export_of_the_torture_timeline_passes_but_for_what_it_is_made_to_lack(suite, rate, drop):
    names, cases = [], []
    timelines = (each for each in EXPORTS if each.suffix in suite.suffixes and not each.suffix.endswith(".csv"))
    for export in timelines:
        for file in export.write(torture_timeline(rate, drop=drop), ExportOptions(Path(), editor=suite.name)).files:
            if isinstance(file.content, bytes):
                names.append(file.suffix)
                cases.append(case_of(file.content))
    assert cases
    judged = judge(cases, suite.name)
    lost = {finding.rule for found in judged for finding in found if finding.severity == "warning"}
    assert LOST.get(suite.name, set()) <= lost
    for name, found in zip(names, judged, strict=True):
        told = [finding.rule for finding in found if finding.rule in LOST.get(suite.name, ())]
        assert len(told) == len(set(told)), name  # once a file
        for finding in found:
            empty_track = finding.rule == "edl empty" and ".V3." in name
            offline = finding.rule == "no path" and "offline.mov" in finding.sentence
            assert empty_track or offline or finding.rule in told, (name, finding)


# --- Apple's definition -----------------------------------------------------------------------------------


@pytest.mark.skipif(not DTDS, reason="Apple's DTDs are not here")
@pytest.mark.parametrize("name", CONTENT)
def test_our_table_allows_what_some_definition_allows_in_its_order(name):
    orders = [list(dict.fromkeys(_names(element.content))) for element in _elements(name)]
    assert orders, name
    known = {child for order in orders for child in order}
    ours = [child for group in CONTENT[name] for child in group]
    assert set(ours) == known
    places = {child: place for place, group in enumerate(CONTENT[name]) for child in group}
    for order in orders:
        assert [places[child] for child in order] == sorted(places[child] for child in order)


@pytest.mark.skipif(not DTDS, reason="Apple's DTDs are not here")
@pytest.mark.parametrize("name", SAYS)
def test_what_our_table_asks_for_every_definition_asks_for(name):
    for element in _elements(name):
        required = {each.name for each in element.iterattributes() if each.default == "required"}
        fixed = {each.name for each in element.iterattributes() if each.default == "fixed"}
        assert set(SAYS[name]) <= required | fixed


def _elements(name):
    """The element in each version that has it; kept with its DTD, which lxml frees else."""
    for path in DTDS:
        dtd = etree.DTD(str(path))
        for element in dtd.iterelements():
            if element.name == name:
                yield element


def _names(content):
    """The children that a content model names, from left to right."""
    if content is None:
        return
    if content.type == "element":
        yield content.name
    yield from _names(content.left)
    yield from _names(content.right)

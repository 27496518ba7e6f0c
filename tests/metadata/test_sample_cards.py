"""Facts of the sample cards: what `<card>.expected.json` says of each clip comes out of its files."""

import json
from pathlib import Path

import pytest

from pipeline.clip import Facts
from pipeline.metadata.assembly import span_facts
from pipeline.metadata.facts import read_facts
from pipeline.metadata.plain import facts_json

SAMPLE_MEDIA = Path(__file__).resolve().parents[2] / "sample_media"
EXPECTED = sorted(SAMPLE_MEDIA.glob("*.expected.json"))


def clip_facts(card: Path, name: str, clip: dict) -> Facts:
    """The clip's parts: chapters of an action camera share the last four digits of their names."""
    first = next(card.rglob(name))
    parts = [first]
    if clip["parts"] > 1:
        parts = sorted(
            path for path in first.parent.iterdir() if path.suffix == first.suffix and path.stem[-4:] == first.stem[-4:]
        )
    assert len(parts) == clip["parts"]
    sidecars = [next(card.rglob(Path(sidecar).name)) for sidecar in clip["sidecars"]]
    return span_facts([read_facts(part, sidecars if part == first else ()) for part in parts])


@pytest.mark.parametrize("expected", EXPECTED, ids=[path.name.removesuffix(".expected.json") for path in EXPECTED])
def test_the_facts_of_a_sample_card_come_out_of_its_files(expected: Path) -> None:
    said = json.loads(expected.read_text())
    for name, clip in said["clips"].items():
        found = facts_json(clip_facts(SAMPLE_MEDIA / said["card"]["name"], name, clip))
        for key, value in clip["facts"].items():
            if key.endswith("_accept"):
                continue
            assert_same(f"{name}: {key}", [value, *clip["facts"].get(f"{key}_accept", ())], found.get(key))


def assert_same(what: str, accepted: list, found: object) -> None:
    if isinstance(accepted[0], list) and accepted[0] and isinstance(accepted[0][0], float):
        assert found == pytest.approx(accepted[0], abs=0.0001), what
    elif isinstance(accepted[0], list) and accepted[0] and isinstance(accepted[0][0], dict):
        assert isinstance(found, list), what
        assert [
            {key: stream.get(key) for key in wanted} for stream, wanted in zip(found, accepted[0], strict=True)
        ] == accepted[0], what
    else:
        assert found in accepted, what

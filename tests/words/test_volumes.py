"""Disks that are not mounted: what would land on another one is refused."""

import pytest

from pipeline.errors import PathMissing
from pipeline.volumes import refuse_unmounted


@pytest.mark.parametrize(
    ("folder", "missing"),
    [
        ("Volumes/RAID/cards", "Volumes/RAID"),
        ("Volumes/RAID", "Volumes/RAID"),
        ("Volumes/THERE/cards", ""),
        ("Volumes", ""),
        ("mnt/raid", "mnt/raid"),
        ("media/raid", "media/raid"),
        ("media/ada/raid/cards", "media/ada/raid"),
        ("media/ada", ""),
        ("run/media/ada/raid", "run/media/ada/raid"),
        ("home/ada/new/cards", ""),
    ],
)
def test_a_folder_on_a_disk_that_is_not_mounted_is_refused(tmp_path, monkeypatch, folder, missing):
    monkeypatch.setenv("USER", "ada")
    for there in ("Volumes/THERE", "mnt", "media/ada", "run/media/ada", "home/ada"):
        (tmp_path / there).mkdir(parents=True)
    if not missing:
        refuse_unmounted(tmp_path / folder, tmp_path)
        return
    with pytest.raises(PathMissing, match="mount that disk") as refused:
        refuse_unmounted(tmp_path / folder, tmp_path)
    assert str(refused.value).startswith(f"{tmp_path / missing} is not there")

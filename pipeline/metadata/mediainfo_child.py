"""The process that runs MediaInfo: what is asked is an open file, what is answered are its tracks.

processes/reader.py starts it with limits on memory and time, without network and without any other file; when a
file kills it, only this process dies. The answer is {"tracks": [...]} or {"error": TEXT}.
"""

import os
from typing import Any

from pymediainfo import MediaInfo

from pipeline.processes.reader import serve


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """MediaInfo's tracks of one file, as plain data."""
    try:
        # An open file, not a name: MediaInfo follows names into playlists and over the network.
        with os.fdopen(request["file"], "rb") as file:
            found = MediaInfo.parse(file)
    except Exception as error:  # noqa: BLE001 - whatever a file does to it, the next one is read
        return {"error": f"{type(error).__name__}: {error}"}
    return {"tracks": [track.to_data() for track in found.tracks]}


if __name__ == "__main__":
    serve(answer)

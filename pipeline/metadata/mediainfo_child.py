"""The process that runs MediaInfo: what is asked is a file lent piece by piece, what is answered are its tracks.

processes/reader.py starts it with limits on memory and time, without network and without any file; when a
file kills it, only this process dies. The answer is {"tracks": [...], "partial": whether it was kept from reading
all it wanted} or {"error": TEXT}.
"""

from typing import Any

from pymediainfo import MediaInfo

from pipeline.processes.reader import serve


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """MediaInfo's tracks of one file, as plain data."""
    try:
        # What can be read, not a name: MediaInfo follows names into playlists and over the network.
        found = MediaInfo.parse(request["file"])
    except Exception as error:  # noqa: BLE001 - whatever a file does to it, the next one is read
        return {"error": f"{type(error).__name__}: {error}"}
    return {"tracks": [track.to_data() for track in found.tracks], "partial": request["file"].partial}


if __name__ == "__main__":
    MediaInfo.can_parse()  # loads the library: later no file can be opened
    serve(answer)

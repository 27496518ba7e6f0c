"""The process that runs MediaInfo: what is asked on stdin is a path, what is answered are its tracks.

processes/reader.py starts it with limits on memory and time and without network; when a file kills it,
only this process dies. A request is {"path": TEXT}; the answer {"tracks": [...]} or {"error": TEXT}.
"""

from typing import Any

from pipeline.processes.reader import serve


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """MediaInfo's tracks of one file, as plain data."""
    from pymediainfo import MediaInfo

    try:
        # An open file, not a name: MediaInfo follows names into playlists and over the network.
        with open(str(request["path"]), "rb") as file:  # noqa: PTH123 - names may hold undecodable bytes
            found = MediaInfo.parse(file)
    except Exception as error:  # noqa: BLE001 - whatever a file does to it, the next one is read
        return {"error": f"{type(error).__name__}: {error}"}
    return {"tracks": [track.to_data() for track in found.tracks]}


if __name__ == "__main__":
    serve(answer)

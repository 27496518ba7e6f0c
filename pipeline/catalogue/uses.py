"""Which cuts use a clip, asked of the saved cuts themselves: only the newest version of each counts."""

from pipeline.catalogue.store import Connection

REMOVED = '{"removed":true}'  # the spec of a last version that says that the cut was taken away
# Found once for all clips: looking a cut up reads all of its row, which for an editor's timeline is megabytes.
NEWEST = "(u.name, u.version) IN (SELECT v.name, max(v.version) FROM cuts v GROUP BY v.name)"
# About a clip `c`: the names of its cuts as a JSON list, NULL where there is none.
USED = (
    "(SELECT nullif(json_group_array(used.name), '[]') FROM (SELECT DISTINCT u.name AS name FROM cut_clips u"
    f" WHERE u.clip = c.id AND {NEWEST} ORDER BY 1) AS used)"
)


def clips_of_cuts(names: int | None) -> str:
    """The numbers of the clips that any of so many named cuts use; None: any cut at all."""
    named = "" if names is None else f" AND u.name IN ({', '.join('?' * names)})"
    return f"SELECT used.n FROM cut_clips u JOIN clips used ON used.id = u.clip WHERE {NEWEST}{named}"


def cut_names(db: Connection) -> list[str]:
    """The names of all cuts that were not taken away."""
    rows = db.execute(
        "SELECT DISTINCT name FROM cuts c WHERE NOT EXISTS"
        " (SELECT * FROM cuts r WHERE r.name = c.name AND r.spec = ?) ORDER BY name",
        (REMOVED,),
    )
    return [name for (name,) in rows]

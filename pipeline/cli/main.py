"""The door: finds the command, prints refusals, turns them into exit codes.

Commands live in the modules beside this one and are imported when they are called, so that `rushes
log` never waits for what only `rushes ingest` needs.
"""

import contextlib
import importlib
import io
import os
import sys
from pathlib import Path
from typing import TextIO, cast

import click

from pipeline.cli.streams import Shown, plain
from pipeline.errors import RushesError

# Name, module, what it does; in the order in which footage passes through them.
COMMANDS: tuple[tuple[str, str, str], ...] = (
    ("init", "production", "Make a production folder."),
    ("demo", "demo", "See it all on a small shoot: ingest, log, cut, export."),
    ("offload", "offload", "Copy cards to disks: read once, verified, with a hash list."),
    ("ingest", "ingesting", "Take cards in now: log, stills, hashes, proxies."),
    ("watch", "ingesting", "The same for ever: take in what settles in ingest/."),
    ("pause", "ingesting", "Let what runs stand still, so that the edit has the machine."),
    ("resume", "ingesting", "Let what was paused go on."),
    ("status", "ingesting", "What a running ingest or watch does, and what is left."),
    ("cards", "cards", "What came in: complete or not, what is ready."),
    ("proxies", "proxies", "Would each editing suite attach the proxies, and if not, why."),
    ("facts", "facts", "What media files say of themselves."),
    ("log", "log", "Search the shot log."),
    ("show", "log", "One clip: facts, log with sources, proxies, cuts."),
    ("set", "logging", "Log by hand: rushes set QUERY rating=4 subject+=coach."),
    ("mark", "logging", "Mark a range within a clip."),
    ("clock", "clock", "Cameras' clocks by day: how far off, corrected by hand, slate or GPS."),
    ("undo", "logging", "Take back the last change of the log."),
    ("forget", "logging", "Take clips out of the log; media stay where they are."),
    ("cut", "cutting", "Make a timeline of what a search finds."),
    ("cuts", "cuts", "The saved cuts; take one away, or bring it back."),
    ("paper", "comparing", "A cut as a paper edit: text to rearrange and cut again."),
    ("diff", "comparing", "What changed between two versions of a cut."),
    ("export", "cutting", "Write a cut for the editing suite."),
    ("check", "checking", "Would that editor open these timelines, and lose nothing?"),
    ("import", "importing", "Take an editor's timeline back: match, log, keep."),
    ("pull", "pulling", "Copy the originals that a cut needs, whole or trimmed."),
    ("conform", "conforming", "Do the events of a cut or timeline show what they say? By pictures."),
    ("verify", "verifying", "Are originals and proxies still what they were?"),
    ("backup", "keeping", "Copy the catalogue, while anybody works."),
    ("restore", "keeping", "Put a backup of the catalogue in its place."),
    ("rebuild", "keeping", "A lost catalogue again, of plain files, media and proxies."),
    ("doctor", "doctor", "Check catalogue, ffmpeg, disk, limits, clock."),
)
BUG = 70


class LazyCommands(click.Group):
    """Knows the commands by the table above and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return [name for name, _, _ in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        for name, module, _ in COMMANDS:
            if name == cmd_name:
                command: click.Command = getattr(importlib.import_module(f"pipeline.cli.{module}"), name + "_command")
                return command
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        names = self.list_commands(ctx)
        if args and args[0] not in names and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], names, 1)
            hint = f"did you mean '{near[0]}'?" if near else "'rushes --help' lists them all."
            raise click.UsageError(f"There is no command '{args[0]}'; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_text) for name, _, help_text in COMMANDS])


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--film", metavar="DIR", help="The production folder; otherwise the one this folder lies in.")
@click.version_option(package_name="rushes", prog_name="rushes")
@click.pass_context
def rushes(context: click.Context, film: str | None) -> None:
    """From camera card to cut: checked proxies, a searchable shot log, timelines that open.

    Data goes to stdout, progress and messages to stderr.
    """
    context.obj = film


def main() -> None:
    """Run one command and leave with its exit code; see docs/exit-codes.md."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without Unicode still gets every row
    sys.stdout, sys.stderr = cast("TextIO", Shown(sys.stdout)), cast("TextIO", Shown(sys.stderr))
    if "_RUSHES_COMPLETE" in os.environ:
        from pipeline.cli.completion import learn_bash

        learn_bash()
    try:
        code = rushes.main(prog_name="rushes", standalone_mode=False)
        sys.stdout.flush()
    except RushesError as error:
        code = _refuse(error.sentence, error.exit_code)
    except click.ClickException as error:
        error.show()
        code = 2
        _also_as_json(error.format_message(), code)
    except (click.Abort, KeyboardInterrupt):
        code = _refuse("stopped; run the same command again to go on.", 130)
    except BrokenPipeError:
        # The reader (head, less) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = _refuse_disk(error)
    except Exception as error:  # noqa: BLE001 - the last door: a bug of ours still gets a sentence
        code = _our_bug(error)
    sys.exit(code if isinstance(code, int) else 0)


def _refuse_disk(error: OSError) -> int:
    """What the system refused: of a file that it names as any other refusal of it, else of what was to be printed."""
    from pipeline.files import path_error

    if isinstance(error.filename, str):
        refusal = path_error(error, Path(error.filename))
        return _refuse(refusal.sentence, refusal.exit_code)
    return _refuse(f"what was asked for cannot be written ({error.strerror}); make room or name another file.", 30)


def _refuse(sentence: str, code: int) -> int:
    """One sentence on stderr; where a program asked for JSON, the same as a value on stdout."""
    with contextlib.suppress(OSError):  # the log file may lie on the disk that is full
        click.echo(f"rushes: {plain(sentence)}", err=True)
    _also_as_json(sentence, code)
    return code


def _also_as_json(sentence: str, code: int) -> None:
    if "--json" in sys.argv[1:]:
        import json

        with contextlib.suppress(OSError):
            click.echo(json.dumps({"error": sentence, "exit_code": code}))


def _our_bug(error: Exception) -> int:
    if os.environ.get("RUSHES_DEBUG"):
        raise error
    what = f"{type(error).__name__}: {error}"
    click.echo(f"rushes: a bug of ours ({what}); run again with RUSHES_DEBUG=1 and send us what it prints.", err=True)
    return BUG


if __name__ == "__main__":
    main()

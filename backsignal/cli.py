"""The `backsignal` command: assess texts, train the model, serve the assistant."""

import argparse
import sys
from collections.abc import Sequence
from datetime import date


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    options = _parser().parse_args(arguments)
    if options.command == "assess":
        from backsignal.assess import assess_lines

        return assess_lines(sys.stdin.buffer, sys.stdout, today=options.today)
    if options.command == "agent-token":
        from backsignal.assist.access import Access, Person
        from backsignal.channels.web_sessions import load_secret

        person = Person(options.id, options.name or options.id, frozenset(options.role))
        print(Access(load_secret()).token(person, options.hours))  # noqa: T201 - the command's result
        return 0
    if options.command == "replay":
        return _replay(options.database)
    if options.command in ("export", "erase"):
        return _personal_data(options.command, options.who, options.database)
    from backsignal import serving

    try:
        if options.command == "train":
            serving.train()
        elif options.shell:
            return serving.shell()
        else:
            return serving.serve(options.port, options.interface, options.action_server)
    except serving.ServingError as error:
        print(f"backsignal: {error}", file=sys.stderr)  # noqa: T201 - the command speaks to a person
        return 1
    return 0


def _replay(database: str | None) -> int:
    from sqlalchemy.engine import Connection

    from backsignal.components.databases import open_database, with_audit
    from backsignal.replay import replay
    from backsignal.stores import UnavailableError

    def worst(connection: Connection) -> int:
        statuses = []
        for status, sentence in replay(connection):
            statuses.append(status)
            print(sentence)  # noqa: T201 - the command's result
        return max(statuses)

    statuses = []
    try:
        opened = open_database(database)
        for each in [opened] if database else with_audit(opened):
            print(f"{each.url!r}")  # noqa: T201 - each has its own numbers of rows
            statuses.append(each.at_leisure(worst))
    except FileNotFoundError as error:
        return _failed(error)
    except UnavailableError as error:
        return _failed(f"the database does not answer ({error})")
    return max(statuses)


def _personal_data(command: str, who: str, database: str | None) -> int:
    import json

    from backsignal.personal_data import NobodyError, TracesLeftError, work_on
    from backsignal.stores import UnavailableError

    try:
        done = work_on(command, who, database)
    except (FileNotFoundError, NobodyError) as error:
        return _failed(error)
    except TracesLeftError as error:
        return _failed(
            f"erased, but the words still stand in {error}: somebody, perhaps a backup, has been reading"
            " since before. They go with the servers' next purge, within an hour after that reader ends."
        )
    except UnavailableError as error:
        return _failed(f"the database does not answer ({error})")
    json.dump(done, sys.stdout, ensure_ascii=False, indent=2, default=str)
    print()  # noqa: T201 - the command's result
    return 0


def _failed(why: object) -> int:
    print(f"backsignal: {why}", file=sys.stderr)  # noqa: T201 - the command speaks to a person
    return 3


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="backsignal", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    assess = commands.add_parser("assess", help="read texts (JSON lines) and say level, findings and reasons")
    assess.add_argument(
        "--today", type=date.fromisoformat, default=None, help="the day the texts were written (YYYY-MM-DD)"
    )
    token = commands.add_parser(
        "agent-token", help="make a token for an agent, a supervisor or a transcriber"
    )
    token.add_argument("id", help="who it is for: an id that stays the same")
    token.add_argument("--name", help="the name that colleagues see")
    token.add_argument(
        "--role", action="append", choices=["agent", "supervisor", "transcriber"], required=True
    )
    token.add_argument("--hours", type=float, default=12, help="how long it holds")
    replay = commands.add_parser(
        "replay",
        help="hold the audit against the present content: status 1 where a level differs, 2 where the"
        " audit was changed",
    )
    replay.add_argument("--database", help="path or URL (default: the servers' own)")
    for name, does in (("export", "all that is kept of a person, as JSON"), ("erase", "erase all of it")):
        personal = commands.add_parser(name, help=does)
        personal.add_argument(
            "who",
            help="a conversation's name, the reference that the chat gave, channel:address (twilio:+44...),"
            " or call:ID",
        )
        personal.add_argument("--database", help="path or URL (default: the servers' own)")
    commands.add_parser("train", help="train the model where what it learns from changed")
    serve = commands.add_parser("serve", help="start the assistant")
    serve.add_argument("--port", type=int, default=5005)
    serve.add_argument("--interface", default="127.0.0.1", help="the address to listen on")
    serve.add_argument("--action-server", action="store_true", help="run custom actions on an action server")
    serve.add_argument("--shell", action="store_true", help="talk in this terminal instead of over HTTP")
    return parser


if __name__ == "__main__":
    sys.exit(main())

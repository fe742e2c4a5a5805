"""What `crm-desktop admin telephones …` asks for; loaded at every start, so it loads nothing."""

from __future__ import annotations

from typing import Annotated

import typer

from crm_desktop.commands.options import DatabaseUrl, settings_for

telephones = typer.Typer(help="The PBX, lines, and who has which phone.", no_args_is_help=True)
pbx = typer.Typer(help="How the gateway reaches Asterisk.", no_args_is_help=True)
line = typer.Typer(help="Numbers that the public calls.", no_args_is_help=True)
extension = typer.Typer(help="Which telephone rings for whom.", no_args_is_help=True)
telephones.add_typer(pbx, name="pbx")
telephones.add_typer(line, name="line")
telephones.add_typer(extension, name="extension")

Number = Annotated[str, typer.Argument(help="As the public dial it: 01632960100")]


@telephones.callback()
def telephones_group() -> None:
    """The PBX, lines, and who has which phone."""


@telephones.command("list")
def telephones_list(url: DatabaseUrl = "") -> None:
    """All that is set up."""
    from crm_desktop.commands.telephones import list_everything

    list_everything(settings_for(url), typer.echo)


@telephones.command("check")
def telephones_check(
    url: DatabaseUrl = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="A list of check, state, words and to_do.")
    ] = False,
) -> None:
    """On the gateway's computer: ask the PBX whether calls can come in, ring and go out.

    Changes nothing, calls nobody. Leaves with 1 when something must be mended first.
    """
    from crm_desktop.commands.telephones import check

    raise typer.Exit(check(settings_for(url), typer.echo, as_json=as_json))


@pbx.callback()
def pbx_group() -> None:
    """How the gateway reaches Asterisk."""


@pbx.command("set")
def pbx_set(
    address: Annotated[
        str, typer.Option("--url", help="http://127.0.0.1:8088, or https:// on another computer.")
    ] = "http://127.0.0.1:8088",
    user: Annotated[str, typer.Option(help="A user of ari.conf.")] = "crm",
    application: Annotated[str, typer.Option("--app", help="Its name in the dialplan.")] = "crm",
    outbound: Annotated[
        str, typer.Option(help="Whom to dial for a number outside.")
    ] = "PJSIP/{number}@trunk",
    advisor: Annotated[
        str, typer.Option(help="Whom to dial for an extension.")
    ] = "PJSIP/{extension}",
    answer_by: Annotated[
        str, typer.Option(help="header: the desktop may pick up the phone; phone: only its person.")
    ] = "header",
    notice: Annotated[
        str, typer.Option(help="The PBX's sound that says that a call is recorded.")
    ] = "sound:conf-now-recording",
    keep: Annotated[
        bool, typer.Option(help="Ask for the ARI password and keep it in this keyring.")
    ] = True,
    url: DatabaseUrl = "",
) -> None:
    """Say where Asterisk is; on the gateway's computer, whose keyring gets the password."""
    from crm_desktop.commands.telephones import set_pbx
    from crm_desktop.domain.telephones import Pbx

    wanted = Pbx(address, user, application, outbound, advisor, answer_by, notice)
    set_pbx(settings_for(url), wanted, typer.echo, keep=keep)


@pbx.command("off")
def pbx_off(url: DatabaseUrl = "") -> None:
    """Leave the PBX alone: its own dialplan rules its calls."""
    from crm_desktop.commands.telephones import use_pbx

    use_pbx(settings_for(url), typer.echo, active=False)


@pbx.command("on")
def pbx_on(url: DatabaseUrl = "") -> None:
    """Use the PBX again, as it was set up."""
    from crm_desktop.commands.telephones import use_pbx

    use_pbx(settings_for(url), typer.echo, active=True)


@line.callback()
def line_group() -> None:
    """Numbers that the public calls."""


@line.command("add")
def line_add(
    number: Number,
    name: Annotated[str, typer.Argument(help="What colleagues call it.")],
    queue: Annotated[str, typer.Option(help="The code of the queue where its calls wait.")],
    service: Annotated[str, typer.Option(help="The code of a service.")] = "",
    choice: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=NAME:QUEUE[:SERVICE]", help="A key of its menu; repeat."),
    ] = None,
    announce: Annotated[
        int, typer.Option(help="Say the position every so many seconds; 0: never.")
    ] = 45,
    most: Annotated[
        int, typer.Option(help="So many may wait; the next is told it is busy. 0: any number.")
    ] = 0,
    record: Annotated[bool, typer.Option(help="Record conversations, after a notice.")] = True,
    voicemail: Annotated[bool, typer.Option(help="Callers may leave a message.")] = True,
    callback: Annotated[bool, typer.Option(help="Callers may ask to be called back.")] = True,
    url: DatabaseUrl = "",
) -> None:
    """Set up a number that the public calls, or change the one of that number."""
    from crm_desktop.commands.telephones import LineWords, put_line

    words = LineWords(
        number, name, queue, service, tuple(choice or ()), announce, most,
        record=record, voicemail=voicemail, callback=callback,
    )  # fmt: skip
    put_line(settings_for(url), words, typer.echo)


@line.command("list")
def line_list(url: DatabaseUrl = "") -> None:
    """Every number with where its calls go."""
    from crm_desktop.commands.telephones import list_lines

    list_lines(settings_for(url), typer.echo)


@line.command("remove")
def line_remove(number: Number, url: DatabaseUrl = "") -> None:
    """Its calls wait in the general queue; what came over it stays, `line add` has it back."""
    from crm_desktop.commands.telephones import remove_line

    remove_line(settings_for(url), number, typer.echo)


@extension.callback()
def extension_group() -> None:
    """Which telephone rings for whom."""


@extension.command("set")
def extension_set(login: str, number: str, url: DatabaseUrl = "") -> None:
    """Ring this telephone of the PBX for somebody, such as: extension set anna 101"""
    from crm_desktop.commands.telephones import set_extension

    set_extension(settings_for(url), login, number, typer.echo)


@extension.command("remove")
def extension_remove(login: str, url: DatabaseUrl = "") -> None:
    """Ring no telephone for somebody: they get no calls."""
    from crm_desktop.commands.telephones import set_extension

    set_extension(settings_for(url), login, None, typer.echo)

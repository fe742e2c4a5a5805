"""Every command of the desktop in one table: menus, palette and the shortcut sheet come from it."""

from __future__ import annotations

from crm_desktop.desktop.core.commands import Command
from crm_desktop.domain.states import StaffRole

_LEADERS = frozenset({StaffRole.TEAM_LEADER, StaffRole.ADMIN})
_AT_DESKS = _LEADERS | {StaffRole.DESK}

CONTACT = "Contact"
CALL = "Call"
CHAT = "Chat"
PRESENCE = "Presence"
QUEUE = "Queue"
WRITING = "Writing"
PEOPLE = "People"
GO = "Go to"
VIEW = "View"
HELP = "Help"

COMMANDS: tuple[Command, ...] = (
    Command(
        "queue.next", "Next", QUEUE, ("F9",), "arrow-right",
        help="Take what breaches next, in the part of the queue that is shown",
    ),
    Command(
        "contact.take", "Take this contact", CONTACT, ("T",), "hand",
        help="It becomes yours; colleagues see that at once",
    ),
    Command("contact.open", "Open the chosen contact", CONTACT, icon="mail-open"),
    Command(
        "contact.park", "Park", CONTACT, ("P",), "pause",
        help="Put it aside until a time, or until the customer replies",
    ),
    Command(
        "contact.return", "Return to the queue", CONTACT, ("R",), "corner-down-left",
        help="It waits again, with its clock as it was",
    ),
    Command(
        "contact.transfer", "Transfer…", CONTACT, ("X",), "arrow-left-right",
        help="To another queue or a colleague, with a note",
    ),
    Command(
        "contact.raise", "Raise priority…", CONTACT, icon="arrow-up",
        help="It comes sooner than its wait alone would have it, for a reason that you give",
    ),
    Command(
        "contact.why", "Why here?", CONTACT, ("Y",), "help-circle",
        help="Why this was offered to whom it was, and not to others; or why it still waits",
    ),
    Command(
        "contact.wrap_up", "Wrap up", CONTACT, ("F12",), "check",
        help="Service, resolution, avoidable or not",
    ),
    Command(
        "contact.detach", "Open in a window of its own", CONTACT, ("Ctrl+Shift+D",),
        "picture-in-picture-2",
    ),
    Command("contact.spam", "Mark as spam", CONTACT, icon="ban"),
    Command(
        "document.add", "Add a document…", CONTACT, ("Ctrl+Shift+F",), "upload",
        help="From files, the scanner’s folder or a camera, into the contact and its case",
    ),
    Command(
        "appointment.book", "Book an appointment…", CONTACT, ("Ctrl+Shift+A",), "calendar",
        help="At a site, for the customer of this contact: time, place, confirmation by mail",
    ),
    Command(
        "appointment.calendar", "Calendar of appointments", GO, ("Ctrl+Shift+Y",), "calendar",
        help="Who is booked at which desk or room: move, cancel, late, arrived",
    ),
    Command(
        "contact.log", "Log a contact", CONTACT, ("Ctrl+Shift+L",), "phone-incoming",
        works_away=True,
        help="A call on another phone, a visit, a letter: also while the database is away",
    ),
    Command(
        "contact.logged", "Contacts to be entered", CONTACT, icon="list-checks", works_away=True,
        help="What was logged and the database does not have yet",
    ),
    Command(
        "offer.accept", "Accept the offer", CONTACT, ("F10",), "hand",
        help="Or say that you are back, after an offer that you did not answer",
    ),
    Command(
        "offer.decline", "Decline the offer…", CONTACT, ("Ctrl+F10",), "x",
        help="With a reason; it goes on waiting in its old place",
    ),
    Command("offer.why", "Why was this offered to me?", CONTACT, icon="help-circle"),
    Command(
        "call.hold", "Hold", CALL, ("F7",), "pause",
        help="The customer hears music; again, and you talk",
    ),
    Command(
        "call.mute", "Mute", CALL, ("F6",), "mic-off",
        help="They do not hear you; again, and they do",
    ),
    Command(
        "call.transfer", "Transfer or ask…", CALL, ("F11",), "phone-forwarded",
        help="To a colleague, a queue or a number: at once, or after you have asked them",
    ),
    Command(
        "call.back", "Back to the customer", CALL, ("Shift+F11",), "undo-2",
        help="Without whom you asked",
    ),
    Command(
        "call.join", "All together", CALL, ("Ctrl+F11",), "users",
        help="You, the customer and whom you asked talk to each other",
    ),
    Command(
        "call.hand_over", "Hand over", CALL, ("Ctrl+Shift+F11",), "phone-forwarded",
        help="Whom you asked has the call now, and you leave it",
    ),
    Command(
        "call.keypad", "Keypad", CALL, ("Ctrl+Shift+K",), "grip",
        help="Press keys of the telephone, as a menu at the other end wants",
    ),
    Command(
        "call.record", "Pause recording", CALL, ("Ctrl+Shift+R",), "circle-dot",
        help="While something is said that must not be kept; again, and it goes on",
    ),
    Command(
        "call.hang_up", "Hang up", CALL, ("Ctrl+F12",), "phone-off",
        help="The wrap-up follows",
    ),
    Command(
        "call.warned", "Warned, then ended…", CALL, ("Ctrl+Shift+F12",), "ban",
        help="Hang up on somebody whom you have warned, and say why",
    ),
    Command(
        "call.dial", "Call somebody…", CALL, ("Ctrl+Shift+C",), "phone-outgoing",
        help="A number of this contact, one that you called before, or any other",
    ),
    Command(
        "listen.listen", "Listen", CALL, ("Shift+F6",), "ear", roles=_LEADERS,
        help="To the call that you are in: nobody hears you",
    ),
    Command(
        "listen.whisper", "Whisper", CALL, ("Shift+F7",), "message-circle", roles=_LEADERS,
        help="Your colleague hears you, the customer does not",
    ),
    Command(
        "listen.barge", "Join in", CALL, ("Shift+F8",), "users", roles=_LEADERS,
        help="Both hear you",
    ),
    Command(
        "listen.stop", "Stop listening", CALL, ("Shift+F12",), "phone-off", roles=_LEADERS,
        help="Leave the call; it goes on without you",
    ),
    Command(
        "chat.next", "Next chat that waits", CHAT, ("Ctrl+J",), "message-square",
        help="The one of your chats whose visitor has waited longest for an answer",
    ),
    Command("chat.go_1", "First chat", CHAT, ("Alt+1",), "message-square"),
    Command("chat.go_2", "Second chat", CHAT, ("Alt+2",), "message-square"),
    Command("chat.go_3", "Third chat", CHAT, ("Alt+3",), "message-square"),
    Command("chat.go_4", "Fourth chat", CHAT, ("Alt+4",), "message-square"),
    Command("chat.go_5", "Fifth chat", CHAT, ("Alt+5",), "message-square"),
    Command(
        "chat.end", "End the chat", CHAT, ("Ctrl+E",), "circle-x",
        help="The wrap-up follows; Escape there opens it again while the visitor is on the page",
    ),
    Command(
        "chat.email", "Continue by email…", CHAT, ("Ctrl+Shift+E",), "mail",
        help="When the visitor has left: what was said stands below your reply",
    ),
    Command(
        "chat.warned", "Warn, then end…", CHAT, icon="shield-alert",
        help="A warning first; when it goes on, the end of the chat",
    ),
    Command(
        "chat.block", "Block this visitor…", CHAT, icon="ban",
        help="For a reason and a time that you give; the chat ends",
    ),
    Command(
        "presence.menu", "Presence", PRESENCE, ("Ctrl+Shift+P",), "circle-user",
        help="Available, or away and why",
    ),
    Command("presence.more", "Presence with a note or a time…", PRESENCE, icon="pencil"),
    Command("presence.day", "My day", PRESENCE, icon="history"),
    Command(
        "huddle.read", "I have read this huddle", PEOPLE, ("Ctrl+Alt+H",), "check",
        help="The oldest that is shown; whoever sent it sees that",
    ),
    Command(
        "huddle.new", "New huddle…", PEOPLE, ("Ctrl+Shift+H",), "megaphone", roles=_LEADERS,
        help="A short notice on the desktops of everybody, a queue or one person",
    ),
    Command(
        "huddle.sent", "Huddles sent", PEOPLE, icon="eye", roles=_LEADERS,
        help="Who has read what you said, and who has not",
    ),
    Command(
        "public.notices", "Notices for the public…", PEOPLE, ("Ctrl+Shift+B",), "globe",
        roles=_LEADERS,
        help="What everybody should know, on social networks, web forms and chats at once",
    ),
    Command(
        "notes.open", "Private notes", PEOPLE, ("Ctrl+Shift+M",), "message-square",
        help="Between a leader and one person; nobody else reads them",
    ),
    Command(
        "people.skills", "Skills…", PEOPLE, icon="star", roles=frozenset({StaffRole.ADMIN}),
        help="What people can do and queues may need",
    ),
    Command(
        "alarm.raise", "Raise a silent alarm", PEOPLE, ("Ctrl+Alt+Shift+Space",), "shield-alert",
        works_away=True,
        help="Your colleagues are told where you are; nothing is seen or heard here",
    ),
    Command(
        "alarm.test", "Test the silent alarm", PEOPLE, icon="shield-alert", works_away=True,
        help="The same, marked as a test on every desktop",
    ),
    Command("alarm.show", "Show alarms that go on", PEOPLE, icon="shield-alert", works_away=True),
    Command(
        "incident.write", "Write down an incident…", PEOPLE, icon="shield-alert",
        help="What happened and what was done, after an alarm or with this contact",
    ),
    Command(
        "incident.list", "Incidents…", PEOPLE, icon="list-checks",
        help="Those that you wrote down; for team leaders all, to close with what was learnt",
    ),
    Command("reply.focus", "Write a reply", WRITING, ("Ctrl+R",), "reply", works_away=True),
    Command(
        "note.focus", "Write an internal note", WRITING, ("Ctrl+Shift+N",), "sticky-note",
        works_away=True,
    ),
    Command("template.insert", "Insert a canned reply", WRITING, ("F3",), "file-text"),
    Command("knowledge.focus", "Suggested answers", WRITING, ("F2",), "lightbulb", works_away=True),
    Command(
        "toast.undo", "Take back what was just done", CONTACT, ("Ctrl+Alt+Z",), "undo-2",
        help="While Undo is offered: a reply that has not left, a parking, a return",
    ),
    Command("case.focus", "Case form", WRITING, ("F4",), "clipboard-list", works_away=True),
    Command(
        "case.save", "Save the case", WRITING, ("Ctrl+S",), "save",
        help="The customer's reference is shown and can be read out",
    ),
    Command("case.hand_off", "Hand off", WRITING, ("F8",), "forward"),
    Command("go.queue", "Queue", GO, ("Ctrl+1",), "inbox", works_away=True),
    Command("go.customers", "Customers", GO, ("Ctrl+2",), "user", works_away=True),
    Command("go.cases", "Cases", GO, ("Ctrl+3",), "file-text", works_away=True),
    Command("go.knowledge", "Knowledge", GO, ("Ctrl+4",), "book-open", works_away=True),
    Command(
        "go.admin", "Channels and dead letters", GO, ("Ctrl+5",), "list-checks", roles=_LEADERS
    ),
    Command(
        "go.staff", "Staff", GO, ("Ctrl+6",), "circle-user", roles=frozenset({StaffRole.ADMIN})
    ),
    Command(
        "go.audit", "Audit", GO, ("Ctrl+7",), "eye", roles=_LEADERS,
        help="Who has seen a customer, and what a person did",
    ),
    Command(
        "go.team", "Team", GO, ("Ctrl+8",), "users", roles=_LEADERS,
        help="Queues and people as they are now: see trouble and put it right",
    ),
    Command(
        "go.recordings", "Recordings", GO, ("Ctrl+9",), "voicemail", roles=_LEADERS,
        help="Found by number and time, held, and released to customers who ask",
    ),
    Command(
        "go.desk", "Desk", GO, ("Ctrl+0",), "map-pin", roles=_AT_DESKS, works_away=True,
        help="Check visitors in, call them, and see who is in which room",
    ),
    Command("go.settings", "Settings", GO, ("Ctrl+,",), "settings", works_away=True),
    Command("go.palette", "Search and commands", GO, ("Ctrl+K",), "command", works_away=True),
    Command("view.density", "Compact rows", VIEW, icon="list", checkable=True, works_away=True),
    Command("view.side", "Panel beside the contact", VIEW, ("Ctrl+B",), "panel-right",
            checkable=True, works_away=True),
    Command("view.larger", "Larger text", VIEW, ("Ctrl++",), "type", works_away=True),
    Command("view.smaller", "Smaller text", VIEW, ("Ctrl+-",), "type", works_away=True),
    Command("view.light", "Light theme", VIEW, icon="sun", works_away=True),
    Command("view.dark", "Dark theme", VIEW, icon="moon", works_away=True),
    Command("view.contrast", "High-contrast theme", VIEW, icon="contrast", works_away=True),
    Command("view.sound", "Sound for offers", VIEW, icon="bell", checkable=True, works_away=True),
    Command(
        "view.chat_sound", "Sound for lines of chats", VIEW, icon="bell", checkable=True,
        works_away=True,
    ),
    Command(
        "view.wallboard", "Wallboard", VIEW, ("Ctrl+Shift+W",), "monitor", roles=_LEADERS,
        help="The centre's figures in a window of their own, to be read from afar",
    ),
    Command(
        "view.site_figures", "Figures of a site", VIEW, ("Ctrl+Alt+F",), "building-2",
        roles=_AT_DESKS,
        help="Who came, waited and was served at a shop or library, today or on another day",
    ),
    Command(
        "view.private", "Hide personal data", VIEW, ("Ctrl+F4",), "eye-off", works_away=True,
        help="At once, while somebody else can see the screen; again shows it",
    ),
    Command(
        "desk.printer", "Printer of tickets…", VIEW, icon="printer", roles=_AT_DESKS,
        works_away=True,
        help="Which printer, and whether it has a roll of 80 mm or A6",
    ),
    Command(
        "view.public", "Public screen", VIEW, icon="monitor", roles=_AT_DESKS, works_away=True,
        help="Tickets and where to go, on the monitor that faces the public; no names",
    ),
    Command("view.reload", "Read everything again", VIEW, ("F5",), "refresh-cw"),
    Command("help.shortcuts", "Keyboard shortcuts", HELP, ("F1",), "keyboard", works_away=True),
    Command(
        "app.lock", "Lock", HELP, ("Ctrl+L",), "lock",
        help="Hides everything until you are back; what you typed is kept", works_away=True,
    ),
    Command("app.quit", "Sign out and close", HELP, ("Ctrl+Q",), "log-out", works_away=True),
)  # fmt: skip

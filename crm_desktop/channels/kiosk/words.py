"""What kiosks and public screens say, in English and Welsh."""

from __future__ import annotations

from collections.abc import Mapping

_EN = {
    "other": "Cymraeg",
    "switch": "Newid i’r Gymraeg",
    "skip": "Skip to main content",
    "error": "Error",
    "problem": "There is a problem",
    "again": "Start again",
    "back": "Back",
    "next": "Continue",
    "about": "What is your visit about?",
    "about_lead": "Touch what fits best. You will get a ticket with a number.",
    "about_needed": "Choose what your visit is about",
    "nothing": "Please go to the counter",
    "nothing_text": "Tickets are given by hand at the moment. Our staff will help you.",
    "wait": "Wait: {wait}",
    "wait_none": "No wait",
    "wait_unknown": "Wait not known yet",
    "minute": "about 1 minute",
    "minutes": "about {n} minutes",
    "hour": "more than an hour",
    "booking": "Do you have an appointment?",
    "booking_label": "Appointment reference",
    "booking_hint": "It is in the message about your appointment.",
    "booking_yes": "Use this reference",
    "booking_no": "No, I have no appointment",
    "booking_needed": "Enter your appointment reference",
    "booking_unknown": "There is no appointment with this reference here today",
    "booking_arrived": "This appointment is checked in already. Wait for your number, or ask at "
    "the counter",
    "booking_missed": "The time of this appointment has passed. Continue without it for a ticket, "
    "or ask at the counter",
    "booking_often": "There were too many tries. Wait a minute, or go to the counter",
    "needs": "Do you need any of these?",
    "needs_hint": "Touch all that you need, or continue without.",
    "hearing_loop": "A hearing loop",
    "interpreter": "An interpreter",
    "step_free": "A way without steps",
    "private_room": "A private room",
    "sitting": "To be seen sitting down",
    "language": "Which language should the interpreter speak?",
    "bfi": "British Sign Language",
    "und": "Another language",
    "phone": "Shall we text you when it is nearly your turn?",
    "phone_label": "Mobile number",
    "phone_hint": "We only use it for this visit.",
    "phone_yes": "Text me, and get my ticket",
    "phone_no": "No text, get my ticket",
    "phone_wrong": "Enter a mobile number, like 07700 900 982",
    "late": "Your answers were on the screen for too long. Please start again",
    "ticket": "Your ticket",
    "ticket_number": "Your number is",
    "before_none": "You are next for this.",
    "before_one": "1 person is before you.",
    "before": "{n} people are before you.",
    "expected": "Expected wait: {wait}.",
    "expected_unknown": "We cannot say yet how long it will take.",
    "booked": "Your appointment is at {time}.",
    "next_title": "What happens now",
    "call": "Please take a seat. You will be called on the screen, by this number.",
    "remember": "Remember your number, or take your printed ticket.",
    "print": "Print my ticket",
    "finish": "Finish",
    "still": "Are you still there?",
    "still_text": "This page goes back to the start in",
    "seconds": "seconds",
    "stay": "I need more time",
    "missing_title": "Page not found",
    "missing_text": "Please go to the counter. Our staff will help you.",
    "often_title": "Too many requests",
    "often_text": "Please wait a minute and try again, or go to the counter.",
    "away_title": "Please go to the counter",
    "away_text": "We cannot give tickets here at the moment. Our staff will check you in.",
    "away_kept": "You have no ticket yet. What you answered is still here: you can try again.",
    "retry": "Try again",
    "failed_title": "Please go to the counter",
    "failed_text": "Something went wrong here, and you have no ticket from this screen. Our staff "
    "will check you in.",
    "full_title": "Please go to the counter",
    "full_text": "This screen cannot give you a ticket for that now. Our staff will check you in.",
    "closed_title": "We are closed now",
    "closed_until": "We open again on {day} at {time}.",
    "closed_unknown": "Our opening hours are on the council’s website.",
    "closed_text": "No tickets are given until then. If somebody is at the counter, please ask "
    "there.",
    "broken_title": "Please start again",
    "broken_text": "We could not read what was sent. You have no ticket yet.",
    "screen": "Now calling",
    "desk": "Please go to",
    "recent": "Called before",
    "quiet": "Please take a ticket",
    "quiet_text": "Your number will be shown here.",
    "notices": "Please note",
    "sound": "Turn the sound on",
    "stale": "This screen is not up to date. Please listen for your number, or ask at the counter.",
    "say": "Ticket {ticket}, please go to {place}",
    "noscript": "This screen needs JavaScript.",
}

_CY = {
    "other": "English",
    "switch": "Change to English",
    "skip": "Neidio i’r prif gynnwys",
    "error": "Gwall",
    "problem": "Mae problem",
    "again": "Dechrau eto",
    "back": "Yn ôl",
    "next": "Parhau",
    "about": "Am beth mae eich ymweliad?",
    "about_lead": "Cyffyrddwch â’r dewis gorau. Byddwch yn cael tocyn gyda rhif.",
    "about_needed": "Dewiswch am beth mae eich ymweliad",
    "nothing": "Ewch at y cownter, os gwelwch yn dda",
    "nothing_text": "Mae tocynnau’n cael eu rhoi â llaw ar hyn o bryd. Bydd ein staff yn eich "
    "helpu.",
    "wait": "Aros: {wait}",
    "wait_none": "Dim aros",
    "wait_unknown": "Amser aros ddim yn hysbys eto",
    "minute": "tua munud",
    "minutes": "tua {n} munud",
    "hour": "mwy nag awr",
    "booking": "Oes gennych chi apwyntiad?",
    "booking_label": "Cyfeirnod yr apwyntiad",
    "booking_hint": "Mae yn y neges am eich apwyntiad.",
    "booking_yes": "Defnyddio’r cyfeirnod hwn",
    "booking_no": "Na, does gen i ddim apwyntiad",
    "booking_needed": "Rhowch gyfeirnod eich apwyntiad",
    "booking_unknown": "Does dim apwyntiad gyda’r cyfeirnod hwn yma heddiw",
    "booking_arrived": "Rydych eisoes wedi cofrestru ar gyfer yr apwyntiad hwn. Arhoswch am eich "
    "rhif, neu gofynnwch wrth y cownter",
    "booking_missed": "Mae amser yr apwyntiad hwn wedi mynd heibio. Parhewch hebddo i gael tocyn, "
    "neu gofynnwch wrth y cownter",
    "booking_often": "Bu gormod o geisiadau. Arhoswch funud, neu ewch at y cownter",
    "needs": "Oes angen unrhyw un o’r rhain arnoch chi?",
    "needs_hint": "Cyffyrddwch â phopeth sydd ei angen arnoch, neu parhewch hebddynt.",
    "hearing_loop": "Dolen sain",
    "interpreter": "Cyfieithydd ar y pryd",
    "step_free": "Ffordd heb risiau",
    "private_room": "Ystafell breifat",
    "sitting": "Eistedd wrth gael eich gweld",
    "language": "Pa iaith ddylai’r cyfieithydd ei siarad?",
    "bfi": "Iaith Arwyddion Prydain",
    "und": "Iaith arall",
    "phone": "Hoffech chi gael neges destun pan fydd eich tro bron â dod?",
    "phone_label": "Rhif ffôn symudol",
    "phone_hint": "Dim ond ar gyfer yr ymweliad hwn y byddwn yn ei ddefnyddio.",
    "phone_yes": "Anfonwch neges, a chael fy nhocyn",
    "phone_no": "Dim neges, cael fy nhocyn",
    "phone_wrong": "Rhowch rif ffôn symudol, fel 07700 900 982",
    "late": "Bu eich atebion ar y sgrin yn rhy hir. Dechreuwch eto, os gwelwch yn dda",
    "ticket": "Eich tocyn",
    "ticket_number": "Eich rhif yw",
    "before_none": "Chi sydd nesaf ar gyfer hyn.",
    "before_one": "Mae 1 person o’ch blaen.",
    "before": "Nifer y bobl o’ch blaen: {n}.",
    "expected": "Amser aros disgwyliedig: {wait}.",
    "expected_unknown": "Allwn ni ddim dweud eto faint o amser y bydd yn ei gymryd.",
    "booked": "Mae eich apwyntiad am {time}.",
    "next_title": "Beth sy’n digwydd nawr",
    "call": "Eisteddwch, os gwelwch yn dda. Byddwch yn cael eich galw ar y sgrin, wrth y rhif hwn.",
    "remember": "Cofiwch eich rhif, neu cymerwch eich tocyn printiedig.",
    "print": "Argraffu fy nhocyn",
    "finish": "Gorffen",
    "still": "Ydych chi’n dal yno?",
    "still_text": "Bydd y dudalen hon yn mynd yn ôl i’r dechrau ymhen",
    "seconds": "eiliad",
    "stay": "Mae angen mwy o amser arna i",
    "missing_title": "Heb ddod o hyd i’r dudalen",
    "missing_text": "Ewch at y cownter, os gwelwch yn dda. Bydd ein staff yn eich helpu.",
    "often_title": "Gormod o geisiadau",
    "often_text": "Arhoswch funud a rhowch gynnig arall arni, neu ewch at y cownter.",
    "away_title": "Ewch at y cownter, os gwelwch yn dda",
    "away_text": "Allwn ni ddim rhoi tocynnau yma ar hyn o bryd. Bydd ein staff yn eich cofrestru.",
    "away_kept": "Does gennych chi ddim tocyn eto. Mae eich atebion yma o hyd: gallwch roi cynnig "
    "arall arni.",
    "retry": "Rhoi cynnig arall arni",
    "failed_title": "Ewch at y cownter, os gwelwch yn dda",
    "failed_text": "Aeth rhywbeth o’i le yma, a does gennych chi ddim tocyn o’r sgrin hon. Bydd "
    "ein staff yn eich cofrestru.",
    "full_title": "Ewch at y cownter, os gwelwch yn dda",
    "full_text": "All y sgrin hon ddim rhoi tocyn i chi ar gyfer hynny nawr. Bydd ein staff yn "
    "eich cofrestru.",
    "closed_title": "Rydym ar gau nawr",
    "closed_until": "Byddwn ar agor eto: {day} am {time}.",
    "closed_unknown": "Mae ein horiau agor ar wefan y cyngor.",
    "closed_text": "Ni fydd tocynnau’n cael eu rhoi tan hynny. Os oes rhywun wrth y cownter, "
    "gofynnwch yno.",
    "broken_title": "Dechreuwch eto, os gwelwch yn dda",
    "broken_text": "Allen ni ddim darllen yr hyn a anfonwyd. Does gennych chi ddim tocyn eto.",
    "screen": "Yn galw nawr",
    "desk": "Ewch i",
    "recent": "Galwyd o’r blaen",
    "quiet": "Cymerwch docyn, os gwelwch yn dda",
    "quiet_text": "Bydd eich rhif yn cael ei ddangos yma.",
    "notices": "Sylwer",
    "sound": "Troi’r sain ymlaen",
    "stale": "Nid yw’r sgrin hon yn gyfredol. Gwrandewch am eich rhif, neu gofynnwch wrth y "
    "cownter.",
    "say": "Tocyn {ticket}, ewch i {place}",
    "noscript": "Mae angen JavaScript ar y sgrin hon.",
}

#: By language, then by name.
WORDS: Mapping[str, Mapping[str, str]] = {"en": _EN, "cy": _CY}


def wait_on_tile(language: str, seconds: int | None) -> str:
    """How long one waits now who chooses this."""
    words = WORDS[language]
    if seconds is None:
        return words["wait_unknown"]
    if seconds == 0:
        return words["wait_none"]
    return words["wait"].format(wait=_time(words, seconds))


def wait_on_ticket(language: str, seconds: int | None) -> str:
    """How long this visitor waits; "" for nobody to wait for."""
    words = WORDS[language]
    if seconds is None:
        return words["expected_unknown"]
    return words["expected"].format(wait=_time(words, seconds)) if seconds else ""


def _time(words: Mapping[str, str], seconds: int) -> str:
    """In steps that nobody takes for a promise."""
    minutes = -(-seconds // 60)
    if minutes == 1:
        return words["minute"]
    if minutes > 60:
        return words["hour"]
    return words["minutes"].format(n=minutes if minutes < 5 else -(-minutes // 5) * 5)

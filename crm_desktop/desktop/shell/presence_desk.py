"""Presence and offers in the main window: the button at the top, the card, and their commands."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from PySide6.QtCore import QObject, QPoint, Signal, Slot
from PySide6.QtWidgets import QApplication, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.channels import CHANNEL_ICONS, channel_tone
from crm_desktop.desktop.core.commands import CommandRegistry
from crm_desktop.desktop.core.names import CHANNEL_NAMES
from crm_desktop.desktop.shell.call_desk import CallDesk
from crm_desktop.desktop.shell.desk import Desk
from crm_desktop.desktop.shell.lock import Locker
from crm_desktop.desktop.shell.presence import Choice, PresenceKeeper
from crm_desktop.desktop.widgets.banner import ErrorBar
from crm_desktop.desktop.widgets.offer_card import OfferCard, Offered
from crm_desktop.desktop.widgets.presence import PresenceButton
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.errors import CrmError, SignedOutBy
from crm_desktop.domain.presence import Offer, Standing
from crm_desktop.domain.states import Channel, Presence

_SOUND = "offers/sound"
_TOP_BAR = 47
_LONGEST_NOTE = 28
_KEY = "F10"


class PresenceDesk(QObject):
    """Implements `PresenceView`. `take` carries the contact whose offer was accepted, `offered` the
    ids of the calls that are offered.
    """

    take = Signal(object)
    offered = Signal(object)

    def __init__(  # noqa: PLR0917 - what it stands between
        self,
        desk: Desk,
        window: QWidget,
        content: QWidget,
        button: PresenceButton,
        registry: CommandRegistry,
        lock: Locker,
        error: ErrorBar,
    ) -> None:
        super().__init__(window)
        self._desk, self._window, self._button = desk, window, button
        self._registry, self._lock, self._error = registry, lock, error
        #: Of every window of this desktop: an offer is answered from wherever one is.
        self._registries: list[CommandRegistry] = []
        self._busy = False
        #: Offers that were answered here, which the database may still tell of.
        self._answered: set[tuple[int, object]] = set()
        self._offer: Offer | None = None
        #: The offer of a call that was shown last, and why it was missed.
        self._why_missed = ""
        self.phone: CallDesk | None = None
        self.card = OfferCard(desk.look, content, below=_TOP_BAR, accept_key=_KEY)
        self.keeper = PresenceKeeper(
            desk.db,
            desk.runner.for_owner(self),
            self,
            now=desk.clock.now,
            away=lambda: desk.live.is_away,
        )
        self._connect()
        self._bind()
        self.show_standing(self.keeper.standing, busy=False)

    def changed(self, changes: Changes) -> None:
        """See `Presenter.changed`."""
        self.keeper.changed(changes)

    def join(self, registry: CommandRegistry) -> None:
        """Let offers be answered from this window, too."""
        registry.bind("offer.accept", self._accept)
        registry.bind("offer.decline", self._ask_reason)
        registry.bind("offer.why", self._ask_why)
        self._registries.append(registry)
        self._fit()

    def part(self, registry: CommandRegistry) -> None:
        """That window closes."""
        self._registries.remove(registry)

    # PresenceView

    def show_standing(self, standing: Standing, *, busy: bool) -> None:
        """See `PresenceView`."""
        self._busy = busy
        self._button.set_state(
            standing.presence,
            "On contact" if busy else "",
            standing.afterwards,
            detail=_detail(standing),
            silent=standing.not_responding,
        )
        self._button.setToolTip(_more(standing))
        self._button.set_off_channels(standing.off_channels)
        self._show_offers(standing)
        calls = {each.contact_id for each in standing.offers if each.channel is Channel.CALL}
        self.offered.emit(frozenset(calls))

    def refresh(self) -> None:
        """What is known of the telephone is another."""
        self._show_offers(self.keeper.standing)

    def set_clock(self, database_now: datetime, read_at: datetime) -> None:
        """See `PresenceView`."""
        self._desk.clock.set_by(database_now, read_at)

    def signed_out_by(self, name: str) -> None:
        """See `PresenceView`."""
        self._lock.end(SignedOutBy(by=name))

    def show_trouble(self, trouble: CrmError) -> None:
        """See `PresenceView`."""
        self._error.show_trouble(trouble)

    def _connect(self) -> None:
        button, card, lock = self._button, self.card, self._lock
        button.chosen.connect(self.choose)
        button.more_asked.connect(self._ask_more)
        button.day_asked.connect(self._show_day)
        button.back_asked.connect(self._back)
        button.channels_chosen.connect(self._channels_chosen)
        card.accepted.connect(self._accept)
        card.declined.connect(self._ask_reason)
        card.asked_why.connect(self._ask_why)
        card.back.connect(self._back)
        card.lapsed.connect(self._lapsed)
        lock.hidden.connect(partial(self.keeper.set_locked, True))
        lock.back.connect(partial(self.keeper.set_locked, False))
        lock.idle.still.connect(self.keeper.set_idle)
        self._desk.clock.tick.connect(self._tick)

    def _bind(self) -> None:
        self.join(self._registry)
        bind = self._registry.bind
        bind("presence.menu", self._button.open_menu)
        bind("presence.more", self._ask_more)
        bind("presence.day", self._show_day)
        bind("view.sound", self._toggle_sound)
        self._registry.set_checked("view.sound", self._sounds)

    @property
    def _sounds(self) -> bool:
        return self._desk.settings.get(_SOUND) == "yes"

    def _show_offers(self, standing: Standing) -> None:
        now = self._desk.clock.now()
        # What ran out is the gateway's to take back, in a moment.
        offers = [
            each
            for each in standing.offers
            if _key(each) not in self._answered
            and (each.expires_at is None or each.expires_at > now)
        ]
        # A phone that rings is answered first, whatever was offered before it: so the bar says.
        offers.sort(key=lambda each: each.channel is not Channel.CALL)
        self._answered &= {_key(each) for each in standing.offers}
        before, self._offer = self._offer, offers[0] if offers else None
        if self._offer is not None:
            fresh = before is None or _key(before) != _key(self._offer)
            more = f"{len(offers) - 1} more offered" if len(offers) > 1 else ""
            self._why_missed = ""
            self.card.show_offer(self._said(self._offer, more), now)
            if fresh:
                self._call_attention()
        elif standing.not_responding:
            self.card.show_missed(self._why_missed)
            if not self._why_missed:
                self._ask_why_missed()
        else:
            self.card.show_nothing()
        self._fit()

    def _fit(self) -> None:
        offered = self._offer is not None
        missed = self.keeper.standing.not_responding
        for registry in self._registries:
            registry.set_enabled("offer.accept", offered or missed)
            registry.set_enabled("offer.decline", offered)
            registry.set_enabled("offer.why", offered)

    def _call_attention(self) -> None:
        if self._lock.is_locked:
            return
        if not self._window.isActiveWindow():
            QApplication.alert(self._window)
        if self._sounds:
            QApplication.beep()

    @Slot()
    def _tick(self) -> None:
        self.keeper.tick()
        self.card.tick(self._desk.clock.now())

    @Slot()
    def _lapsed(self) -> None:
        self._offer = None
        self._fit()
        self.keeper.read()

    @Slot(object)
    def choose(self, presence: Presence) -> None:
        """The person picked a presence."""
        self.keeper.choose(Choice(presence))

    @Slot(object)
    def _choose_more(self, choice: Choice) -> None:
        self.keeper.choose(choice)

    @Slot(object)
    def _channels_chosen(self, off: frozenset[Channel]) -> None:
        self.keeper.set_off_channels(off)

    @Slot()
    def _back(self) -> None:
        self.keeper.back()

    @Slot()
    def _accept(self) -> None:
        if self._offer is None:
            if self.keeper.standing.not_responding:
                self._back()
            return
        if self.phone is not None and self.phone.answer(self._offer.contact_id):
            # It rings until the telephone system says that it does not.
            return
        self.take.emit(self._answer())
        if not self._window.isActiveWindow():
            self._window.activateWindow()

    def _answer(self) -> int:
        """The offer is answered: the next one shows, or nothing."""
        assert self._offer is not None
        answered, self._offer = self._offer, None
        self._answered.add(_key(answered))
        self._show_offers(self.keeper.standing)
        return answered.contact_id

    @Slot()
    def _ask_reason(self) -> None:
        from crm_desktop.desktop.shell.declining import DeclineMenu

        if self._offer is None:
            return
        menu = DeclineMenu(self._desk.look, self._window)
        menu.chosen.connect(partial(self._decline, self._offer))
        menu.popup(self.card.decline.mapToGlobal(QPoint(0, self.card.decline.height() + 2)))
        first = next(iter(menu.actions()), None)
        if first is not None:
            menu.setActiveAction(first)

    def _decline(self, offer: Offer, reason: object, said: str) -> None:
        from crm_desktop.desktop.shell.declining import decline

        if self._offer is not None and _key(self._offer) == _key(offer):
            self._answer()
        self._desk.runner.for_owner(self).write(
            partial(decline, self._desk.db, offer.contact_id, reason, said),
            failed=self._not_declined,
        )

    def _not_declined(self, trouble: CrmError) -> None:
        self._answered.clear()
        self.show_trouble(trouble)
        self.keeper.read()

    @Slot()
    def _ask_why(self) -> None:
        from crm_desktop.desktop.shell.declining import why

        if self._offer is not None:
            self._desk.runner.for_owner(self).read(
                partial(why, self._desk.db, self._offer.contact_id),
                partial(self._show_why, _key(self._offer)),
                failed=self.show_trouble,
                key="why",
            )

    def _show_why(self, of_offer: tuple[int, object], said: str) -> None:
        if self._offer is not None and _key(self._offer) == of_offer:
            self.card.show_why(said)

    def _said(self, offer: Offer, more: str) -> Offered:
        of_call = None
        if self.phone is not None and offer.channel is Channel.CALL:
            of_call = self.phone.offer_words(offer.contact_id)
        return _said(offer, more, of_call)

    def _ask_why_missed(self) -> None:
        """An offer of a call that was not answered: the telephone system says why."""
        from crm_desktop.desktop.shell.declining import why_missed

        self._desk.runner.for_owner(self).read(
            partial(why_missed, self._desk.db),
            self._show_why_missed,
            failed=_quiet,
            key="missed",
        )

    def _show_why_missed(self, why: str) -> None:
        if why and self._offer is None and self.keeper.standing.not_responding:
            self._why_missed = why
            self.card.show_missed(why)

    @Slot()
    def _ask_more(self) -> None:
        from crm_desktop.desktop.shell.presence_dialog import PresenceDialog

        dialog = PresenceDialog(
            self._desk.look, self._desk.clock, self.keeper.standing, self._window, busy=self._busy
        )
        dialog.chosen.connect(self._choose_more)
        dialog.open()

    @Slot()
    def _show_day(self) -> None:
        from crm_desktop.desktop.shell.my_day import DayDialog

        DayDialog(self._desk, self._desk.person.id, "", self._window).open()

    def _toggle_sound(self) -> None:
        sounds = not self._sounds
        self._desk.settings.set(_SOUND, "yes" if sounds else "no")
        self._registry.set_checked("view.sound", sounds)


def _quiet(_trouble: CrmError) -> None:
    """That it was missed is said; why can wait."""


def _key(offer: Offer) -> tuple[int, object]:
    return offer.contact_id, offer.offered_at


def _said(offer: Offer, more: str, of_call: tuple[str, str] | None) -> Offered:
    channel = CHANNEL_NAMES[offer.channel]
    kind, accept = of_call or (f"{channel} offered to you", "Accept")
    waited = words.span((offer.offered_at - offer.waiting_since).total_seconds())
    until = offer.expires_at
    return Offered(
        kind=kind,
        icon="phone-incoming" if of_call else CHANNEL_ICONS[offer.channel],
        tone=channel_tone(offer.channel),
        who=offer.who,
        subject=offer.subject,
        detail=f"{offer.queue_name} · waited {waited}",
        note=offer.note,
        until=until,
        seconds=(until - offer.offered_at).total_seconds() if until else 0.0,
        more=more,
        accept=accept,
        low=of_call is not None,
    )


def _detail(standing: Standing) -> str:
    """What else was said of a presence, short enough for the bar."""
    said = standing.words
    if len(said) > _LONGEST_NOTE:
        said = said[: _LONGEST_NOTE - 1].rstrip() + "…"
    back = f"back {words.clock_time(standing.back_at)}" if standing.back_at else ""
    off = len(standing.off_channels)
    fewer = f"{words.count(off, 'channel')} off" if off else ""
    return " · ".join(part for part in (said, back, fewer) if part)


def _more(standing: Standing) -> str:
    parts = [standing.words]
    if standing.set_by:
        parts.append(f"Set by {standing.set_by}")
    if standing.off_channels:
        names = [CHANNEL_NAMES[each] for each in CHANNEL_NAMES if each in standing.off_channels]
        parts.append(f"Not offered: {', '.join(names)}")
    return ". ".join(part for part in parts if part)

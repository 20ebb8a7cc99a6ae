"""What the app's user did in a room that the server has not confirmed yet: messages on their way,
edits, deletions and reactions. They are shown at once, and taken back when they are refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Callable, List, Mapping, Optional, Sequence, Tuple

from ..errors import ChatApiError
from ..models import Message
from .rows import LoggedEvent, reacted, tombstone, with_, with_custom


@dataclass(frozen=True)
class LocalSend:
    """``state``: ``sending``, ``failed``, or ``sent``: committed, its event has not arrived yet."""

    message: Message
    client_id: str
    state: str = "sending"
    error: Optional[ChatApiError] = None


Text = Tuple[str, Mapping[str, Any]]
"""What an edit changes: the content and ``custom``, which is empty where there is none."""


def text_of(message: Mapping[str, Any]) -> Text:
    return message["content"], message.get("custom") or {}


def _nothing(text: Text) -> Text:
    return text


@dataclass(frozen=True)
class Change:
    """``kind``: ``edit``, ``delete``, ``added`` or ``removed`` (with ``emoji``).

    ``edited``: what an edit makes of a text.
    """

    kind: str
    emoji: str = ""
    edited: Callable[[Text], Text] = _nothing


def _none() -> List[Text]:
    return []


@dataclass(eq=False)
class LocalChange:
    """``is_done``: the server has taken it; its event may still be on its way. ``is_lost``: its
    event may be among those that will not come. ``seen``: what may be its event has arrived: what
    edits made of the message; of reactions, anything.
    """

    message_id: str
    change: Change
    is_done: bool = False
    is_lost: bool = False
    seen: List[Text] = field(default_factory=_none)


def plain(emoji: str) -> str:
    """Spellings of an emoji with and without the variation selector are one."""
    return emoji.replace("\uFE0F", "")


def _thing(change: Change) -> str:
    return f"reaction {plain(change.emoji)}" if change.kind in ("added", "removed") else change.kind


class LocalChanges:
    def __init__(self) -> None:
        self.sends: List[LocalSend] = []
        self.changes: List[LocalChange] = []
        self.me: Optional[str] = None

    def add(self, send: LocalSend) -> None:
        self.sends.append(send)

    def patch(self, client_id: str, **fields: Any) -> None:
        self.sends = [replace(send, **fields) if send.client_id == client_id else send for send in self.sends]

    def remove(self, client_id: str) -> None:
        self.sends = [send for send in self.sends if send.client_id != client_id]

    def find(self, client_id: str) -> Optional[LocalSend]:
        return next((send for send in self.sends if send.client_id == client_id), None)

    def arrived(self, messages: Sequence[Message]) -> None:
        """These are in the log, so they are shown from there."""
        self.sends = [send for send in self.sends if not any(self._is_it(send, one) for one in messages)]

    def _is_it(self, send: LocalSend, message: Message) -> bool:
        if message["id"] == send.message["id"]:
            return True
        return message.get("client_id") == send.client_id and self.me in (None, message["sender_id"])

    def clear(self) -> None:
        self.sends, self.changes = [], []

    def event(self, event: LoggedEvent) -> None:
        kind = event["type"]
        if kind == "message":
            self.arrived([event])  # type: ignore[list-item]
            return
        for one in self.changes:
            if event.get("message_id") != one.message_id:
                continue
            if kind == "message_updated":
                if one.change.kind == "edit":
                    one.seen.append(text_of(event))
            elif kind == "reaction" and event["user_id"] == self.me and plain(event["emoji"]) == plain(one.change.emoji):
                one.seen.append(("", {}))

    def change(self, message_id: str, change: Change) -> LocalChange:
        made = LocalChange(message_id, change)
        self.changes.append(made)
        return made

    def confirm(self, one: LocalChange, message: Optional[Message] = None) -> None:
        """``message``: of an edit, as the server has it."""
        one.is_done = True
        if one.change.kind == "edit" and message is not None:
            text = text_of(message)
            one.change = Change("edit", edited=lambda _: text)
        if one.is_lost:
            self.undo(one)

    def resync(self, is_shown: bool) -> None:
        """Some events will not come; those of these changes may be among them.

        ``is_shown``: what they did is in the pages that are loaded.
        """
        for one in self.changes:
            one.is_lost = True
        if is_shown:
            self.changes = [one for one in self.changes if not one.is_done]

    def confirmed(self) -> List[LocalChange]:
        """Changes that every page shows which is asked for from now on."""
        return [one for one in self.changes if one.is_done]

    def shown_by(self, items: Sequence[Message], confirmed: Sequence[LocalChange]) -> None:
        """A page has arrived that was asked for when ``confirmed`` were."""
        self.arrived(items)
        ids = {message["id"] for message in items}
        self.changes = [one for one in self.changes if one not in confirmed or one.message_id not in ids]

    def undo(self, one: LocalChange) -> None:
        self.changes = [other for other in self.changes if other is not one]

    def settle(self, find: Callable[[str], Optional[Message]], shows: Callable[[int], bool]) -> None:
        """Forget what the log shows.

        ``find``: a message as the log has it. ``shows``: whether an event is shown.
        """
        self.sends = [send for send in self.sends if send.state != "sent" or not shows(send.message["seq"])]
        if self.changes:
            self.changes = [one for at, one in enumerate(self.changes) if not self._is_over(one, at, find)]

    def over(self, message: Message) -> Message:
        """The message with the changes on their way; the same object if there are none."""
        shown = message
        for one in self.changes:
            if one.message_id == message["id"] and not self._is_in(shown, one.change):
                shown = self._changed(shown, one.change)
        return shown

    def _is_over(self, one: LocalChange, at: int, find: Callable[[str], Optional[Message]]) -> bool:
        if not one.is_done:
            return False
        message = find(one.message_id)
        change = one.change
        if message is None or any(change.kind != "edit" or change.edited(text) == text for text in one.seen):
            return True
        return self._is_in(message, one.change) or self._is_undone(one, at)

    def _is_undone(self, one: LocalChange, at: int) -> bool:
        """Another one of the same thing has been confirmed since."""
        return any(
            other.is_done and other.message_id == one.message_id and _thing(other.change) == _thing(one.change)
            for other in self.changes[at + 1 :]
        )

    def _is_in(self, message: Message, change: Change) -> bool:
        if message["is_deleted"] or change.kind == "delete":
            return message["is_deleted"]
        if change.kind == "edit":
            return change.edited(text_of(message)) == text_of(message)
        mine = any(
            plain(one["emoji"]) == plain(change.emoji) and (one["me"] or self.me in one["user_ids"])
            for one in message["reactions"]
        )
        return mine == (change.kind == "added")

    def _changed(self, message: Message, change: Change) -> Message:
        if change.kind == "delete":
            return tombstone(message)
        if change.kind == "edit":
            content, custom = change.edited(text_of(message))
            return with_custom(with_(message, content=content, is_edited=True), custom)
        known = (one["emoji"] for one in message["reactions"] if plain(one["emoji"]) == plain(change.emoji))
        emoji = next(known, change.emoji)
        return reacted(message, {"user_id": self.me or "", "emoji": emoji, "action": change.kind}, self.me)

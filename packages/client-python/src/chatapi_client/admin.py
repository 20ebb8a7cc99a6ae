"""Administration: write access for admins, read access for moderators."""

from __future__ import annotations

from typing import AsyncIterator, Optional, Sequence

from .pages import page_of, pages
from .paths import path_of
from .rest import KEEP, changed, given
from .admin_records import AdminRecordsApi
from .models import Announcement, Member, Page
from .admin_models import (
    AdminRoom,
    ApplicationKey,
    AuditEntry,
    BanInput,
    FilteredWord,
    ListedReport,
    MuteInput,
    NewApplicationKey,
    Report,
    ReportContext,
    Scope,
    Series,
    SeriesMetric,
    Stats,
    SystemHealth,
    WordFilter,
    WordJudgement,
)


class AdminApi(AdminRecordsApi):
    """Every method raises ``ChatApiError``; without the role it is ``AUTHORIZATION_ERROR``."""

    async def stats(self) -> Stats:
        """Return counts of users, rooms, messages, files and connections, at most 2 s old."""
        stats: Stats = await self._rest.call("GET", "/admin/dashboard/stats")
        return stats

    async def rebuild_stats(self) -> Stats:
        """Recount everything."""
        stats: Stats = await self._rest.call("POST", "/admin/dashboard/stats/rebuild")
        return stats

    async def series(
        self,
        *,
        metric: SeriesMetric,
        from_: Optional[str] = None,
        to: Optional[str] = None,
        step: Optional[int] = None,
    ) -> Series:
        """Return a series for a chart, of the last 30 days by the minute.

        ``from_``, ``to``: RFC 3339; default: the last day. ``step``: seconds per point, a multiple
        of 60; at most 1,000 points.
        """
        query = given(metric=metric, to=to, step=step, **{"from": from_})
        series: Series = await self._rest.call("GET", "/admin/dashboard/series", query=query)
        return series

    async def delete_message(self, message_id: str) -> None:
        await self._rest.call("DELETE", path_of("/admin/messages/{}", message_id))

    async def rooms(
        self,
        *,
        search: Optional[str] = None,
        kind: Optional[str] = None,
        archived: Optional[bool] = None,
        sort: Optional[str] = None,
        limit: int = 50,
        skip: int = 0,
        cursor: Optional[str] = None,
    ) -> Page[AdminRoom]:
        """List all rooms. ``search``: part of the id, the name or the topic.

        ``sort``: ``created`` (default: newest first) or ``active`` (latest activity first).
        """
        query = given(
            search=search, kind=kind, archived=archived, sort=sort, limit=limit, skip=skip, cursor=cursor
        )
        return page_of("rooms", await self._rest.call("GET", "/admin/rooms", query=query))

    def iterate_rooms(
        self,
        *,
        search: Optional[str] = None,
        kind: Optional[str] = None,
        archived: Optional[bool] = None,
        sort: Optional[str] = None,
    ) -> AsyncIterator[AdminRoom]:
        return pages(
            lambda cursor, skip: self.rooms(
                search=search, kind=kind, archived=archived, sort=sort, limit=100, skip=skip, cursor=cursor
            )
        )

    async def room(self, chat_id: str) -> AdminRoom:
        room: AdminRoom = await self._rest.call("GET", path_of("/admin/rooms/{}", chat_id))
        return room

    async def room_members(
        self, chat_id: str, *, limit: int = 50, skip: int = 0, cursor: Optional[str] = None
    ) -> Page[Member]:
        """List the members of any room, the longest members first."""
        query = given(limit=limit, skip=skip, cursor=cursor)
        path = path_of("/admin/rooms/{}/members", chat_id)
        return page_of("members", await self._rest.call("GET", path, query=query))

    async def update_room(
        self,
        chat_id: str,
        *,
        name: Optional[str] = KEEP,
        topic: Optional[str] = KEEP,
        visibility: str = KEEP,
        archived: bool = KEEP,
        owner_id: str = KEEP,
    ) -> AdminRoom:
        """Change any room. ``CONFLICT`` for what ``general`` or a direct room cannot be.

        ``owner_id``: makes this user an owner, and a member if necessary.
        """
        body = changed(name=name, topic=topic, visibility=visibility, archived=archived, owner_id=owner_id)
        room: AdminRoom = await self._rest.call("PUT", path_of("/admin/rooms/{}", chat_id), body=body)
        return room

    async def delete_room(self, chat_id: str) -> None:
        """Delete a room; its id stays taken. Not ``general`` and no direct rooms."""
        await self._rest.call("DELETE", path_of("/admin/rooms/{}", chat_id))

    async def audit_log(
        self,
        *,
        actor_id: Optional[str] = None,
        target_id: Optional[str] = None,
        action: Optional[str] = None,
        outcome: Optional[str] = None,
        from_: Optional[str] = None,
        to: Optional[str] = None,
        limit: int = 50,
        skip: int = 0,
        cursor: Optional[str] = None,
    ) -> Page[AuditEntry]:
        """List admin actions, newest first. ``from_``, ``to``: RFC 3339, the end does not count."""
        query = given(
            actor_id=actor_id,
            target_id=target_id,
            action=action,
            outcome=outcome,
            limit=limit,
            skip=skip,
            cursor=cursor,
            to=to,
            **{"from": from_},
        )
        return page_of("entries", await self._rest.call("GET", "/admin/audit-log", query=query))

    async def audit_log_csv(
        self,
        *,
        actor_id: Optional[str] = None,
        target_id: Optional[str] = None,
        action: Optional[str] = None,
        outcome: Optional[str] = None,
        from_: Optional[str] = None,
        to: Optional[str] = None,
    ) -> bytes:
        """Download admin actions as CSV into memory. The download itself is in the log."""
        query = given(
            actor_id=actor_id, target_id=target_id, action=action, outcome=outcome, to=to, **{"from": from_}
        )
        return await self._rest.download("/admin/audit-log.csv", query)

    async def reports(
        self,
        *,
        status: Optional[str] = None,
        target_type: Optional[str] = None,
        target_id: Optional[str] = None,
        about_user_id: Optional[str] = None,
        reporter_id: Optional[str] = None,
        limit: int = 50,
        skip: int = 0,
        cursor: Optional[str] = None,
    ) -> Page[ListedReport]:
        """List reports. ``status``: ``open``, ``resolved`` or ``dismissed``. ``target_type``:
        ``message``, ``file`` or ``user``. ``about_user_id``: the sender, uploader or reported user.
        """
        query = given(
            status=status,
            target_type=target_type,
            target_id=target_id,
            about_user_id=about_user_id,
            reporter_id=reporter_id,
            limit=limit,
            skip=skip,
            cursor=cursor,
        )
        return page_of("reports", await self._rest.call("GET", "/admin/reports", query=query))

    async def resolve_report(self, report_id: str, *, note: Optional[str] = None) -> Report:
        """Mark a report as resolved."""
        return await self._handle_report(report_id, "resolve", note)

    async def dismiss_report(self, report_id: str, *, note: Optional[str] = None) -> Report:
        """Dismiss a report."""
        return await self._handle_report(report_id, "dismiss", note)

    async def _handle_report(self, report_id: str, how: str, note: Optional[str]) -> Report:
        path = path_of(f"/admin/reports/{{}}/{how}", report_id)
        report: Report = await self._rest.call("POST", path, body=given(note=note))
        return report

    async def report_context(self, report_id: str) -> ReportContext:
        """Return the reported message with up to 10 on each side. Each look is in the audit log."""
        context: ReportContext = await self._rest.call("GET", path_of("/admin/reports/{}/context", report_id))
        return context

    async def act_on_report(
        self,
        report_id: str,
        *,
        status: Optional[str] = None,
        note: Optional[str] = None,
        delete_target: Optional[bool] = None,
        mute: Optional[MuteInput] = None,
        ban: Optional[BanInput] = None,
    ) -> Report:
        """Delete, mute or ban because of a report, and settle it. Repeat it when it fails.

        ``status``: ``resolved`` (default) or ``dismissed``. ``delete_target``: the message, or for
        admins the file. ``mute``: the sender, in the room of the message. Moderators:
        ``AUTHORIZATION_ERROR`` with the reason ``ban_limit`` (over 24 hours) or ``staff``.
        """
        body = given(status=status, note=note, delete_target=delete_target, mute=mute, ban=ban)
        report: Report = await self._rest.call("POST", path_of("/admin/reports/{}/act", report_id), body=body)
        return report

    async def announce(self, *, text: str) -> Announcement:
        """Announce to all connected users; others find it in `announcements`."""
        body = {"text": text}
        announcement: Announcement = await self._rest.call("POST", "/admin/announcements", body=body, safe=False)
        return announcement

    async def announcements(
        self, *, limit: int = 50, skip: int = 0, cursor: Optional[str] = None
    ) -> Page[Announcement]:
        query = given(limit=limit, skip=skip, cursor=cursor)
        return page_of("announcements", await self._rest.call("GET", "/admin/announcements", query=query))

    async def word_filter(self) -> WordFilter:
        """Return the words that are blocked or masked in messages."""
        words: WordFilter = await self._rest.call("GET", "/admin/word-filter")
        return words

    async def set_word_filter(self, *, words: Sequence[FilteredWord]) -> WordFilter:
        """Replace the word list. Takes effect everywhere within 2 s."""
        body = {"words": list(words)}
        filter: WordFilter = await self._rest.call("PUT", "/admin/word-filter", body=body)
        return filter

    async def try_word_filter(self, *, text: str) -> WordJudgement:
        """Judge a text of at most 4,000 characters as that of a message."""
        judged: WordJudgement = await self._rest.call("POST", "/admin/word-filter/try", body={"text": text})
        return judged

    async def create_key(
        self, *, name: str, scopes: Sequence[Scope], expires_at: Optional[str] = None
    ) -> NewApplicationKey:
        """Create an application key; its secret is only in this answer.

        ``expires_at``: RFC 3339, in the future; default: it does not expire.
        """
        body = given(name=name, scopes=list(scopes), expires_at=expires_at)
        key: NewApplicationKey = await self._rest.call("POST", "/admin/keys", body=body, safe=False)
        return key

    async def keys(self, *, limit: int = 50, skip: int = 0, cursor: Optional[str] = None) -> Page[ApplicationKey]:
        """List application keys, newest first."""
        query = given(limit=limit, skip=skip, cursor=cursor)
        return page_of("keys", await self._rest.call("GET", "/admin/keys", query=query))

    async def end_key(self, key_id: str) -> None:
        """End an application key: everywhere within a second."""
        await self._rest.call("DELETE", path_of("/admin/keys/{}", key_id))

    async def health(self) -> SystemHealth:
        """Return the health of service instances, database, Redis, queues and disk."""
        health: SystemHealth = await self._rest.call("GET", "/admin/system/health")
        return health

"""Accounts, sessions and profiles."""

from __future__ import annotations

from typing import AsyncIterator, Optional

from .pages import page_of, pages
from .rest import KEEP, Rest, changed, given, segment
from .models import Export, Page, Profile, Session, SessionInfo, User


class UsersApi:
    """Every method raises ``ChatApiError``."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def register(
        self, *, username: str, email: str, password: str, display_name: Optional[str] = None
    ) -> Session:
        """Make an account; the client goes on in its name.

        ``username``: 3–32 of ``A–Z a–z 0–9 _ . -``. ``password``: 8–72 bytes, not a weak one (``VALIDATION_ERROR`` with
        advice in ``details``). ``CONFLICT``: name or email is taken.
        """
        body = given(username=username, email=email, password=password, display_name=display_name)
        session: Session = await self._rest.call("POST", "/users/register", body=body, safe=False, anonymous=True)
        await self._rest.tokens.adopt(session)
        return session

    async def login(self, *, username_or_email: str, password: str) -> Session:
        """Log in; the client goes on in this session and renews its tokens by itself.

        ``AUTHENTICATION_ERROR``: unknown or wrong. ``RATE_LIMIT_EXCEEDED``, ``ACCOUNT_LOCKED``: too many failed tries.
        """
        body = {"username_or_email": username_or_email, "password": password}
        session: Session = await self._rest.call("POST", "/users/login", body=body, anonymous=True)
        await self._rest.tokens.adopt(session)
        return session

    async def logout(self) -> None:
        """End this session: its tokens and its connections."""
        await self._rest.call("POST", "/users/logout")
        self._rest.tokens.forget()

    async def me(self) -> User:
        user: User = await self._rest.call("GET", "/users/me")
        return user

    async def update(
        self, *, display_name: str = KEEP, bio: str = KEEP, avatar_url: Optional[str] = KEEP
    ) -> User:
        """Change the given fields. ``display_name``: 1–64 characters, ``bio``: 500, ``avatar_url``: http or https, None: none."""
        body = changed(display_name=display_name, bio=bio, avatar_url=avatar_url)
        user: User = await self._rest.call("PUT", "/users/me", body=body)
        return user

    async def change_password(self, *, current_password: str, new_password: str) -> None:
        """All other sessions end. ``AUTHENTICATION_ERROR``: the current one is wrong."""
        body = {"current_password": current_password, "new_password": new_password}
        await self._rest.call("PUT", "/users/me/password", body=body, safe=False)

    async def delete_me(self, *, password: str) -> None:
        """Erase the account and all that it wrote, for ever."""
        await self._rest.call("DELETE", "/users/me", body={"password": password}, safe=False)
        self._rest.tokens.forget()

    async def sessions(self, *, limit: int = 50, skip: int = 0) -> Page[SessionInfo]:
        query = {"limit": limit, "skip": skip}
        return page_of("sessions", await self._rest.call("GET", "/users/me/sessions", query=query))

    async def end_session(self, session_id: str) -> None:
        await self._rest.call("DELETE", f"/users/me/sessions/{segment(session_id)}")

    async def end_other_sessions(self) -> None:
        """All but this one."""
        await self._rest.call("DELETE", "/users/me/sessions")

    async def get(self, user_id: str) -> Profile:
        """A user as others see them."""
        user: Profile = await self._rest.call("GET", f"/users/{segment(user_id)}")
        return user

    async def search(self, search: str = "", *, limit: int = 50, skip: int = 0) -> Page[Profile]:
        """By username and display name. ``limit``: 1–100."""
        query = {"search": search, "limit": limit, "skip": skip}
        return page_of("users", await self._rest.call("GET", "/users", query=query))

    def iterate(self, search: str = "") -> AsyncIterator[Profile]:
        """All that `search` finds, page by page."""
        return pages(lambda skip: self.search(search, limit=100, skip=skip))

    async def start_export(self) -> Export:
        """Have an archive made of all that I wrote and uploaded."""
        export: Export = await self._rest.call("POST", "/users/me/export")
        return export

    async def export(self) -> Export:
        """How far it is, and the link to it."""
        export: Export = await self._rest.call("GET", "/users/me/export")
        return export

"""Accounts and sessions."""

from __future__ import annotations

from functools import partial
from typing import Any, Dict, Optional, cast

from .multipart import Source, Upload
from .pages import page_of
from .paths import path_of
from .people import PeopleApi
from .rest import KEEP, changed, given
from .admission_models import ExchangedToken
from .models import Export, Me, Page, Session, SessionInfo, Tokens
from .registration import Registration
from .upload import send_upload


class UsersApi(PeopleApi):
    """Every method raises ``ChatApiError``."""

    async def register(
        self,
        *,
        username: str,
        email: str,
        password: str,
        display_name: Optional[str] = None,
        invite: Optional[str] = None,
    ) -> Registration:
        """Create an account and log in.

        Where the server asks to confirm the e-mail address first, the answer has no tokens: ``login``
        works once the link in the mail was used.

        ``username``: 3–32 of ``A–Z a–z 0–9 _ . -``. ``password``: 8–72 bytes; a weak one is a
        ``VALIDATION_ERROR`` with advice in ``details``. ``invite``: code of an invite, where one is
        needed or has rooms. ``CONFLICT``: username or email is taken.
        """
        body = given(username=username, email=email, password=password, display_name=display_name, invite=invite)
        made: Registration = await self._rest.call("POST", "/users/register", body=body, safe=False, anonymous=True)
        if "access_token" in made:
            await self._rest.tokens.adopt(cast(Session, made))
        return made

    async def login(self, *, username_or_email: str, password: str) -> Session:
        """Log in and renew tokens from then on.

        ``AUTHENTICATION_ERROR``: unknown user or wrong password. ``RATE_LIMIT_EXCEEDED``,
        ``ACCOUNT_LOCKED``: too many failed attempts. ``AUTHORIZATION_ERROR`` with the reason
        ``email_unverified``: the e-mail address must be confirmed first.
        """
        body = {"username_or_email": username_or_email, "password": password}
        session: Session = await self._rest.call("POST", "/users/login", body=body, anonymous=True)
        await self._rest.tokens.adopt(session)
        return session

    async def exchange_token(self, subject_token: str) -> ExchangedToken:
        """Exchange a JWT of an issuer that admins trust for an access token (RFC 8693).

        Give its ``access_token`` from the ``token`` function of the client, which is asked again
        when it has expired. ``AUTHENTICATION_ERROR``: ``details["reason"]`` says why.
        """
        body = {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": subject_token,
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
        }
        token: ExchangedToken = await self._rest.call("POST", "/users/token", body=body, anonymous=True)
        return token

    async def logout(self) -> None:
        """Log out: end this session's tokens and connections."""
        await self._rest.call("POST", "/users/logout")
        self._rest.tokens.forget()

    async def update(
        self,
        *,
        display_name: str = KEEP,
        bio: str = KEEP,
        avatar_url: Optional[str] = KEEP,
        custom: Dict[str, Any] = KEEP,
    ) -> Me:
        """Change the given fields.

        ``display_name``: 1–64 characters, ``bio``: 500, ``avatar_url``: http or https, None removes
        it. ``custom``: a merge patch (RFC 7396), where None removes a key.
        """
        body = changed(display_name=display_name, bio=bio, avatar_url=avatar_url, custom=custom)
        user: Me = await self._rest.call("PUT", "/users/me", body=body)
        return user

    async def change_password(self, *, current_password: str, new_password: str) -> Tokens:
        """Change the password and end all other sessions; this one gets new tokens.

        ``AUTHENTICATION_ERROR``: the current password is wrong.
        """
        body = {"current_password": current_password, "new_password": new_password}
        call = partial(self._rest.call, "PUT", "/users/me/password", body=body, safe=False)
        return await self._rest.tokens.replace(call)

    async def request_password_reset(self, *, email: str) -> None:
        """Ask for a mail with a link to a new password, whether or not there is such an account.

        ``SERVICE_UNAVAILABLE`` with the reason ``mail_not_configured``: the server sends no mail.
        """
        await self._rest.call("POST", "/users/password-resets", body={"email": email}, safe=False, anonymous=True)

    async def confirm_password_reset(self, *, token: str, new_password: str) -> None:
        """Set a new password with the token of a link, and end all sessions of the account.

        ``VALIDATION_ERROR`` with the reason ``token_invalid``: it was used, replaced, or has expired.
        """
        body = {"token": token, "new_password": new_password}
        await self._rest.call("POST", "/users/password-resets/confirm", body=body, safe=False, anonymous=True)

    async def change_email(self, *, email: str, current_password: str) -> None:
        """Ask for another e-mail address, which counts once the link that it gets was confirmed."""
        body = {"email": email, "current_password": current_password}
        await self._rest.call("POST", "/users/me/email", body=body, safe=False)

    async def confirm_email(self, *, token: str) -> None:
        """Confirm an e-mail address with the token of a link.

        ``VALIDATION_ERROR`` with the reason ``token_invalid``: it was used, replaced, or has expired.
        ``CONFLICT``: the address has another account.
        """
        await self._rest.call("POST", "/users/email-confirmations", body={"token": token}, safe=False, anonymous=True)

    async def resend_email_confirmation(self, *, email: str) -> None:
        """Ask for the link again, whether or not there is an account that needs one."""
        path = "/users/email-confirmations/resend"
        await self._rest.call("POST", path, body={"email": email}, safe=False, anonymous=True)

    async def delete_me(self, *, password: str) -> None:
        """Erase the account and all its content, permanently."""
        await self._rest.call("DELETE", "/users/me", body={"password": password}, safe=False)
        self._rest.tokens.forget()

    async def sessions(self, *, limit: int = 50, skip: int = 0, cursor: Optional[str] = None) -> Page[SessionInfo]:
        query = given(limit=limit, skip=skip, cursor=cursor)
        return page_of("sessions", await self._rest.call("GET", "/users/me/sessions", query=query))

    async def end_session(self, session_id: str) -> None:
        await self._rest.call("DELETE", path_of("/users/me/sessions/{}", session_id))

    async def end_other_sessions(self) -> Tokens:
        """End all other sessions; this one gets new tokens."""
        return await self._rest.tokens.replace(partial(self._rest.call, "DELETE", "/users/me/sessions"))

    async def set_avatar(self, file: Source, *, name: Optional[str] = None) -> Me:
        """Upload an avatar: a PNG, JPEG, WebP or GIF of at most 2 MiB, which is cut square.

        The ``avatar_url`` of the answer is relative to the server.
        """
        user: Me = await send_upload(self._rest, "PUT", "/users/me/avatar", Upload(file, name, None, None, None))
        return user

    async def remove_avatar(self) -> None:
        await self._rest.call("DELETE", "/users/me/avatar")

    async def start_export(self) -> Export:
        """Request an archive of everything that the caller wrote and uploaded."""
        export: Export = await self._rest.call("POST", "/users/me/export")
        return export

    async def export(self) -> Export:
        """Return the state of the archive and a link to it."""
        export: Export = await self._rest.call("GET", "/users/me/export")
        return export

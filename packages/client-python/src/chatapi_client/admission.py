"""Who may come in: issuers whose tokens are exchanged, and invites to register."""

from __future__ import annotations

from typing import Any, Dict, Optional, Sequence, Union

from .pages import page_of
from .paths import path_of
from .rest import Rest, given
from .models import Page
from .admission_models import ClaimNames, Invite, Issuer, NewInvite


class AdmissionApi:
    """A part of `AdminApi`."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def create_issuer(
        self,
        *,
        issuer: str,
        audience: str,
        jwks_url: Optional[str] = None,
        public_keys: Optional[Sequence[Union[str, Dict[str, Any]]]] = None,
        secret: Optional[str] = None,
        user_claim: Optional[str] = None,
        create_users: Optional[bool] = None,
        claims: Optional[ClaimNames] = None,
    ) -> Issuer:
        """Trust an issuer. ``CONFLICT`` with the reason ``limit``: there are 50 already.

        One of ``jwks_url`` (http or https, globally reachable), ``public_keys`` (PEM or JWK, at most
        20) and ``secret`` (for HS256, at least 32 bytes). ``user_claim``: the claim with the
        ``external_id``; default: ``sub``. ``create_users``: whether unknown users get an account.
        """
        body = given(
            issuer=issuer,
            audience=audience,
            jwks_url=jwks_url,
            public_keys=None if public_keys is None else list(public_keys),
            secret=secret,
            user_claim=user_claim,
            create_users=create_users,
            claims=claims,
        )
        created: Issuer = await self._rest.call("POST", "/admin/issuers", body=body, safe=False)
        return created

    async def issuers(self, *, limit: int = 50, skip: int = 0, cursor: Optional[str] = None) -> Page[Issuer]:
        """List issuers, newest first."""
        query = given(limit=limit, skip=skip, cursor=cursor)
        return page_of("issuers", await self._rest.call("GET", "/admin/issuers", query=query))

    async def delete_issuer(self, issuer_id: str) -> None:
        """Trust an issuer no more. Sessions that began with its tokens go on until their end."""
        await self._rest.call("DELETE", path_of("/admin/issuers/{}", issuer_id))

    async def create_invite(
        self,
        *,
        max_uses: Optional[int] = None,
        expires_at: Optional[str] = None,
        rooms: Optional[Sequence[str]] = None,
    ) -> NewInvite:
        """Create an invite to register; its code is only in this answer.

        ``max_uses``: 1–1,000, default 1. ``expires_at``: RFC 3339, in the future; default: in 7 days.
        ``rooms``: rooms that who registers with it becomes a member of; at most 20.
        """
        body = given(max_uses=max_uses, expires_at=expires_at, rooms=None if rooms is None else list(rooms))
        invite: NewInvite = await self._rest.call("POST", "/admin/invites", body=body, safe=False)
        return invite

    async def invites(self, *, limit: int = 50, skip: int = 0, cursor: Optional[str] = None) -> Page[Invite]:
        """List invites, newest first."""
        query = given(limit=limit, skip=skip, cursor=cursor)
        return page_of("invites", await self._rest.call("GET", "/admin/invites", query=query))

    async def delete_invite(self, invite_id: str) -> None:
        await self._rest.call("DELETE", path_of("/admin/invites/{}", invite_id))

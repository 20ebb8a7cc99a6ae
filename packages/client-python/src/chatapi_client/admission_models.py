"""Who may come in: issuers whose tokens are exchanged, and invites to register."""

from __future__ import annotations

from typing import Any, Dict, List, Literal, Optional, TypedDict

from .models import Me


class ExchangedToken(TypedDict):
    """A session that ends with the exchanged token. ``expires_in``: seconds until then."""

    access_token: str
    issued_token_type: Literal["urn:ietf:params:oauth:token-type:access_token"]
    token_type: Literal["bearer"]
    expires_in: int
    user: Me


class ClaimNames(TypedDict, total=False):
    """Names of the claims of an issuer's tokens."""

    username: str
    display_name: str
    email: str
    avatar_url: str


class Issuer(TypedDict):
    """Whose tokens may be exchanged for a session. Its secret is never shown.

    ``public_keys``: JWKs. ``user_claim``: the claim with the ``external_id``.
    ``jwks_fetched_at``: when ``jwks_url`` last gave keys.
    """

    id: str
    issuer: str
    audience: str
    jwks_url: Optional[str]
    public_keys: Optional[List[Dict[str, Any]]]
    has_secret: bool
    user_claim: str
    create_users: bool
    claims: ClaimNames
    created_at: str
    jwks_fetched_at: Optional[str]


class Invite(TypedDict):
    """An invite to register, without its code."""

    id: str
    max_uses: int
    uses: int
    expires_at: str
    rooms: List[str]
    created_at: str


class NewInvite(Invite):
    """``code`` is shown only once."""

    code: str

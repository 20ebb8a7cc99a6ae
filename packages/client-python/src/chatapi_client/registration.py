"""What a registration answers."""

from __future__ import annotations

from typing import Literal, TypedDict

from .models import Me


class _MaybeTokens(TypedDict, total=False):
    access_token: str
    refresh_token: str
    token_type: Literal["bearer"]
    expires_in: int


class Registration(_MaybeTokens):
    """Without tokens where the server asks to confirm the e-mail address before the first login."""

    user: Me

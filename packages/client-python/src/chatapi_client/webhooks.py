"""Webhooks, and the proof that a request comes from this server. Scope ``webhooks:write``."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from typing import AsyncIterator, Literal, Mapping, Optional, Sequence, Union

from .errors import ChatApiError
from .models import Page
from .pages import page_of, pages
from .paths import path_of
from .rest import KEEP, Rest, changed, given
from .webhook_models import (
    Delivery,
    DeliveryStatus,
    NewWebhook,
    Webhook,
    WebhookEventType,
    WebhookPayload,
    WebhookSecret,
    WebhookTest,
)

TOLERANCE = 300
PREFIX = "whsec_"


class WebhooksApi:
    """Every method raises ``ChatApiError``, for an unknown webhook with ``RESOURCE_NOT_FOUND``."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def create(
        self,
        *,
        url: str,
        events: Sequence[WebhookEventType],
        description: Optional[str] = None,
        rooms: Optional[Sequence[str]] = None,
        start: Literal["now", "beginning"] = "now",
    ) -> NewWebhook:
        """Create a webhook; ``CONFLICT`` with the reason ``limit``: there are 50 already.

        ``rooms``: default: all. ``start``: ``beginning``: all that the log still has.
        """
        body = given(url=url, events=list(events), description=description, rooms=_list(rooms), start=start)
        webhook: NewWebhook = await self._rest.call("POST", "/admin/webhooks", body=body, safe=False)
        return webhook

    async def list(self, *, limit: int = 50, skip: int = 0, cursor: Optional[str] = None) -> Page[Webhook]:
        """List webhooks, newest first. ``limit``: 1–100."""
        query = given(limit=limit, skip=skip, cursor=cursor)
        return page_of("webhooks", await self._rest.call("GET", "/admin/webhooks", query=query))

    async def get(self, webhook_id: str) -> Webhook:
        webhook: Webhook = await self._rest.call("GET", path_of("/admin/webhooks/{}", webhook_id))
        return webhook

    async def update(
        self,
        webhook_id: str,
        *,
        url: str = KEEP,
        description: str = KEEP,
        events: Sequence[WebhookEventType] = KEEP,
        rooms: Optional[Sequence[str]] = KEEP,
    ) -> Webhook:
        """Change the given fields. ``rooms``: None: all."""
        body = changed(url=url, description=description, events=events, rooms=rooms)
        webhook: Webhook = await self._rest.call("PUT", path_of("/admin/webhooks/{}", webhook_id), body=body)
        return webhook

    async def delete(self, webhook_id: str) -> None:
        await self._rest.call("DELETE", path_of("/admin/webhooks/{}", webhook_id))

    async def rotate_secret(self, webhook_id: str) -> WebhookSecret:
        """Replace the secret; the one before signs too for 24 hours."""
        path = path_of("/admin/webhooks/{}/rotate-secret", webhook_id)
        secret: WebhookSecret = await self._rest.call("POST", path, safe=False)
        return secret

    async def pause(self, webhook_id: str) -> Webhook:
        """Deliver nothing until `resume`; nothing is lost."""
        webhook: Webhook = await self._rest.call("POST", path_of("/admin/webhooks/{}/pause", webhook_id))
        return webhook

    async def resume(self, webhook_id: str) -> Webhook:
        """Go on where it stopped."""
        webhook: Webhook = await self._rest.call("POST", path_of("/admin/webhooks/{}/resume", webhook_id))
        return webhook

    async def test(self, webhook_id: str) -> WebhookTest:
        """Send a test event now."""
        path = path_of("/admin/webhooks/{}/test", webhook_id)
        told: WebhookTest = await self._rest.call("POST", path, safe=False)
        return told

    async def deliveries(
        self,
        webhook_id: str,
        *,
        status: Optional[DeliveryStatus] = None,
        limit: int = 50,
        skip: int = 0,
        cursor: Optional[str] = None,
    ) -> Page[Delivery]:
        """List deliveries, newest first: failures of 7 days and the last 1,000 successes."""
        query = given(status=status, limit=limit, skip=skip, cursor=cursor)
        path = path_of("/admin/webhooks/{}/deliveries", webhook_id)
        return page_of("deliveries", await self._rest.call("GET", path, query=query))

    def iterate_deliveries(self, webhook_id: str) -> AsyncIterator[Delivery]:
        """Iterate over all deliveries that are kept, page by page."""
        return pages(lambda cursor, skip: self.deliveries(webhook_id, limit=100, skip=skip, cursor=cursor))

    async def replay(
        self,
        webhook_id: str,
        *,
        chat_id: Optional[str] = None,
        from_seq: Optional[int] = None,
        since: Optional[str] = None,
    ) -> None:
        """Deliver again, in the same order and with the same ids.

        Give ``chat_id`` and ``from_seq``, or ``since``: RFC 3339.
        """
        body = given(chat_id=chat_id, from_seq=from_seq, since=since)
        await self._rest.call("POST", path_of("/admin/webhooks/{}/replay", webhook_id), body=body)


def _list(rooms: Optional[Sequence[str]]) -> Optional[Sequence[str]]:
    return None if rooms is None else list(rooms)


def _refused(message: str) -> ChatApiError:
    return ChatApiError("AUTHENTICATION_ERROR", message)


def _is_fresh(at: str) -> bool:
    return at.isascii() and at.isdigit() and abs(time.time() - int(at)) <= TOLERANCE


def verify_webhook(headers: Mapping[str, str], body: Union[str, bytes], secret: str) -> WebhookPayload:
    """Check that a request comes from the server.

    That is: the signature of the raw ``body`` by this secret is valid, and it is at most 5 minutes
    old. Answer with 2xx once the event is handled: until then the next one of its room waits. The
    same event may come again, with the same ``webhook-id``. Raises ``AUTHENTICATION_ERROR``.
    """
    named = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, at, signature = (named[f"webhook-{part}"] for part in ("id", "timestamp", "signature"))
    except KeyError as missing:
        raise _refused(f"The request has no header {missing.args[0]}") from None
    if not _is_fresh(at):
        raise _refused("The request is too old")
    try:
        key = base64.b64decode(secret[len(PREFIX) :] if secret.startswith(PREFIX) else secret, validate=True)
    except binascii.Error:
        raise _refused("The secret is not one of a webhook") from None
    raw = body.encode() if isinstance(body, str) else body
    mac = hmac.new(key, f"{message_id}.{at}.".encode() + raw, hashlib.sha256).digest()
    right = b"v1," + base64.b64encode(mac)
    if not any(hmac.compare_digest(right, part.encode()) for part in signature.split(" ")):
        raise _refused("The signature is not valid")
    payload: WebhookPayload = json.loads(raw)
    return payload

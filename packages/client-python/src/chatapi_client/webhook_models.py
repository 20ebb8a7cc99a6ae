"""What the server answers about webhooks, as typed dictionaries with the wire's own keys."""

from __future__ import annotations

from typing import Any, Dict, List, Literal, Optional, TypedDict

WebhookEventType = Literal[
    "message",
    "message_updated",
    "message_deleted",
    "reaction",
    "member_joined",
    "member_left",
    "room_updated",
    "account.created",
    "account.banned",
    "file.created",
    "report.created",
    "*",
]
"""``*``: all, also those of later versions. The first seven are the frames of a room's log."""

DeliveryStatus = Literal["delivered", "failed", "pending"]


class WebhookFailure(TypedDict):
    """``status``: HTTP status of the answer; None: there was none."""

    at: str
    type: str
    chat_id: Optional[str]
    seq: Optional[int]
    status: Optional[int]
    error: Optional[str]


class WebhookLag(TypedDict):
    """Events of any type that it has not got, and for how long the oldest has waited."""

    events: int
    seconds: int


class WebhookCounts(TypedDict):
    delivered: int
    failed: int


class Webhook(TypedDict):
    """``rooms``: None: all. ``paused``: by hand, or after 3 days of failures; ``disabled``: the
    receiver answered 410.
    """

    id: str
    url: str
    description: str
    events: List[WebhookEventType]
    rooms: Optional[List[str]]
    status: Literal["active", "paused", "disabled"]
    paused_reason: Optional[str]
    lag: WebhookLag
    deliveries: WebhookCounts
    last_success_at: Optional[str]
    last_failure: Optional[WebhookFailure]
    created_by: str
    created_at: str
    updated_at: str


class NewWebhook(Webhook):
    """``secret`` verifies deliveries; it is only in this answer."""

    secret: str


class WebhookSecret(TypedDict):
    secret: str


class Delivery(TypedDict):
    """One request to the receiver. ``event_id``: the header ``webhook-id``. ``attempt``: from 1.

    ``pending``: it failed and will be tried again.
    """

    id: str
    event_id: str
    type: str
    chat_id: Optional[str]
    seq: Optional[int]
    attempt: int
    status: DeliveryStatus
    http_status: Optional[int]
    duration_ms: int
    response_body: Optional[str]
    error: Optional[str]
    created_at: str


class WebhookTest(TypedDict):
    status: Optional[int]
    duration_ms: int
    error: Optional[str]


class IncomingWebhook(TypedDict):
    """Its ``bot_id`` is the sender of what is posted to it."""

    id: str
    chat_id: str
    name: str
    bot_id: str
    created_by: str
    created_at: str


class NewIncomingWebhook(IncomingWebhook):
    """``url``: a path of the server, which contains the secret; it is only in this answer."""

    url: str


class _HookSecret(TypedDict, total=False):
    secret: str


class BeforeMessageHook(_HookSecret):
    """``on_failure``: what becomes of messages while it does not answer. ``rooms``: None: all.
    ``secret`` verifies requests; only when the hook is new.
    """

    url: str
    timeout_ms: int
    on_failure: Literal["accept", "reject"]
    rooms: Optional[List[str]]
    created_by: str
    created_at: str
    updated_at: str


class WebhookPayload(TypedDict):
    """What a receiver gets. ``type``: an event type, ``gap`` (the log no longer has some events), or
    ``test``. ``data``: the frame with ``epoch``, or the public fields of a fact.
    """

    type: str
    timestamp: str
    data: Dict[str, Any]

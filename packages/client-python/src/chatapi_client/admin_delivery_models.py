"""Why a message did not reach somebody: the answer of the admin API."""

from __future__ import annotations

from typing import List, Literal, Optional, TypedDict

DeliveryVerdict = Literal[
    "own",
    "read",
    "delivered",
    "not_a_member",
    "deleted",
    "account_closed",
    "connected",
    "connected_later",
    "not_connected",
    "unknown",
]
"""``connected``: it went to a live connection, which has not confirmed it."""

DeliveryReason = Literal[
    "message_deleted",
    "room_deleted",
    "account_banned",
    "account_deactivated",
    "never_joined",
    "joined_later",
    "left_before",
    "left_later",
    "not_connected_then",
    "not_connected_since",
    "connection_broke_off",
    "log_too_old",
]


class DeliveredMessage(TypedDict):
    id: str
    chat_id: str
    seq: int
    sender_id: str
    is_deleted: bool
    created_at: str


class DeliveryRoom(TypedDict):
    kind: Literal["public", "private", "direct"]
    deleted: bool
    archived: bool


class DeliveryUser(TypedDict):
    id: str
    status: Literal["active", "banned", "deactivated"]
    last_seen_at: Optional[str]


class DeliveryMembership(TypedDict):
    """``role``: None for who is no member now. ``left_seq``: the event of the leaving."""

    role: Optional[Literal["owner", "moderator", "member"]]
    joined_at: Optional[str]
    left_seq: Optional[int]
    left_at: Optional[str]
    muted_until: Optional[str]


class DeliveryPositions(TypedDict):
    """``delivered_seq`` is kept for the two furthest users of a room."""

    read_seq: Optional[int]
    delivered_seq: Optional[int]


class LoggedConnection(TypedDict):
    id: str
    node: str
    opened_at: str
    closed_at: Optional[str]
    close_code: Optional[int]


class MessageDelivery(TypedDict):
    """The way of one message to one user.

    ``connections``: open at the time of the message or later, oldest first, at most 50.
    """

    verdict: DeliveryVerdict
    reasons: List[DeliveryReason]
    message: DeliveredMessage
    room: DeliveryRoom
    user: DeliveryUser
    membership: DeliveryMembership
    positions: DeliveryPositions
    connections: List[LoggedConnection]

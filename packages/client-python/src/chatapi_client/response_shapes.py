"""What each call must be answered with. Captive portals, proxies and mocks answer with 200 too."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Union, cast

Shape = Union[str, Mapping[str, Any], List[Any]]
"""A kind of value, keys that an object must have, or a list of such items."""

# Only keys by which an answer is known: a newer client must work with an older server.
_ITEM: Shape = {"id": "string"}
_MESSAGE: Shape = {"id": "string", "chat_id": "string", "seq": "number"}
_ROOM: Shape = {"chat_id": "string", "last_seq": "number"}
_MEMBER: Shape = {"user_id": "string"}
_TOKENS: Shape = {"access_token": "string", "refresh_token": "string"}
_SESSION: Shape = {"access_token": "string", "refresh_token": "string", "user": _ITEM}
_STATS: Shape = {"users": "object", "rooms": "object", "messages": "object"}
_APP_USER: Shape = {"id": "string", "external_id": "string"}
_HOOK: Shape = {"url": "string", "on_failure": "string"}
_WORDS: Shape = {"words": ["object"], "revision": "number"}

ANSWERS: Mapping[str, Shape] = {
    "POST /users/register": {"user": _ITEM},
    "POST /users/login": _SESSION,
    "POST /users/refresh": _TOKENS,
    "POST /users/token": {"access_token": "string", "user": _ITEM},
    "GET /users/me": _ITEM,
    "PUT /users/me": _ITEM,
    "PUT /users/me/avatar": _ITEM,
    "PUT /users/me/password": _TOKENS,
    "GET /users/me/sessions": {"sessions": [_ITEM]},
    "DELETE /users/me/sessions": _TOKENS,
    "POST /users/me/export": _ITEM,
    "GET /users/me/export": _ITEM,
    "GET /users": {"users": [_ITEM]},
    "GET /users/{}": _ITEM,
    "POST /rooms": _ROOM,
    "GET /rooms": {"rooms": [_ROOM]},
    "GET /rooms/public": {"rooms": [_ROOM]},
    "GET /rooms/{}": _ROOM,
    "PUT /rooms/{}": _ROOM,
    "GET /rooms/{}/members": {"members": [_MEMBER]},
    "POST /rooms/{}/members": _MEMBER,
    "PUT /rooms/{}/members/{}": _MEMBER,
    "PUT /rooms/{}/members/{}/mute": _MEMBER,
    "GET /rooms/{}/events": {"events": [{"type": "string", "seq": "number"}], "last_seq": "number"},
    "GET /messages/": {"messages": [_MESSAGE]},
    "POST /messages/": _MESSAGE,
    "GET /messages/search": {"messages": [_MESSAGE]},
    "GET /messages/{}": _MESSAGE,
    "PUT /messages/{}": _MESSAGE,
    "GET /messages/{}/reactions/{}": {"users": [_MEMBER]},
    "POST /files/upload": _ITEM,
    "GET /files": {"files": [_ITEM]},
    "GET /files/{}": _ITEM,
    "GET /rate-limits": {"limits": [{"name": "string"}]},
    "POST /reports": _ITEM,
    "GET /announcements": {"announcements": [_ITEM]},
    "GET /admin/dashboard/stats": _STATS,
    "POST /admin/dashboard/stats/rebuild": _STATS,
    "GET /admin/dashboard/series": {"metric": "string", "points": [{"at": "string"}]},
    "GET /admin/users": {"users": [_ITEM]},
    "GET /admin/users/{}": _ITEM,
    "GET /admin/users/{}/rooms": {"rooms": [_ITEM]},
    "GET /admin/users/{}/sessions": {"sessions": [_ITEM]},
    "GET /admin/users/{}/files": {"files": [_ITEM]},
    "GET /admin/files": {"files": [_ITEM]},
    "GET /admin/exports": {"exports": [_ITEM]},
    "GET /admin/messages/search": {"messages": [_ITEM]},
    "GET /admin/messages/{}/delivery": {"verdict": "string", "message": _ITEM},
    "POST /admin/users/{}/ban": _ITEM,
    "POST /admin/users/{}/unban": _ITEM,
    "PUT /admin/users/{}/role": _ITEM,
    "POST /admin/users/{}/password-reset": {"url": "string", "expires_at": "string"},
    "POST /admin/users/{}/export": _ITEM,
    "GET /admin/users/{}/export": _ITEM,
    "GET /admin/rooms": {"rooms": [_ITEM]},
    "GET /admin/rooms/{}": _ITEM,
    "GET /admin/rooms/{}/members": {"members": [_MEMBER]},
    "PUT /admin/rooms/{}": _ITEM,
    "GET /admin/audit-log": {"entries": [_ITEM]},
    "GET /admin/reports": {"reports": [_ITEM]},
    "GET /admin/reports/{}/context": {"message_id": "string", "messages": [_ITEM]},
    "POST /admin/reports/{}/act": _ITEM,
    "POST /admin/reports/{}/resolve": _ITEM,
    "POST /admin/reports/{}/dismiss": _ITEM,
    "GET /admin/announcements": {"announcements": [_ITEM]},
    "POST /admin/announcements": _ITEM,
    "GET /admin/word-filter": _WORDS,
    "PUT /admin/word-filter": _WORDS,
    "POST /admin/word-filter/try": {"text": "string"},
    "POST /admin/keys": {"id": "string", "key": "string"},
    "GET /admin/keys": {"keys": [_ITEM]},
    "POST /admin/issuers": {"id": "string", "issuer": "string"},
    "GET /admin/issuers": {"issuers": [_ITEM]},
    "POST /admin/invites": {"id": "string", "code": "string"},
    "GET /admin/invites": {"invites": [_ITEM]},
    "POST /app/users/batch": {"results": [{"status": "string"}]},
    "PUT /app/users/{}": _APP_USER,
    "GET /app/users/{}": _APP_USER,
    "DELETE /app/users/{}": _ITEM,
    "POST /app/users/{}/deactivate": _APP_USER,
    "POST /app/users/{}/activate": _APP_USER,
    "POST /app/users/{}/tokens": {"access_token": "string", "user": _APP_USER},
    "POST /bots": _ITEM,
    "GET /bots": {"bots": [_ITEM]},
    "PUT /bots/{}": _ITEM,
    "POST /bots/{}/tokens": {"id": "string", "token": "string"},
    "GET /bots/{}/tokens": {"tokens": [_ITEM]},
    "POST /admin/webhooks": {"id": "string", "secret": "string"},
    "GET /admin/webhooks": {"webhooks": [_ITEM]},
    "GET /admin/webhooks/{}": _ITEM,
    "PUT /admin/webhooks/{}": _ITEM,
    "POST /admin/webhooks/{}/rotate-secret": {"secret": "string"},
    "POST /admin/webhooks/{}/pause": _ITEM,
    "POST /admin/webhooks/{}/resume": _ITEM,
    "POST /admin/webhooks/{}/test": {"duration_ms": "number"},
    "GET /admin/webhooks/{}/deliveries": {"deliveries": [_ITEM]},
    "PUT /admin/hooks/before-message": _HOOK,
    "GET /admin/hooks/before-message": _HOOK,
    "POST /rooms/{}/incoming-webhooks": {"id": "string", "url": "string"},
    "GET /rooms/{}/incoming-webhooks": {"incoming_webhooks": [_ITEM]},
    "GET /admin/system/health": {"status": "string", "services": [{"name": "string"}]},
}
"""By method and template. An operation that is missing here is answered without a body."""


def fits(value: Any, shape: Shape) -> bool:
    if isinstance(shape, list):
        if not isinstance(value, list):
            return False
        return all(fits(item, shape[0]) for item in cast(List[object], value))
    if isinstance(shape, Mapping):
        if not isinstance(value, dict):
            return False
        known = cast(Dict[str, Any], value)
        return all(key in known and fits(known[key], part) for key, part in shape.items())
    if shape == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, str if shape == "string" else dict)

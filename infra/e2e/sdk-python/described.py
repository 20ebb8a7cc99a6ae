"""What the methods of both Python clients ask of the network and answer: one JSON object for the test that reads it.

From stdin: ``{"<call>": {"method": "users.get", "args": ["usr_1"], "kwargs": {}}}``.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
import typing
from typing import Any, Callable, Dict, List, Optional

import httpx

from chatapi_client import AsyncChatClient, ChatApiError, ChatClient, Page

Asked = Dict[str, Any]
NAMES = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null", bytes: "bytes"}


def watched(client: Any, asked: List[Asked]) -> Any:
    """The client with a network that writes down what it is asked, and answers nothing of use."""

    async def answer(request: httpx.Request) -> httpx.Response:
        content = await request.aread()
        is_json = request.headers.get("content-type") == "application/json"
        asked.append(
            {
                "method": request.method,
                "path": request.url.raw_path.decode().split("?")[0],
                "query": list(request.url.params),
                "body": sorted(json.loads(content)) if is_json else [],
            }
        )
        return httpx.Response(200, json={})

    inner = getattr(client, "_inner", client)
    transport: Any = httpx.MockTransport
    inner._rest._http = httpx.AsyncClient(transport=transport(answer))
    return client


def found(client: Any, name: str) -> Callable[..., Any]:
    method: Any = client
    for part in name.split("."):
        method = getattr(method, part)
    return typing.cast(Callable[..., Any], method)


async def ask(client: Any, call: Dict[str, Any]) -> None:
    args = [b"bytes" if arg is None else arg for arg in call["args"]]
    try:
        answer = found(client, call["method"])(*args, **call["kwargs"])
        if inspect.isawaitable(answer):
            await answer
    except (KeyError, ChatApiError):
        pass  # the answer was of no use


def asks(client: Any, calls: Dict[str, Any]) -> Dict[str, Optional[Asked]]:
    asked: List[Asked] = []
    watched(client, asked)

    async def every() -> Dict[str, Optional[Asked]]:
        told: Dict[str, Optional[Asked]] = {}
        for name, call in calls.items():
            asked.clear()
            await ask(client, call)
            told[name] = asked[0] if asked else None
        return told

    return asyncio.run(every())


def shape(kind: Any) -> Any:
    """A type in the words of JSON: lists of several are one of them."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Union:
        return sorted((shape(part) for part in parts), key=json.dumps)
    if origin is list:
        return {"list": shape(parts[0])}
    if origin is Page:
        return {"page": shape(parts[0])}
    if origin is dict:
        return {"every": shape(parts[1])}
    if hasattr(kind, "__total__"):
        return {"fields": {name: shape(part) for name, part in typing.get_type_hints(kind).items()}}
    return NAMES.get(kind, "any")


def described(calls: Dict[str, Any]) -> Dict[str, Any]:
    sync, plain = ChatClient("http://nowhere", "token"), AsyncChatClient("http://nowhere", "token")
    answers, takes = {}, {}
    for name, call in calls.items():
        method = found(plain, call["method"])
        answers[name] = shape(typing.get_type_hints(method).get("return"))
        takes[name] = list(inspect.signature(method).parameters)
    return {"asks": {"sync": asks(sync, calls), "asyncio": asks(plain, calls)}, "answers": answers, "takes": takes}


print(json.dumps(described(json.load(sys.stdin))))

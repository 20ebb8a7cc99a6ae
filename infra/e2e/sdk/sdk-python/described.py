"""Prints the requests and results of the methods of both Python clients, as one JSON object.

From stdin: ``{"<call>": {"by": "client", "method": "users.get", "args": ["usr_1"], "kwargs": {},
"answer": {"status": 200, "body": "{}"}}}``, with the least that the server may answer.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
import typing
from typing import Any, Callable, Dict, List, Optional, Tuple

import httpx

from chatapi_client import AsyncChatClient, AsyncChatServer, ChatApiError, ChatClient, ChatServer, EventData, Page

Asked = Dict[str, Any]
Answers = List[Tuple[int, Optional[str]]]
"""The last one is given to each request: status and body."""
STRANGE = ('{"ok":true}', "[]", "null", "<html>")
OWN_EVENTS = ("state", "resync", "error")
NAMES = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null", bytes: "bytes"}


def watched(client: Any, asked: List[Asked], answers: Answers) -> Any:
    """The client with a network that writes down what it is asked, and answers what it is told to."""

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
        status, body = answers[-1]
        return httpx.Response(status, content=(body or "").encode(), headers={"X-Request-Id": "req_1"})

    inner = getattr(client, "_inner", client)
    transport: Any = httpx.MockTransport
    inner._rest._http = httpx.AsyncClient(transport=transport(answer))
    return client


def found(client: Any, name: str) -> Callable[..., Any]:
    method: Any = client
    for part in name.split("."):
        method = getattr(method, part)
    return typing.cast(Callable[..., Any], method)


async def ask(client: Any, call: Dict[str, Any]) -> str:
    """Returns ``taken``, or the code of the error."""
    args = [b"bytes" if arg is None else arg for arg in call["args"]]
    try:
        answer = found(client, call["method"])(*args, **call["kwargs"])
        if inspect.isawaitable(answer):
            await answer
    except ChatApiError as error:
        return error.code
    except Exception as error:
        return repr(error)
    return "taken"


async def refusals(client: Any, call: Dict[str, Any], answers: Answers) -> List[str]:
    """What became of answers that the server does not give."""
    body = call["answer"]["body"]
    if body == "bytes":
        return []
    told: List[str] = []
    for strange in [*STRANGE, *([] if body is None else [None])]:
        answers.append((200, strange))
        told.append(await ask(client, call))
    return told


def asks(clients: Dict[str, Any], calls: Dict[str, Any]) -> Dict[str, Optional[Asked]]:
    asked: List[Asked] = []
    answers: Answers = []
    for client in clients.values():
        watched(client, asked, answers)

    async def every() -> Dict[str, Optional[Asked]]:
        told: Dict[str, Optional[Asked]] = {}
        for name, call in calls.items():
            asked.clear()
            client = clients[call["by"]]
            answers.append((call["answer"]["status"], call["answer"]["body"]))
            taken = await ask(client, call)
            told[name] = {**asked[0], "taken": taken, "strange": await refusals(client, call, answers)} if asked else None
        return told

    return asyncio.run(every())


def canonical(one: Any) -> str:
    """As in the test that compares."""
    return json.dumps(one, sort_keys=True, separators=(",", ":"))


def shape(kind: Any) -> Any:
    """A type in the words of JSON: lists of several are one of them."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Union:
        return sorted((shape(part) for part in parts), key=canonical)
    if origin is list:
        return {"list": shape(parts[0])}
    if origin is Page:
        return {"page": shape(parts[0])}
    if origin is dict:
        return {"every": shape(parts[1])}
    if origin is typing.Literal:
        return {"one": sorted(parts, key=canonical)}
    if hasattr(kind, "__total__"):
        fields = {name: shape(part) for name, part in typing.get_type_hints(kind).items()}
        return {"fields": fields, "required": sorted(kind.__required_keys__)}
    return NAMES.get(kind, "any")


def described(calls: Dict[str, Any]) -> Dict[str, Any]:
    at = "http://nowhere"
    sync = {"client": ChatClient(at, "token", retries=0), "server": ChatServer(at, "cak_key", retries=0)}
    plain = {"client": AsyncChatClient(at, "token", retries=0), "server": AsyncChatServer(at, "cak_key", retries=0)}
    answers, takes = {}, {}
    for name, call in calls.items():
        method = found(plain[call["by"]], call["method"])
        answers[name] = shape(typing.get_type_hints(method).get("return"))
        takes[name] = list(inspect.signature(method).parameters)
    events = {name: shape(kind) for name, kind in typing.get_type_hints(EventData).items() if name not in OWN_EVENTS}
    return {"events": events, "asks": {"sync": asks(sync, calls), "asyncio": asks(plain, calls)}, "answers": answers, "takes": takes}


print(json.dumps(described(json.load(sys.stdin))))

"""Paths of requests: ids are always one encoded segment."""

from __future__ import annotations

from urllib.parse import quote

from .errors import ChatApiError


class Path(str):
    """A path; ``template`` has ``{}`` in place of its ids and names the operation."""

    template: str


def segment(value: object) -> str:
    """A value as one segment of a path. ``.``, ``..`` and '' would name another resource than
    intended. Apps without a type checker pass values that are no strings.
    """
    if isinstance(value, str) and value not in ("", ".", ".."):
        try:
            return quote(value, safe="")
        except UnicodeEncodeError:  # a lone surrogate
            pass
    message = f"{value!a} is not an id"
    raise ChatApiError("VALIDATION_ERROR", message, status=400, details={"fields": [{"path": "id", "message": message}]})


def path_of(template: str, *ids: str) -> Path:
    path = Path(template.format(*(segment(value) for value in ids)))
    path.template = template
    return path


def template_of(path: str) -> str:
    return path.template if isinstance(path, Path) else path

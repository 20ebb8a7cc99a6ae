"""What the server will make of a patch of ``custom`` (RFC 7396)."""

from __future__ import annotations

from typing import Any, Dict, Mapping, cast


def merge_patch(target: Any, patch: Mapping[str, Any]) -> Dict[str, Any]:
    """Neither is changed."""
    merged: Dict[str, Any] = dict(cast(Mapping[str, Any], target)) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping):
            merged[key] = merge_patch(merged.get(key), cast(Mapping[str, Any], value))
        else:
            merged[key] = value
    return merged

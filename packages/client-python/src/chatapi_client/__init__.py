"""Client for chatapi: REST and a realtime connection that takes care of itself, sync and asyncio."""

from .errors import ChatApiError

__all__ = ["ChatApiError"]

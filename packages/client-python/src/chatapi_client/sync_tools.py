"""Wrappers for bots and webhooks, which admins and applications manage."""

from __future__ import annotations

from .bots import BotsApi as AsyncBotsApi
from .sync_wrapper import SyncWrapper, blocking, iterating
from .webhooks import WebhooksApi as AsyncWebhooksApi


class BotsApi(SyncWrapper):
    create = blocking(AsyncBotsApi.create)
    list = blocking(AsyncBotsApi.list)
    iterate = iterating(AsyncBotsApi.iterate)
    update = blocking(AsyncBotsApi.update)
    delete = blocking(AsyncBotsApi.delete)
    create_token = blocking(AsyncBotsApi.create_token)
    tokens = blocking(AsyncBotsApi.tokens)
    end_token = blocking(AsyncBotsApi.end_token)


class WebhooksApi(SyncWrapper):
    create = blocking(AsyncWebhooksApi.create)
    list = blocking(AsyncWebhooksApi.list)
    get = blocking(AsyncWebhooksApi.get)
    update = blocking(AsyncWebhooksApi.update)
    delete = blocking(AsyncWebhooksApi.delete)
    rotate_secret = blocking(AsyncWebhooksApi.rotate_secret)
    pause = blocking(AsyncWebhooksApi.pause)
    resume = blocking(AsyncWebhooksApi.resume)
    test = blocking(AsyncWebhooksApi.test)
    deliveries = blocking(AsyncWebhooksApi.deliveries)
    iterate_deliveries = iterating(AsyncWebhooksApi.iterate_deliveries)
    replay = blocking(AsyncWebhooksApi.replay)

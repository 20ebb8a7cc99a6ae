"""Wrappers for bots, webhooks and hooks."""

from __future__ import annotations

from .bots import BotsApi as AsyncBotsApi
from .hooks import HooksApi as AsyncHooksApi
from .incoming_webhooks import IncomingWebhooksApi as AsyncIncomingWebhooksApi
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


class IncomingWebhooksApi(SyncWrapper):
    create = blocking(AsyncIncomingWebhooksApi.create)
    list = blocking(AsyncIncomingWebhooksApi.list)
    iterate = iterating(AsyncIncomingWebhooksApi.iterate)
    delete = blocking(AsyncIncomingWebhooksApi.delete)


class HooksApi(SyncWrapper):
    put_before_message = blocking(AsyncHooksApi.put_before_message)
    before_message = blocking(AsyncHooksApi.before_message)
    delete_before_message = blocking(AsyncHooksApi.delete_before_message)

"""The sync APIs of webhooks and hooks: wrappers of the asyncio ones."""

from __future__ import annotations

from .hooks import HooksApi as AsyncHooksApi
from .incoming_webhooks import IncomingWebhooksApi as AsyncIncomingWebhooksApi
from .sync_wrapper import SyncWrapper, blocking, iterating
from .webhooks import WebhooksApi as AsyncWebhooksApi


class IncomingWebhooksApi(SyncWrapper):
    create = blocking(AsyncIncomingWebhooksApi.create)
    list = blocking(AsyncIncomingWebhooksApi.list)
    iterate = iterating(AsyncIncomingWebhooksApi.iterate)
    delete = blocking(AsyncIncomingWebhooksApi.delete)


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


class HooksApi(SyncWrapper):
    put_before_message = blocking(AsyncHooksApi.put_before_message)
    before_message = blocking(AsyncHooksApi.before_message)
    delete_before_message = blocking(AsyncHooksApi.delete_before_message)

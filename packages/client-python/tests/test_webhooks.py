import base64
import hashlib
import hmac
import json
import os
import time
import unittest
from typing import Dict, List, Optional, Sequence, Tuple

from chatapi_client import ChatApiError, verify_webhook

BODY = json.dumps({"type": "message", "timestamp": "t", "data": {"content": "ä"}})


def new_secret() -> str:
    return "whsec_" + base64.b64encode(os.urandom(32)).decode()


SECRET = new_secret()


def headers_for(at: Optional[int] = None, by: Sequence[str] = (SECRET,)) -> Dict[str, str]:
    sent = int(time.time()) if at is None else at
    text = f"evt_1.{sent}.{BODY}".encode()
    macs = [hmac.new(base64.b64decode(secret[6:]), text, hashlib.sha256).digest() for secret in by]
    signatures = " ".join("v1," + base64.b64encode(mac).decode() for mac in macs)
    return {"Webhook-Id": "evt_1", "webhook-timestamp": str(sent), "webhook-signature": signatures}


class VerifyWebhook(unittest.TestCase):
    def test_gives_what_the_server_signed(self) -> None:
        self.assertEqual(verify_webhook(headers_for(), BODY, SECRET), json.loads(BODY))
        self.assertEqual(verify_webhook(headers_for(), BODY.encode(), SECRET)["type"], "message")

    def test_takes_one_of_two_signatures(self) -> None:
        self.assertEqual(verify_webhook(headers_for(by=(new_secret(), SECRET)), BODY, SECRET)["type"], "message")

    def test_refuses_all_else(self) -> None:
        good, now = headers_for(), int(time.time())
        cases: List[Tuple[Dict[str, str], str, str]] = [
            (good, BODY, new_secret()),
            (good, BODY + " ", SECRET),
            ({**good, "Webhook-Id": "evt_2"}, BODY, SECRET),
            (headers_for(now - 302), BODY, SECRET),
            (headers_for(now + 302), BODY, SECRET),
            ({**good, "webhook-timestamp": "x"}, BODY, SECRET),
            ({**good, "webhook-signature": "v1,%%% v2,AAAA"}, BODY, SECRET),
            ({}, BODY, SECRET),
            (good, BODY, "whsec_%"),
        ]
        for headers, body, secret in cases:
            with self.assertRaises(ChatApiError) as refused:
                verify_webhook(headers, body, secret)
            self.assertEqual(refused.exception.code, "AUTHENTICATION_ERROR")

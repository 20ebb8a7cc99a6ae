import unittest

from chatapi_client.errors import error_of_answer, error_of_frame


class Errors(unittest.TestCase):
    def test_has_all_fields_of_the_servers_object(self) -> None:
        body = {
            "error": True,
            "message": "Too many",
            "code": "RATE_LIMIT_EXCEEDED",
            "details": {"limit": 5},
            "request_id": "req_1",
        }
        error = error_of_answer(429, {"retry-after": "7"}, body)
        self.assertEqual((error.code, error.status, error.details), ("RATE_LIMIT_EXCEEDED", 429, {"limit": 5}))
        self.assertEqual((error.request_id, error.retryable, error.retry_after), ("req_1", True, 7.0))

    def test_a_proxys_page_is_mapped_by_its_status(self) -> None:
        error = error_of_answer(502, {"x-request-id": "r"}, "<html>bad gateway</html>")
        self.assertEqual((error.code, error.retryable, error.request_id), ("SERVICE_UNAVAILABLE", True, "r"))
        self.assertFalse(error_of_answer(500, {}, None).retryable)

    def test_an_error_frame_has_the_retry_delay_in_seconds(self) -> None:
        error = error_of_frame({"type": "error", "code": "RATE_LIMIT_EXCEEDED", "message": "m", "retry_after_ms": 1500})
        self.assertEqual((error.status, error.retryable, error.retry_after), (0, True, 1.5))
        self.assertFalse(error_of_frame({"code": "VALIDATION_ERROR"}).retryable)

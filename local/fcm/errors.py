"""FCM's errors, each with the status and code of its documentation.

https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
"""

from starlette.responses import JSONResponse

_FCM = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
# FCM's error code, by which clients decide: the HTTP status and the status of Google's APIs.
_STATUSES = {
    "UNREGISTERED": (404, "NOT_FOUND"),
    "INVALID_ARGUMENT": (400, "INVALID_ARGUMENT"),
    "SENDER_ID_MISMATCH": (403, "PERMISSION_DENIED"),
    "QUOTA_EXCEEDED": (429, "RESOURCE_EXHAUSTED"),
    "UNAVAILABLE": (503, "UNAVAILABLE"),
    "INTERNAL": (500, "INTERNAL"),
    "THIRD_PARTY_AUTH_ERROR": (401, "UNAUTHENTICATED"),
}


class FcmError(Exception):
    """A refusal; one by Google's front end, such as for a wrong key, has no FCM code."""

    def __init__(
        self,
        message: str,
        code: str | None = None,
        *,
        status: tuple[int, str] = (400, "INVALID_ARGUMENT"),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = _STATUSES[code] if code else status
        self.retry_after = retry_after

    def response(self) -> JSONResponse:
        number, name = self.status
        details = [{"@type": _FCM, "errorCode": self.code}] if self.code else []
        error = {"code": number, "message": self.message, "status": name, "details": details}
        headers = {"Retry-After": str(self.retry_after)} if self.retry_after is not None else None
        return JSONResponse({"error": error}, number, headers)

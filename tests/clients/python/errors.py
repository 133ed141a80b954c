from typing import Any

import httpx


class Refused(Exception):
    """The server refused a request. Decide by `code`, never by the text."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.retry_after = int(response.headers.get("Retry-After", 0))
        problem = _problem(response)
        self.code: str = problem["code"]
        self.detail: str = problem["detail"]
        self.fields: dict[str, str] = {
            error["field"]: error["message"] for error in problem.get("errors", [])
        }
        super().__init__(f"{self.code}: {self.detail} (request {problem.get('request_id')})")


def _problem(response: httpx.Response) -> dict[str, Any]:
    if response.headers["Content-Type"] == "application/problem+json":
        return dict(response.json())
    # The gateway has answered instead of the API: it is overloaded, or cannot reach the API.
    code = "rate_limited" if response.status_code == 429 else "dependency_unavailable"
    return {"code": code, "detail": "The service is busy. Try again in a moment."}


def refuse(response: httpx.Response) -> None:
    """Raise the problem in an answer, if there is one; this is a hook of httpx."""
    kind = response.headers.get("Content-Type", "")
    if response.is_error and "graphql" not in kind:  # GraphQL has its own errors
        response.read()
        raise Refused(response)


def sentence(error: Refused | httpx.TransportError) -> str:
    """Return a sentence for the user."""
    if isinstance(error, httpx.TransportError):
        return "You seem to be offline. Try again in a moment."
    if error.code == "rate_limited":
        return f"Please wait {error.retry_after} seconds."
    lines = [f"{field}: {message}" for field, message in error.fields.items()]
    return "\n".join(lines) or error.detail

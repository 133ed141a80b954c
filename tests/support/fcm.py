"""The push sandbox of the test stack: accepted pushes, phones, and faults."""

from typing import Any, Self

import httpx


class FcmSandbox:
    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=10)

    def pushes(self, token: str) -> list[Any]:
        """Return the pushes that were accepted for a token, oldest first."""
        found = self._client.get("/_sandbox/pushes", params={"token": token})
        return [one["message"] for one in found.json()]

    def phone(self, token: str) -> Any:
        return self._client.get(f"/_sandbox/phones/{token}").json()

    def change_phone(self, token: str, *, online: bool = True, registered: bool = True) -> Any:
        body = {"online": online, "registered": registered}
        return self._client.put(f"/_sandbox/phones/{token}", json=body).json()

    def plan(self, mode: str, token: str, **more: object) -> None:
        body = {"mode": mode, "match": token, **more}
        self._client.post("/_sandbox/faults", json=body).raise_for_status()

    def page(self) -> str:
        return self._client.get("/").text

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

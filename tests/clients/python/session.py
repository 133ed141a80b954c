import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from app.client import a, public, signed_in
from app.errors import Refused
from app.retries import Patient
from wingman_client.api.accounts import log_out, refresh_session
from wingman_client.models import Logout, Renewal, Tokens


class Session(httpx.BaseTransport):
    """The session of a signed-in user. It sends the access token, and renews it in time."""

    def __init__(self, base_url: str, store: Path, on_end: Callable[[], None]) -> None:
        self._base_url = base_url
        self._api = public(base_url)
        self._store = store
        self._on_end = on_end
        self._transport = Patient()
        self._renewing = threading.Lock()
        saved = json.loads(store.read_text())
        self.tokens, self._received_at = Tokens.from_dict(saved["tokens"]), saved["received_at"]

    @staticmethod
    def save(store: Path, tokens: Tokens) -> None:
        """Store tokens where only the user can read them."""
        store.touch(mode=0o600)
        store.write_text(json.dumps({"tokens": tokens.to_dict(), "received_at": time.time()}))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        token = self.access_token()
        request.headers["Authorization"] = f"Bearer {token}"
        response = self._transport.handle_request(request)
        if response.status_code != 401:
            return response
        response.close()
        request.headers["Authorization"] = f"Bearer {self.access_token(refused=token)}"
        return self._transport.handle_request(request)

    def access_token(self, refused: str | None = None) -> str:
        """Return a token that lasts a few more minutes, and is not the `refused` one."""
        with self._renewing:
            age = time.time() - self._received_at  # both by the device's clock
            if age > self.tokens.expires_in - 300 or self.tokens.access_token == refused:
                self._renew()
            return self.tokens.access_token

    def log_out(self) -> None:
        """End the session here and on the server, which also forgets its devices."""
        log_out.sync(client=signed_in(self._base_url, self), body=Logout())
        self._end()

    def _renew(self) -> None:
        body = Renewal(refresh_token=self.tokens.refresh_token)
        try:
            self.tokens = a(Tokens, refresh_session.sync(client=self._api, body=body))
        except Refused as refused:
            if refused.status == 401:
                self._end()
            raise
        self._received_at = time.time()
        self.save(self._store, self.tokens)

    def _end(self) -> None:
        """Forget the tokens; the user has to sign in again."""
        self._store.unlink(missing_ok=True)
        self._on_end()

from typing import Any

from wingman_client import AuthenticatedClient

START = """
query Start {
  me { id firstName }
  conversations(first: 20) { nodes { matchId unreadCount partner { name photoUrl } } }
  notifications(first: 1) { unread }
}
"""


def start(api: AuthenticatedClient) -> dict[str, Any]:
    """Read everything for the first screen in one request."""
    answer = api.get_httpx_client().post("/graphql", json={"query": START}).json()
    if "errors" in answer:
        code = answer["errors"][0]["extensions"]["code"]  # a code of the REST API
        raise RuntimeError(code)
    return dict(answer["data"])

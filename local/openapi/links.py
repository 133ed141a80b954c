"""Links from each answer with an id to the operations that take this id."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]
Pointers = Mapping[str, str]
"""JSON pointers to the ids in an answer: `match_id` → `/matches/0/id`."""

# Answers about the caller, who cannot like, block or report themselves.
_OWN = {
    *("EmailExport", "EmailPreferences", "OwnProfile", "Photo", "PhotoList", "User"),
    *("Message", "MessagePage", "ConversationPage"),
}
# Other answers include matches in any state, most of which have no conversation.
_TALKS = {"Message", "MessagePage", "ConversationPage"}
_ABOUT_OTHERS = {"likes", "safety"}


def add(document: Json) -> None:
    """Link every answer to the operations that need its ids."""
    schemas = document["components"]["schemas"]
    found = document["components"]["links"] = {}
    every = [
        (path, operation) for path, of in document["paths"].items() for operation in of.values()
    ]
    for _, operation in every:
        for answer, name in _answers(operation):
            places = dict(_pointers(name, schemas))
            for path, target in every:
                link = _link(path, target, places, schemas)
                if link and target is not operation and _leads_on(name, target):
                    key = f"{name}.{target['operationId']}"
                    found[key] = link
                    reference = {"$ref": f"#/components/links/{key}"}
                    answer.setdefault("links", {})[target["operationId"]] = reference


def _leads_on(answer: str, target: Json) -> bool:
    tags = set(target["tags"])
    if "conversations" in tags:
        return answer in _TALKS
    # A blocked user is visible nowhere else.
    return (
        "safety" in tags
        if answer == "BlockPage"
        else answer not in _OWN or not tags & _ABOUT_OTHERS
    )


def _answers(operation: Json) -> Iterator[tuple[Json, str]]:
    """Yield the successful answers whose body is a model, with its name."""
    for status, answer in operation["responses"].items():
        schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
        if status.startswith("2") and "$ref" in schema:
            yield answer, schema["$ref"].rpartition("/")[2]


def _pointers(name: str, schemas: Mapping[str, Json], at: str = "") -> Iterator[tuple[str, str]]:
    fields = schemas[name].get("properties", {})
    for field, schema in fields.items():
        if field == "id":
            yield f"{_snake(name)}_id", f"{at}/id"
        # Each message has a new client_id.
        elif field.endswith("_id") and field != "client_id" and schema.get("format") == "uuid":
            yield field, f"{at}/{field}"
        # The lists of a user may be another user's, such as the photos of a card.
        elif (item := schema.get("items", {}).get("$ref")) and "user_id" not in fields:
            yield from _pointers(item.rpartition("/")[2], schemas, f"{at}/{field}/0")


def _snake(name: str) -> str:
    return re.sub(r"(?<=.)(?=[A-Z])", "_", name).lower()


def _link(path: str, target: Json, places: Pointers, schemas: Mapping[str, Json]) -> Json | None:
    in_path = re.findall(r"{(\w+)}", path)
    in_body = [name for name in _fields(target, schemas) if name in places]
    if not in_path + in_body or not places.keys() >= {*in_path}:
        return None
    link: Json = {"operationId": target["operationId"], "description": target["summary"] + "."}
    if in_path:
        link["parameters"] = {name: f"$response.body#{places[name]}" for name in in_path}
    if in_body:
        link["requestBody"] = {name: f"$response.body#{places[name]}" for name in in_body}
    return link


def _fields(operation: Json, schemas: Mapping[str, Json]) -> Iterator[str]:
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    if reference := schema.get("$ref"):
        yield from schemas[reference.rpartition("/")[2]].get("properties", {})

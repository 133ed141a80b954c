"""Random histories of photos, against a model: count, order, and no object without a photo.

Properties 3 (at most six photos, two kept while visible) and 17 (the order is kept).
"""

from functools import partial
from typing import Any
from uuid import UUID

import hypothesis.strategies as st
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.integration.connections import Connection
from tests.integration.database import DirectDatabase, call, invoke, look, new_person, race
from tests.integration.photos import (
    claim,
    delete_doomed,
    finish,
    ids,
    make_visible,
    new_path,
    objects,
    pass_time,
    ready,
    reserve,
    seen_by_others,
    shown,
    stored,
    unhurried,
)
from tests.support.storage import MemoryCdn, MemoryStorage
from wingman.photos import sweep


class Photos(RuleBasedStateMachine):
    """One user, one bucket, and a worker that may stop after any of its steps."""

    url: str
    reserved = Bundle("reserved")
    claimed = Bundle("claimed")

    def __init__(self) -> None:
        super().__init__()
        look(self.url, "delete from public.photos")
        look(self.url, "truncate private.doomed_objects")
        look(self.url, "update private.photo_walk set after_key = ''")
        self.person = new_person(self.url)
        self.order: list[str] = []
        self.status: dict[str, str] = {}
        self.bucket, self.cdn = MemoryStorage(), MemoryCdn()
        self.deleted_paths: list[str] = []
        self.visible = False
        make_visible(self.url)

    @property
    def present(self) -> list[str]:
        return [each for each in self.order if self.status[each] != "rejected"]

    @property
    def ready(self) -> list[str]:
        return [each for each in self.order if self.status[each] == "ready"]

    def forget(self, photo_id: str) -> None:
        self.order.remove(photo_id)
        del self.status[photo_id]

    @rule(target=reserved)
    def reserve(self) -> Any:
        if len(self.present) == 6:
            self.refused("WF002", lambda: reserve(self.url, self.person))
            return multiple()
        photo = reserve(self.url, self.person)
        self.order.append(photo["id"])
        self.status[photo["id"]] = "pending"
        return photo

    @rule(photo=reserved)
    def upload(self, photo: dict[str, Any]) -> None:
        """Upload the file, or upload it again, whatever has become of the photo."""
        self.bucket.upload(photo["upload_key"])

    @rule(target=claimed, photo=reserved)
    def event(self, photo: dict[str, Any]) -> Any:
        """Deliver an event of the upload, for the first time or again."""
        found = claim(self.url, photo["upload_key"])
        if found is None:
            assert self.status.get(photo["id"]) != "pending" or photo.get("claimed")
            return multiple()
        assert self.status[photo["id"]] == "pending"
        photo["claimed"] = True
        return found | {"path": new_path()}

    @rule(work=claimed, size=st.integers(0, 1))
    def write(self, work: dict[str, Any], size: int) -> None:
        self.bucket.upload(objects(work["path"])[size])

    @rule(work=claimed)
    def publish(self, work: dict[str, Any]) -> None:
        for key in objects(work["path"]):
            self.bucket.upload(key)
        published = finish(self.url, work, work["path"])
        if self.status.get(work["id"]) == "pending":
            assert published
            self.status[work["id"]] = "ready"
            work["done"] = True
        assert published == (self.status.get(work["id"]) == "ready" and "done" in work)

    @rule(work=claimed)
    def fail(self, work: dict[str, Any]) -> None:
        """Let the worker exceed its time limit."""
        pass_time(self.url, work["id"], seconds=600)
        if self.status.get(work["id"]) == "pending":
            self.status[work["id"]] = "rejected"

    @rule(photo=reserved)
    def expire(self, photo: dict[str, Any]) -> None:
        """Let an hour pass for a reservation without an upload."""
        if self.status.get(photo["id"]) == "pending" and not photo.get("claimed"):
            pass_time(self.url, photo["id"], hours=1)
            self.forget(photo["id"])

    @rule(photo=reserved)
    def delete(self, photo: dict[str, Any]) -> None:
        photo_id = photo["id"]

        def deleting() -> None:
            call(self.url, self.person, "delete_photo", p_photo_id=photo_id)

        if photo_id not in self.order:
            self.refused("WF001", deleting)
        elif self.visible and photo_id in self.ready and len(self.ready) <= 2:
            self.refused("WF004", deleting)
        else:
            deleting()
            self.forget(photo_id)

    @precondition(lambda self: len(self.ready) >= 2 or self.visible)
    @rule()
    def toggle_visible(self) -> None:
        self.visible = not self.visible
        make_visible(self.url, *([self.person] if self.visible else []))

    @rule(data=st.data())
    def reorder(self, data: st.DataObject) -> None:
        wanted = data.draw(st.permutations(self.order))
        answer = call(self.url, self.person, "order_photos", p_photo_ids=list(map(UUID, wanted)))
        assert [photo["id"] for photo in answer] == wanted
        self.order = wanted

    @rule(data=st.data())
    def reorder_others(self, data: st.DataObject) -> None:
        """Name too few photos, or one twice."""
        if self.order:
            wrong = data.draw(st.sampled_from([self.order[1:], [*self.order, self.order[0]]]))
            self.refused(
                "WF003",
                lambda: call(
                    self.url, self.person, "order_photos", p_photo_ids=list(map(UUID, wrong))
                ),
            )

    @rule()
    def sweep(self) -> None:
        """Sweep once everything is old, after which only needed objects are left."""
        self.bucket.age(hours=1)
        database = DirectDatabase(self.url)
        sweep.settle(database)
        delete_doomed(database, self.bucket, self.cdn)
        sweep.delete_lost(database, self.bucket)
        rows = stored(self.url, self.person)
        needed = {key for row in rows if row["object_path"] for key in objects(row["object_path"])}
        waiting = {row["upload_key"] for row in rows if row["status"] == "pending"}
        assert {key for key in self.bucket.keys if key.startswith("public/")} == needed
        assert {key for key in self.bucket.keys if key.startswith("incoming/")} <= waiting

    @invariant()
    def the_list_is_that_of_the_model(self) -> None:
        photos = shown(self.url, self.person)
        assert [(each["id"], each["status"]) for each in photos] == [
            (each, self.status[each]) for each in self.order
        ]
        assert [each["position"] for each in photos] == list(range(len(photos)))
        assert [each["id"] for each in seen_by_others(self.url, self.person)] == self.ready
        assert len(self.present) <= 6
        assert not self.visible or len(self.ready) >= 2

    def refused(self, code: str, step: Any) -> None:
        with pytest.raises(psycopg.Error) as caught:
            step()
        assert caught.value.sqlstate == code


def test_any_history_keeps_count_and_order_and_leaves_no_object(url: str) -> None:
    unhurried(url)
    look(url, "update private.app_settings set max_daily_photos = 1000")
    Photos.url = url
    run_state_machine_as_test(
        Photos,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    before=st.integers(2, 6),
    steps=st.lists(st.sampled_from([None, *range(6)]), min_size=2, max_size=8),
)
def test_photos_added_and_deleted_at_once_stay_between_two_and_six(
    url: str, before: int, steps: list[int | None]
) -> None:
    unhurried(url)
    person = new_person(url)
    photos = [ready(url, person)["id"] for _ in range(before)]
    make_visible(url, person)

    def step(connection: Connection, which: int | None) -> str:
        if which is None:
            params = {"p_content_type": "image/jpeg", "p_size_bytes": 1}
            invoke(connection, "reserve_photo", **params)
            return "added"
        invoke(connection, "delete_photo", p_photo_id=photos[which % before])
        return "deleted"

    answers = race(url, [(person, partial(step, which=which)) for which in steps])

    codes = {each.sqlstate for each in answers if isinstance(each, psycopg.Error)}
    assert codes <= {"WF001", "WF002", "WF004"}
    left = before + answers.count("added") - answers.count("deleted")
    assert len(ids(url, person)) == left <= 6
    assert len(seen_by_others(url, person)) >= 2

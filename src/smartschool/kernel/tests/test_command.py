"""Commands: one audit record each, none forgotten, exactly once under a command id, chain verifies."""

import contextlib
import uuid

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError
from django.db.utils import ProgrammingError

from smartschool.kernel import audit
from smartschool.kernel.actor import Actor
from smartschool.kernel.command import AlreadyDone, command, done, unit
from smartschool.kernel.events import follow
from smartschool.kernel.ids import uuid7
from smartschool.kernel.models import AuditRecord, Event, FollowerCursor
from smartschool.kernel.request_context import RequestContext, request_context
from smartschool.kernel.scope import NoScope, scope_of

ACTOR = Actor(account_id=7, role="principal")


@command("kernel.note")
def note(*, actor: Actor, text: str) -> str:
    FollowerCursor.objects.create(name=text)
    done(("kernel.note", text), organisation_id=3, data={"length": len(text)}, event="kernel.noted")
    return text


@command("kernel.forget")
def forget(*, actor: Actor) -> None:
    FollowerCursor.objects.create(name="forgotten")


@pytest.mark.django_db
def test_a_command_leaves_one_record_and_one_event() -> None:
    note(actor=ACTOR, text="a")
    record = AuditRecord.objects.get(verb="kernel.note")
    assert (record.account_id, record.actor, record.organisation_id) == (7, "principal", 3)
    assert record.data == {"length": 1}
    assert Event.objects.get(type="kernel.noted").subject_id == "a"


@pytest.mark.django_db
def test_a_command_that_forgets_its_record_writes_nothing() -> None:
    with pytest.raises(RuntimeError, match="left no audit record"):
        forget(actor=ACTOR)
    assert not FollowerCursor.objects.filter(name="forgotten").exists()


def _unit(*, go_on: bool) -> None:
    with transaction.atomic(), unit():
        note(actor=ACTOR, text="u")
        with contextlib.suppress(RuntimeError) if go_on else contextlib.nullcontext():
            forget(actor=ACTOR)
        note(actor=ACTOR, text="v")


@pytest.mark.django_db
@pytest.mark.parametrize("go_on", [False, True])
def test_what_fails_in_a_unit_fails_it_whole(go_on: bool) -> None:
    with pytest.raises(TransactionManagementError if go_on else RuntimeError):
        _unit(go_on=go_on)
    assert not FollowerCursor.objects.filter(name__in=("u", "v")).exists()


@pytest.mark.django_db
def test_a_resent_command_changes_nothing() -> None:
    key = uuid.uuid4()
    note(actor=ACTOR, text="b", command_id=key)
    with pytest.raises(AlreadyDone) as again:
        note(actor=ACTOR, text="c", command_id=key)
    assert again.value.subject == ("kernel.note", "b")
    assert not FollowerCursor.objects.filter(name="c").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE kernel_auditrecord SET actor = 'x'",
        "DELETE FROM kernel_auditrecord",
        "DELETE FROM kernel_event",
    ],
)
def test_audit_and_events_are_insert_only(sql: str) -> None:
    note(actor=ACTOR, text="d")
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.serial
def test_chain_verifies_and_shows_the_tail(fresh_database: str) -> None:
    note(actor=ACTOR, text="e")
    note(actor=ACTOR, text="f")
    before = audit.verify()
    assert before.broken_record is None
    assert before.unsealed >= 2
    assert audit.seal() == before.unsealed
    note(actor=ACTOR, text="g")
    after = audit.verify()
    assert (after.broken_record, after.unsealed) == (None, 1)
    assert after.sealed == before.sealed + before.unsealed


@pytest.mark.serial
def test_a_follower_reads_each_event_once_and_in_order(fresh_database: str) -> None:
    seen: list[str] = []
    while follow("t", lambda rows: None):
        pass
    for text in ("h", "i", "j"):
        note(actor=ACTOR, text=text)
    follow("t", lambda rows: seen.extend(row.subject_id for row in rows), types=["kernel.noted"])
    follow("t", lambda rows: seen.extend(row.subject_id for row in rows), types=["kernel.noted"])
    assert seen == ["h", "i", "j"]


def test_a_scope_outside_a_transaction_is_refused(fresh_database: str) -> None:
    with pytest.raises(NoScope), scope_of([1]):
        pass


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["10.1.2.3", None])
def test_a_record_says_from_where_and_in_which_request(address: str | None) -> None:
    context = RequestContext(uuid7(), address, "Chromium 86")
    with request_context(context):
        note(actor=ACTOR, text="k")
    record = AuditRecord.objects.get(verb="kernel.note", subject_id="k")
    assert (record.ip, record.user_agent, record.request_id) == (address, "Chromium 86", context.request_id)
    assert record.outcome == "done"

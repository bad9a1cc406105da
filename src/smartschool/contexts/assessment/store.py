"""Writes blocks of attempts: set-based statements under row security on all rows at once.

What changes an attempt that exists leaves the former state in `MarkCorrection`; there is no other way in.
"""

from dataclasses import dataclass, field
from typing import Any

from smartschool.contexts.assessment.attempt_block import AttemptBlock
from smartschool.contexts.assessment.models import Attempt
from smartschool.kernel import bulk
from smartschool.kernel.bound import bound_cursor

# An undone import gives an attempt its former revision back, and that state is kept already: DO NOTHING.
# NaN equals NaN in PostgreSQL's comparison, so an unknown mark that stays unknown is no change.
_KEEP_FORMER = """
INSERT INTO assessment_markcorrection (organisation_id, attempt_id, revision, status, marks, states, choices,
    stated_total, reason, account_id)
SELECT a.organisation_id, a.id, a.revision, a.status, a.marks, a.states, a.choices, a.stated_total,
    %(reason)s::text, %(account)s::bigint
FROM assessment_attempt a JOIN unnest(%(block)s::assessment_attempt[]) s USING (enrolment_id)
WHERE a.paper_id = %(paper)s
    AND (a.status, a.marks, a.states, a.choices, a.stated_total)
        IS DISTINCT FROM (s.status, s.marks, s.states, s.choices, s.stated_total)
ON CONFLICT DO NOTHING
"""
_CHANGE = """
UPDATE assessment_attempt a
SET status = s.status, marks = s.marks, states = s.states, choices = s.choices,
    stated_total = s.stated_total, source = %(source)s::text, revision = a.revision + 1
FROM unnest(%(block)s::assessment_attempt[]) s
WHERE a.enrolment_id = s.enrolment_id AND a.paper_id = %(paper)s
    AND (a.status, a.marks, a.states, a.choices, a.stated_total)
        IS DISTINCT FROM (s.status, s.marks, s.states, s.choices, s.stated_total)
"""
_ADD = """
INSERT INTO assessment_attempt (organisation_id, paper_id, enrolment_id, home_class_id, class_number, status,
    marks, states, choices, stated_total, source, revision)
SELECT %(organisation)s::bigint, %(paper)s::bigint, s.enrolment_id, s.home_class_id, s.class_number, s.status,
    s.marks, s.states, s.choices, s.stated_total, %(source)s::text, 1
FROM unnest(%(block)s::assessment_attempt[]) s
WHERE NOT EXISTS (
    SELECT FROM assessment_attempt a WHERE a.paper_id = %(paper)s AND a.enrolment_id = s.enrolment_id
)
RETURNING id, enrolment_id
"""


@dataclass(frozen=True, slots=True)
class Written:
    """Counts of one write, and the enrolment of each new attempt by the attempt's key."""

    added: int
    changed: int
    unchanged: int
    fresh: dict[int, int] = field(default_factory=dict, compare=False, repr=False)


def write_attempts(
    block: AttemptBlock,
    *,
    organisation_id: int,
    paper_id: int,
    source: str,
    reason: str,
    account_id: int | None,
) -> Written:
    """Add new attempts, change those that differ and keep what they were. Runs in the caller's command."""
    if not len(block):
        return Written(0, 0, 0)
    fields = bulk.fields_of(Attempt, block.columns())
    if fields is None:
        raise ValueError("a block holds numbers and words alone")
    values: dict[str, Any] = {
        "block": bulk.pack(Attempt._meta.db_table, fields),
        "organisation": organisation_id,
        "paper": paper_id,
        "source": source,
        "reason": reason,
        "account": account_id,
    }
    with bound_cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM assessment_attempt WHERE paper_id = %(paper)s)", values)
        changed = 0
        if cursor.fetchone()[0]:
            bulk.run(cursor, _KEEP_FORMER, values)
            bulk.run(cursor, _CHANGE, values)
            changed = cursor.rowcount
        bulk.run(cursor, _ADD, values)
        fresh = dict(cursor.fetchall())
    return Written(len(fresh), changed, len(block) - len(fresh) - changed, fresh)

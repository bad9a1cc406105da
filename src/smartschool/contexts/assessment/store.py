"""Writes blocks of attempts: one COPY into a temporary table, then set-based statements under row security.

What changes an attempt that exists leaves the former state in `MarkCorrection`; there is no other way in.
"""

from dataclasses import dataclass, field

from django.db import connection

from smartschool.contexts.assessment.attempt_block import AttemptBlock

# An undone import gives an attempt its former revision back, and that state is kept already: DO NOTHING.
# NaN equals NaN in PostgreSQL's comparison, so an unknown mark that stays unknown is no change.
# The session keeps the table, empty after each transaction, as kernel.bulk does.
_STAGE = """
CREATE TEMPORARY TABLE IF NOT EXISTS stage_attempt (
    enrolment_id bigint, home_class_id bigint, class_number smallint, status smallint,
    stated_total real, marks real[], states smallint[], choices text[]
) ON COMMIT DELETE ROWS;
DELETE FROM stage_attempt
"""
_KEEP_FORMER = """
INSERT INTO assessment_markcorrection (organisation_id, attempt_id, revision, status, marks, states, choices,
    stated_total, reason, account_id)
SELECT a.organisation_id, a.id, a.revision, a.status, a.marks, a.states, a.choices, a.stated_total,
    %(reason)s, %(account)s
FROM assessment_attempt a JOIN stage_attempt s USING (enrolment_id)
WHERE a.paper_id = %(paper)s
    AND (a.status, a.marks, a.states, a.choices, a.stated_total)
        IS DISTINCT FROM (s.status, s.marks, s.states, s.choices, s.stated_total)
ON CONFLICT DO NOTHING
"""
_CHANGE = """
UPDATE assessment_attempt a
SET status = s.status, marks = s.marks, states = s.states, choices = s.choices,
    stated_total = s.stated_total, source = %(source)s, revision = a.revision + 1
FROM stage_attempt s
WHERE a.enrolment_id = s.enrolment_id AND a.paper_id = %(paper)s
    AND (a.status, a.marks, a.states, a.choices, a.stated_total)
        IS DISTINCT FROM (s.status, s.marks, s.states, s.choices, s.stated_total)
"""
_ADD = """
INSERT INTO assessment_attempt (organisation_id, paper_id, enrolment_id, home_class_id, class_number, status,
    marks, states, choices, stated_total, source, revision)
SELECT %(organisation)s, %(paper)s, s.enrolment_id, s.home_class_id, s.class_number, s.status,
    s.marks, s.states, s.choices, s.stated_total, %(source)s, 1
FROM stage_attempt s
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
    values: dict[str, int | str | None] = {
        "organisation": organisation_id,
        "paper": paper_id,
        "source": source,
        "reason": reason,
        "account": account_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        with cursor.copy("COPY stage_attempt FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(block.wire())
        cursor.execute("SELECT EXISTS (SELECT FROM assessment_attempt WHERE paper_id = %(paper)s)", values)
        changed = 0
        if cursor.fetchone()[0]:
            cursor.execute(_KEEP_FORMER, values)
            cursor.execute(_CHANGE, values)
            changed = cursor.rowcount
        cursor.execute(_ADD, values)
        fresh = dict(cursor.fetchall())
    return Written(len(fresh), changed, len(block) - len(fresh) - changed, fresh)

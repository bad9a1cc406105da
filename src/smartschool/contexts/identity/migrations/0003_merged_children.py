"""The one function that reads across scopes on the request path, as in 0002 but for a merged child.

An office that enters a child without a number knows the first password of its account. Were that account to
act as whoever the number turns out to belong to, a number copied from a list would open the account of a
pupil of another school, or of an officer. So it acts only while that person is a pupil of one school and
nothing else; else the person gets an account of its own.
"""

from django.db import migrations

_REF = "jsonb_build_object('id', o.id, 'code', o.code, 'name', o.name, 'kind', o.kind)"
_VALID = "({0}.valid_from <= on_day AND ({0}.valid_to IS NULL OR {0}.valid_to > on_day))"

_SQL = f"""
CREATE OR REPLACE FUNCTION actor_affiliations(wanted bigint, on_day date)
RETURNS TABLE (person_id bigint, name text, role text, record_id bigint,
               organisation jsonb, ancestors jsonb, descendants jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
WITH RECURSIVE
-- an account of a child that was merged into a known person acts as that person, if it is a pupil alone
who AS (
    SELECT coalesce(p.merged_into_id, p.id) AS id, p.merged_into_id IS NOT NULL AS merged
    FROM identity_account a JOIN directory_person p ON p.id = a.person_id
    WHERE a.id = wanted AND a.is_active
),
held AS (
    SELECT 1 AS rank, ap.role, ap.organisation_id, ap.id AS record_id, s.name
    FROM who JOIN directory_staffrecord s ON s.person_id = who.id AND {_VALID.format("s")}
             JOIN directory_appointment ap ON ap.staff_id = s.id AND {_VALID.format("ap")}
    UNION ALL
    SELECT 2, 'student', e.organisation_id, e.id, e.name
    FROM who JOIN directory_enrolment e ON e.person_id = who.id AND {_VALID.format("e")}
    WHERE e.status IN ('00', '01', '02')
    UNION ALL
    SELECT 3, 'guardian', g.organisation_id, g.id, g.name
    FROM who JOIN directory_guardianship g ON g.person_id = who.id AND {_VALID.format("g")}
),
places AS (SELECT DISTINCT organisation_id FROM held),
up AS (
    SELECT pl.organisation_id AS start, o.parent_id AS id, 1 AS depth
    FROM places pl JOIN directory_organisation o ON o.id = pl.organisation_id
    UNION ALL
    SELECT up.start, o.parent_id, up.depth + 1 FROM up JOIN directory_organisation o ON o.id = up.id
),
down AS (
    SELECT pl.organisation_id AS start, o.id
    FROM places pl JOIN directory_organisation o ON o.parent_id = pl.organisation_id AND {_VALID.format("o")}
    UNION ALL
    SELECT down.start, o.id
    FROM down JOIN directory_organisation o ON o.parent_id = down.id AND {_VALID.format("o")}
)
SELECT who.id, h.name, h.role, h.record_id, {_REF},
       coalesce((SELECT jsonb_agg({_REF.replace("o.", "x.")} ORDER BY up.depth)
                 FROM up JOIN directory_organisation x ON x.id = up.id
                 WHERE up.start = h.organisation_id), '[]'),
       coalesce((SELECT jsonb_agg({_REF.replace("o.", "x.")} ORDER BY x.code)
                 FROM down JOIN directory_organisation x ON x.id = down.id
                 WHERE down.start = h.organisation_id), '[]')
FROM who, held h JOIN directory_organisation o ON o.id = h.organisation_id
WHERE {_VALID.format("o")}
  AND (NOT who.merged
       OR (SELECT count(DISTINCT organisation_id) = 1 AND bool_and(role = 'student') FROM held))
ORDER BY h.rank, h.record_id
$$
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0002_actor_affiliations")]
    # The rows are those of 0002, which can be set back as it is.
    operations = [migrations.RunSQL(_SQL, migrations.RunSQL.noop)]

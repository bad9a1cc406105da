"""Audit and events are insert-only; the functions that seal and verify the audit chain."""

from django.db import migrations

from smartschool.kernel.rls import InsertOnly

# The text that is hashed names every column, parted by a character that none of them holds.
_CONTENT = r"""
    concat_ws(E'\x1f', r.id, r.xid, extract(epoch FROM r.at), r.request_id, coalesce(r.account_id::text, '-'),
              r.actor, coalesce(r.organisation_id::text, '-'), r.verb, r.subject_type, r.subject_id,
              r.outcome, r.data::text, coalesce(host(r.ip), '-'), r.user_agent)
"""

_SEAL = f"""
CREATE FUNCTION kernel_seal_audit() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    r kernel_auditrecord%ROWTYPE;
    head bytea;
    link bytea;
    last_xid xid8;
    last_id bigint;
    sealed integer := 0;
BEGIN
    -- One sealer at a time; a second one finds nothing to do.
    IF NOT pg_try_advisory_xact_lock(7301) THEN RETURN 0; END IF;
    SELECT k.digest, b.xid, b.id INTO head, last_xid, last_id
    FROM kernel_auditseal k JOIN kernel_auditrecord b ON b.id = k.record_id
    ORDER BY k.id DESC LIMIT 1;
    head := coalesce(head, sha256('smartschool'::bytea));
    FOR r IN
        SELECT a.* FROM kernel_auditrecord a
        WHERE a.xid < pg_snapshot_xmin(pg_current_snapshot())
          AND (a.xid, a.id) > (coalesce(last_xid, '0'::xid8), coalesce(last_id, 0))
        ORDER BY a.xid, a.id
    LOOP
        link := sha256(head || convert_to({_CONTENT}, 'UTF8'));
        INSERT INTO kernel_auditseal (record_id, former, digest) VALUES (r.id, head, link);
        head := link;
        sealed := sealed + 1;
    END LOOP;
    RETURN sealed;
END $$
"""

_VERIFY = f"""
CREATE FUNCTION kernel_verify_audit(OUT broken bigint, OUT sealed bigint, OUT unsealed bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    r kernel_auditrecord%ROWTYPE;
    k kernel_auditseal%ROWTYPE;
    head bytea := sha256('smartschool'::bytea);
BEGIN
    sealed := 0;
    FOR k IN SELECT * FROM kernel_auditseal ORDER BY id LOOP
        SELECT * INTO r FROM kernel_auditrecord WHERE id = k.record_id;
        IF NOT FOUND OR k.former <> head OR k.digest <> sha256(head || convert_to({_CONTENT}, 'UTF8')) THEN
            broken := k.record_id;
            EXIT;
        END IF;
        head := k.digest;
        sealed := sealed + 1;
    END LOOP;
    SELECT count(*) INTO unsealed FROM kernel_auditrecord a
    WHERE NOT EXISTS (SELECT 1 FROM kernel_auditseal s WHERE s.record_id = a.id);
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_initial")]
    operations = [
        InsertOnly("kernel_auditrecord"),
        InsertOnly("kernel_auditseal"),
        InsertOnly("kernel_event"),
        migrations.RunSQL(_SEAL, "DROP FUNCTION kernel_seal_audit()"),
        migrations.RunSQL(_VERIFY, "DROP FUNCTION kernel_verify_audit()"),
    ]

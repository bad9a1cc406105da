"""Ring 3: migration operations that put row-level security on owned tables."""

from typing import Any

from django.db import migrations

# Closed when unset; an index condition when set. Never `flag OR …`: that turns the index off.
_MEMBER = "organisation_id = ANY (coalesce(nullif(current_setting('app.{guc}', true), ''), '{{}}')::bigint[])"


class EnableRowSecurity(migrations.RunSQL):
    """Row security for `table`; `sharing` is the value of `kernel.owned.Sharing`."""

    def __init__(self, table: str, sharing: str = "read_orgs") -> None:
        read, write = _MEMBER.format(guc=sharing), _MEMBER.format(guc="write_orgs")
        super().__init__(
            sql=[
                f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
                f'CREATE POLICY scope_read ON "{table}" FOR SELECT USING ({read})',
                f'CREATE POLICY scope_insert ON "{table}" FOR INSERT WITH CHECK ({write})',
                f'CREATE POLICY scope_update ON "{table}" FOR UPDATE USING ({write}) WITH CHECK ({write})',
                f'CREATE POLICY scope_delete ON "{table}" FOR DELETE USING ({write})',
            ],
            reverse_sql=[
                *[
                    f'DROP POLICY scope_{verb} ON "{table}"'
                    for verb in ("read", "insert", "update", "delete")
                ],
                f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY',
            ],
        )
        self._table, self._sharing = table, sharing

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return self.__class__.__name__, [self._table, self._sharing], {}

    def describe(self) -> str:
        return f"Row security on {self._table} by {self._sharing}"


class InsertOnly(migrations.RunSQL):
    """Rows of `table` can be written and read, never changed or removed, by anybody."""

    def __init__(self, table: str) -> None:
        super().__init__(
            sql=[
                """
                CREATE OR REPLACE FUNCTION kernel_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    RAISE EXCEPTION '% is insert-only', TG_TABLE_NAME USING ERRCODE = '42501';
                END $$
                """,
                f'CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE ON "{table}" '
                "FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change()",
                f'CREATE TRIGGER no_truncate BEFORE TRUNCATE ON "{table}" '
                "FOR EACH STATEMENT EXECUTE FUNCTION kernel_refuse_change()",
            ],
            reverse_sql=[
                f'DROP TRIGGER insert_only ON "{table}"',
                f'DROP TRIGGER no_truncate ON "{table}"',
            ],
        )
        self._table = table

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return self.__class__.__name__, [self._table], {}

"""Owns the two database roles: the owner migrates, the app reads and writes rows; neither is a superuser."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql

from smartschool.runtime.failure import Failure
from smartschool.runtime.postgres import Cluster

OWNER = "smartschool_owner"
APP = "smartschool_app"
DATABASE = "smartschool"


@dataclass(frozen=True)
class Passwords:
    """One secret per role of the embedded cluster."""

    owner: str
    app: str


def create_roles(cluster: Cluster, passwords: Passwords) -> None:
    """Create both roles, or set their passwords and take back every extra right."""
    rights = sql.SQL("LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD {}")
    with cluster.connect() as connection:
        known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
        for name, password in ((OWNER, passwords.owner), (APP, passwords.app)):
            verb = sql.SQL("ALTER ROLE {} ") if name in known else sql.SQL("CREATE ROLE {} ")
            connection.execute(verb.format(sql.Identifier(name)) + rights.format(sql.Literal(password)))


def create_database(cluster: Cluster, name: str = DATABASE, template: str | None = None) -> None:
    """Create a database of the owner, empty or as a file copy of `template`; unless it exists."""
    target = sql.Identifier(name)
    with cluster.connect() as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return
        source = (
            sql.SQL(" TEMPLATE {} STRATEGY file_copy").format(sql.Identifier(template))
            if template
            else sql.SQL("")
        )
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(target, sql.Identifier(OWNER)) + source
        )
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(target))
        connection.execute(
            sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(target, sql.Identifier(APP))
        )
    if template is None:
        with cluster.connect(name) as connection:
            connection.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(sql.Identifier(OWNER)))
            connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")


def drop_database(cluster: Cluster, name: str) -> None:
    """Drop a database and cut its sessions."""
    with cluster.connect() as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def grant_rows(owner_url: str, app_role: str) -> None:
    """As the owner: whatever it creates from now on, the app may read and write row by row, never TRUNCATE.

    Runs before every migration, so it holds for embedded and external databases alike.
    """
    role = sql.Identifier(app_role)
    with psycopg.connect(owner_url, autocommit=True) as connection:
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {}",
            "ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {}",
            "ALTER DEFAULT PRIVILEGES GRANT USAGE, SELECT ON SEQUENCES TO {}",
            "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
            "ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO {}",
        ):
            connection.execute(sql.SQL(statement).format(role))


def refuse_powerful_role(url: str) -> None:
    """Ring 3 binds only a role that is no superuser, has no BYPASSRLS, owns no table: else refuse."""
    with psycopg.connect(url, connect_timeout=10) as connection:
        row = connection.execute(
            """
            SELECT rolsuper, rolbypassrls,
                   (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                     WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname !~ '^pg_'
                       AND n.nspname <> 'information_schema'
                       AND pg_has_role(current_user, c.relowner, 'MEMBER'))
              FROM pg_roles WHERE rolname = current_user
            """
        ).fetchone()
    is_super, bypasses, owned = row or (True, True, 0)
    if is_super or bypasses or owned:
        why = "是超级用户" if is_super else "带有 BYPASSRLS" if bypasses else f"拥有 {owned} 张表"
        raise Failure(
            f"拒绝启动：DATABASE_URL 的数据库角色{why}，行级隔离对它无效。"
            "请改用普通角色，并把建表权限留给 DATABASE_OWNER_URL 的角色。"
        )

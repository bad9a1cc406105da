"""What can go wrong in exchange, in words for the person at the screen."""

from smartschool.kernel.errors import DomainError


def unknown_importer(name: str) -> DomainError:
    return DomainError("exchange.unknown_importer", f"没有“{name}”这种导入。", status=404)


def not_ready() -> DomainError:
    return DomainError("exchange.not_ready", "这次导入已经处理过，刷新页面看结果。", status=409)


def not_undoable() -> DomainError:
    return DomainError("exchange.not_undoable", "这次导入不能撤销：已经撤销过，或者过了 30 天。", status=409)


def unknown_mode(zh: str) -> DomainError:
    return DomainError("exchange.unknown_mode", f"“{zh}”只能补充，不能按整表更新。", status=400)


def undo_conflict() -> DomainError:
    return DomainError(
        "exchange.undo_conflict",
        "没有撤销：恢复原样会和后来的改动冲突（例如座位已被别人占用）。先改回后来的改动，再撤销。",
        status=409,
    )

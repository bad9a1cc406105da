"""What can go wrong with accounts, in words for the person at the screen."""

from smartschool.kernel.errors import DomainError


def login_taken() -> DomainError:
    return DomainError("identity.login_taken", "账号名已有人用，或这个人已有账号。换一个账号名。", status=409)


def wrong_password() -> DomainError:
    return DomainError("identity.wrong_password", "现在的密码不对，重新输入。")


def password_refused(found: list[str]) -> DomainError:
    return DomainError("identity.password_refused", "".join(found), faults=found)


def not_yours_to_reset() -> DomainError:
    return DomainError(
        "identity.not_yours_to_reset",
        "没有重置。校长、教务管理员，或者在别的单位也有身份的人，请区级管理员重置。",
        status=403,
    )


def unknown_login() -> DomainError:
    return DomainError("identity.unknown_login", "没有这个账号，核对后再填。", status=404)

"""What can go wrong with accounts, in words for the person at the screen."""

from smartschool.kernel.errors import DomainError


def login_taken() -> DomainError:
    return DomainError("identity.login_taken", "账号名已有人用，或这个人已有账号。换一个账号名。", status=409)


def wrong_password() -> DomainError:
    return DomainError("identity.wrong_password", "现在的密码不对，重新输入。")


def password_refused(found: list[str]) -> DomainError:
    return DomainError("identity.password_refused", "".join(found), faults=found)


def just_opened() -> DomainError:
    return DomainError(
        "identity.just_opened", "没有开通：其中有人的账号刚刚开通了。刷新页面，再选一次。", status=409
    )


def owner_gone() -> DomainError:
    return DomainError(
        "identity.owner_gone",
        "没有改动。账号的主人已经不在全区任何单位，这个账号登录不了。",
        status=409,
    )


def not_yours_to_help() -> DomainError:
    return DomainError(
        "identity.not_yours_to_help",
        "没有改动。管这所学校的人，或者在别的单位也有身份的人，账号由区级管理员管。",
        status=403,
    )


def unknown_login() -> DomainError:
    return DomainError("identity.unknown_login", "没有这个账号，核对后再填。", status=404)

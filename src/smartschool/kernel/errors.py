"""One error family: raised anywhere, rendered once as a page message and once as problem+json."""

from typing import Any


class DomainError(Exception):
    """Something the user can understand and act on.

    Parameters
    ----------
    code
        Stable machine name, ``room.what_happened``.
    message
        Chinese: what happened and what to do.
    status
        HTTP status.
    data
        Further facts for the client; no personal data.
    """

    def __init__(self, code: str, message: str, *, status: int = 400, **data: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.data = data

    def problem(self) -> dict[str, Any]:
        """The RFC 9457 body."""
        return {
            "type": f"urn:smartschool:{self.code}",
            "title": self.message,
            "status": self.status,
            "code": self.code,
            **({"data": self.data} if self.data else {}),
        }


class NotYours(DomainError):
    """Not found and not yours look the same."""

    def __init__(self) -> None:
        super().__init__("kernel.not_found", "没有找到这个页面，或者它不属于你。", status=404)


class NotAllowed(DomainError):
    """The place is yours, the act is not."""

    def __init__(self, message: str = "你的岗位不能做这件事。需要的话，联系本校管理员。") -> None:
        super().__init__("kernel.not_allowed", message, status=403)


class SignInRequired(DomainError):
    """No account, or the session ended."""

    def __init__(self) -> None:
        super().__init__("kernel.sign_in_required", "先登录，再打开这个页面。", status=401)


class Changed(DomainError):
    """Somebody else was faster."""

    def __init__(self, message: str = "没有保存。这份内容刚刚被别人改过，刷新后再改。") -> None:
        super().__init__("kernel.changed", message, status=409)

"""What can go wrong in directory, in words for the person at the screen."""

from smartschool.kernel.errors import DomainError


def code_taken(code: str) -> DomainError:
    return DomainError("directory.code_taken", f"标识码 {code} 已经有单位在用，核对后重填。", status=409)


def credit_code_taken(code: str) -> DomainError:
    return DomainError(
        "directory.credit_code_taken", f"统一社会信用代码 {code} 已经有单位在用，核对后重填。", status=409
    )


def bureau_exists() -> DomainError:
    return DomainError("directory.bureau_exists", "已经有区教育体育局了，一个区只有一个。", status=409)


def no_bureau() -> DomainError:
    return DomainError(
        "directory.no_bureau", "这里还没有区教育体育局：写上 --bureau 和它的全称，再运行一次。", status=409
    )


def wrong_parent(kind: str, parent: str) -> DomainError:
    return DomainError("directory.wrong_parent", f"{kind}不能放在{parent}下面，换一个上级单位。", status=409)


def under_itself(name: str) -> DomainError:
    return DomainError(
        "directory.under_itself", f"{name}不能放到自己或自己的下级下面，换一个上级单位。", status=409
    )


def parent_closed(name: str) -> DomainError:
    return DomainError("directory.parent_closed", f"上级单位{name}已经停办，先选一个还在的上级。", status=409)


def still_open(name: str) -> DomainError:
    return DomainError("directory.still_open", f"{name}没有停办，不用恢复。", status=409)


def still_in_use(what: str) -> DomainError:
    return DomainError("directory.still_in_use", f"还不能结束：{what}。先处理完，再来。", status=409)


def class_exists(name: str) -> DomainError:
    return DomainError(
        "directory.class_exists", f"{name}已经有了。换一个班号，或直接用已有的班。", status=409
    )


def already_enrolled(names: list[str]) -> DomainError:
    shown = "、".join(names[:5]) + ("等" if len(names) > 5 else "")
    return DomainError(
        "directory.already_enrolled", f"{shown}在本校已有学籍记录。改已有的记录，不要再建一份。", status=409
    )


def number_taken(numbers: list[int]) -> DomainError:
    shown = "、".join(map(str, numbers[:5]))
    return DomainError("directory.number_taken", f"学号 {shown} 已有人用，换一个学号。", status=409)


def number_allocated() -> DomainError:
    return DomainError(
        "directory.number_allocated", "这名学生已有学籍号。学籍号终身不变，核对是不是选错了人。", status=409
    )


def number_elsewhere() -> DomainError:
    return DomainError(
        "directory.number_elsewhere",
        "本校另有一名在籍学生用着这个证件号。先核对是不是同一个孩子的两份记录。",
        status=409,
    )


def appointment_exists() -> DomainError:
    return DomainError("directory.appointment_exists", "这个岗位已经任命过，不用再任命。", status=409)


def staff_number_taken(numbers: list[str]) -> DomainError:
    shown = "、".join(numbers[:5])
    return DomainError("directory.staff_number_taken", f"工号 {shown} 已有人用，换一个工号。", status=409)


def already_staff(names: list[str]) -> DomainError:
    shown = "、".join(names[:5]) + ("等" if len(names) > 5 else "")
    return DomainError(
        "directory.already_staff", f"{shown}已经是本校教职工。在教职工表里找到，直接任命。", status=409
    )


def last_in_office(role: str) -> DomainError:
    last = "局里最后一个区级管理员" if role == "district_admin" else "本校最后一个校长或教务管理员"
    return DomainError(
        "directory.last_in_office",
        f"这是{last}，结束了就没有人能办事。先任命接替的人。",
        status=409,
    )


def class_has_head() -> DomainError:
    return DomainError(
        "directory.class_has_head", "这个班已经有别的班主任，要换人，在任课表上改。", status=409
    )


def not_oneself() -> DomainError:
    return DomainError("directory.not_oneself", "不能任命自己，请别的区级管理员来办。", status=403)


def no_such_post() -> DomainError:
    return DomainError("directory.no_such_post", "这个岗位不由区里任命，或者不在这个单位。", status=409)


def post_not_yours(zh: str) -> DomainError:
    return DomainError("directory.post_not_yours", f"{zh}由校长任命，请校长来办。", status=403)


def just_assigned() -> DomainError:
    return DomainError(
        "directory.just_assigned",
        "没有沿用：有的课刚刚排上了人。看一看任课表，再来沿用。",
        status=409,
    )


def nothing_to_withdraw() -> DomainError:
    return DomainError("directory.nothing_to_withdraw", "这一批已经撤销，或者都改过了。", status=404)


def terms_out_of_order(year: int) -> DomainError:
    return DomainError(
        "directory.terms_out_of_order",
        f"两个学期应先秋后春、不重叠，都在 {year}-09-01 到 {year + 1}-08-31 之间。",
        status=409,
    )


def not_open() -> DomainError:
    return DomainError("directory.not_open", "这条记录已经结束，刷新页面看最新情况。", status=409)

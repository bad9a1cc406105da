"""Columns that a workbook of marks may have beside those of its items, and how each cell reads.

Ranks (校名次 and the like) are no column of ours: such a column is left out like any unknown one.
"""

from smartschool.contexts.assessment.public.contracts import AttemptStatus
from smartschool.contexts.directory.public.class_titles import class_in_title
from smartschool.kernel.cells import as_text, digits_text, narrow
from smartschool.kernel.tabular import Bad, Cell, Column, Value

ABSENT_WORDS = (
    *("缺考", "缺", "未考", "旷考", "缺席", "未参加", "未参加考试", "没考", "没参加"),
    *("病假", "事假", "请假"),
)
_STATUS_WORDS = {
    AttemptStatus.PRESENT: (
        "正常",
        "正常考试",
        "参考",
        "参加",
        "已考",
        "实考",
        "到考",
        "否",
        "无",
        "0",
        "01",
    ),
    AttemptStatus.ABSENT: (*ABSENT_WORDS, "是", "1", "03", "Q"),
    AttemptStatus.DEFERRED: ("缓考", "缓", "02"),
    AttemptStatus.EXEMPT: ("免考", "免", "免试", "免修", "14"),
}
_STATUS = {word: status for status, words in _STATUS_WORDS.items() for word in words}


def status_cell(cell: Cell) -> Value | Bad:
    """考试状态 (also 是否缺考: 是 means absent)."""
    text = as_text(cell)
    if isinstance(text, Bad):
        return text
    found = _STATUS.get("".join(narrow(text).split()).upper())
    if found is None:
        return Bad("bad_status", "认不出考试状态。请写：正常、缺考、缓考或免考。")
    return found


def remark_cell(cell: Cell) -> Value | Bad:
    """备注: says something only where it is that the pupil was not there; any other remark is left alone."""
    text = as_text(cell)
    found = None if isinstance(text, Bad) else _STATUS.get("".join(narrow(text).split()))
    return found if found and not str(text).strip().isascii() and text != "是" else None


def word_cell(cell: Cell) -> Value | Bad:
    """A name or a class: narrow text without inner spaces."""
    text = as_text(cell)
    return text if isinstance(text, Bad) else "".join(narrow(text).split())


def raw_cell(cell: Cell) -> Value | Bad:
    """Kept as it is; read later, when the item and its full marks are known."""
    return cell


COLUMNS = (
    Column(
        "national_number",
        "学籍号",
        digits_text,
        ("全国学籍号", "学籍编号", "学生学籍号", "学籍主号", "学籍号码", "个人标识码", "国网学籍号"),
    ),
    Column(
        "id_number",
        "身份证号",
        digits_text,
        ("身份证件号", "身份证", "证件号码", "公民身份号码", "身份证号码", "身份证件号码", "证件号"),
    ),
    Column(
        "exam_number",
        "考号",
        digits_text,
        ("准考证号", "考生号", "考生编号", "准考号", "学生编号", "考籍号", "准考证", "考试号"),
    ),
    Column("name", "姓名", word_cell, ("学生姓名", "考生姓名", "名字", "学生", "考生")),
    Column(
        "home_class",
        "班级",
        word_cell,
        ("班别", "班级名称", "行政班", "所在班级", "班", "班号", "所在班", "行政班级", "就读班级", "现班级"),
        from_title=class_in_title,
    ),
    Column("grade", "年级", word_cell, ("年级名称",)),
    Column(
        "class_number", "学号", raw_cell, ("班内学号", "座号", "座位号", "班级学号", "班内编号", "班内序号")
    ),
    Column("status", "考试状态", status_cell, ("状态", "是否缺考", "考试情况", "缺考标志", "缺考")),
    Column("remark", "备注", remark_cell, ("说明", "备注说明"), ordinal=True),
    Column(
        "total",
        "总分",
        raw_cell,
        ("总得分", "总成绩", "全卷得分", "卷面分", "卷面总分", "卷面成绩", "合计", "总分数"),
    ),
    Column("item", "题号", word_cell, ("小题号", "试题号", "试题编号", "题目编号")),
    Column("mark", "得分", raw_cell, ("小题得分", "分数", "得分值", "成绩")),
    Column("choice", "选项", raw_cell, ("作答", "学生答案", "所选答案", "选择")),
    Column("serial", "序号", raw_cell, ("编号",), ordinal=True),
)

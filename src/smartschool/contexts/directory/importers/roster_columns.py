"""Columns of the 学籍 workbook in their official order, with the headers that schools write instead."""

from collections.abc import Callable
from datetime import date

from smartschool.contexts.directory.importers.class_cells import class_cell, grade_cell
from smartschool.contexts.directory.public.class_titles import class_in_title
from smartschool.contexts.directory.public.codes import coded
from smartschool.contexts.directory.public.identifiers import (
    enrolment_number_cell,
    phone_cell,
    school_code_cell,
)
from smartschool.kernel import cells, clock
from smartschool.kernel.tabular import Bad, Cell, Column, Value

# Nobody at a school was born earlier; a typing slip such as 1016 for 2016 is caught.
EARLIEST_BIRTH = date(1920, 1, 1)
MEMBERS = ("member1", "member2")
# A table that calls the parents by name says the relation by that (codes of kinship).
PARENTS = {"member1": ("父亲",), "member2": ("母亲",)}
RELATION_SAID = {"父": "51", "母": "52"}
_ID_WORDS = ("身份证号", "身份证号码", "证件号码", "身份证件号码", "公民身份号码", "身份证", "证件号")
HIGHEST_CLASS_NUMBER = 999
_CLASS_WORDS = ("班", "所在班", "行政班级", "就读班级", "现班级", "现所在班级", "当前班级")


def class_number_cell(cell: Cell) -> Value | Bad:
    """班内学号: a small number."""
    text = cells.digits_text(cell)
    if isinstance(text, Bad):
        return text
    digits = text.removesuffix("号")
    if not digits.isdigit() or not 1 <= int(digits) <= HIGHEST_CLASS_NUMBER:
        return Bad("class_number", "班内学号应为 1 到 999 的数字。不知道就留空，系统会接着往后编。")
    return int(digits)


def phone_or_blank(cell: Cell) -> Value | Bad:
    """A telephone; a dash or 无 means that there is none."""
    text = cells.as_text(cell)
    return None if text in cells.PLACEHOLDERS else phone_cell(cell)


def number_or_blank(cell: Cell) -> Value | Bad:
    """A document number, kept with every digit; which document it is stands in another column."""
    text = cells.digits_text(cell)
    return None if text in cells.PLACEHOLDERS else text


def _text(key: str, name: str, *synonyms: str, longest: int = 100) -> Column:
    return Column(key, name, cells.text(longest), synonyms)


def _coded(key: str, name: str, table: str, *synonyms: str) -> Column:
    return Column(key, name, coded(table), synonyms)


def _member(number: int) -> tuple[Column, ...]:
    key, name = f"member{number}", f"成员{number}"
    others: tuple[str, ...] = (f"家庭成员{number}", f"监护人{number}", f"家庭成员或监护人{number}")
    others += (*PARENTS[key], "监护人", "家长", "家庭成员或监护人") if number == 1 else PARENTS[key]

    def named(end: str, *ends: str) -> tuple[str, ...]:
        return tuple(f"{other}{word}" for word in (end, *ends) for other in (name, *others))[1:]

    def column(
        part: str, end: str, check: Callable[[Cell], Value | Bad], *ends: str, alone: tuple[str, ...] = ()
    ) -> Column:
        return Column(f"{key}_{part}", f"{name}{end}", check, (*named(end, *ends), *alone))

    first = number == 1
    return (
        column("name", "姓名", cells.person_name, "名字", alone=others),
        column(
            "relation",
            "关系",
            coded("kinship"),
            "与本人关系",
            "与学生关系",
            alone=("与学生关系", "与本人关系", "关系", "称谓") if first else (),
        ),
        column("relation_note", "关系说明", cells.text(60)),
        column("address", "现住址", cells.text(200)),
        column("household_division", "户口所在地行政区划", cells.text(40)),
        column("phone", "联系电话", phone_or_blank, "电话", "手机", "手机号", "手机号码", "联系方式"),
        column("is_guardian", "是否监护人", coded("yes_no")),
        column("id_type", "身份证件类型", coded("identity_document"), "证件类型"),
        column("id_number", "身份证件号", number_or_blank, *_ID_WORDS),
        column("ethnicity", "民族", coded("ethnicity")),
        column("employer", "工作单位", cells.text(100)),
        column("position", "职务", cells.text(60)),
    )


def roster_columns() -> tuple[Column, ...]:
    """All columns of the workbook (domain 04 §4.5): codes for option cells, text for the rest."""
    birth = cells.day(earliest=EARLIEST_BIRTH, latest=clock.today)
    return (
        Column("row_number", "编号", cells.text(40), ("序号", "顺序号", "行号", "No", "No."), ordinal=True),
        _text("district", "区县", "所在区县"),
        _text("school_name", "就读学校", "学校名称", "学校", "所在学校"),
        _text("continuation", "学籍接续标识"),
        Column(
            "school_code",
            "学校标识码",
            school_code_cell,
            ("学校代码", "学校（机构）标识码", "学校机构标识码", "学校编码"),
        ),
        Column(
            "name",
            "姓名",
            cells.person_name,
            ("学生姓名", "学生名字", "名字", "真实姓名"),
            required=True,
            needed=True,
        ),
        _coded("sex", "性别", "sex", "学生性别"),
        Column("birth_date", "出生日期", birth, ("出生年月日", "生日", "出生年月", "出生时间")),
        _coded("id_type", "证件类型", "identity_document", "身份证件类型", "学生证件类型", "证件类别"),
        Column(
            "id_number",
            "身份证号",
            number_or_blank,
            (
                "身份证件号",
                *_ID_WORDS[1:],
                "居民身份证号",
                "居民身份证号码",
                "居民身份证",
                *(f"学生{word}" for word in ("身份证件号", *_ID_WORDS)),
            ),
        ),
        Column(
            "national_number",
            "学籍号",
            enrolment_number_cell,
            (
                "全国学籍号",
                "个人标识码",
                "学生个人标识码",
                "全国学籍号码",
                "学籍号码",
                "国网学籍号",
                "学籍主号",
                "学生学籍号",
            ),
        ),
        _text("birth_division", "出生地行政区划代码", "出生地"),
        _coded("ethnicity", "民族", "ethnicity"),
        _text("nationality", "国籍/地区", "国籍", "国籍地区", "国别", "国家/地区"),
        _coded("overseas", "港澳台侨外", "overseas_status", "是否港澳台侨外"),
        _coded(
            "household_kind", "户口性质", "household_kind", "户口类型", "户籍性质", "户口类别", "户籍类型"
        ),
        _text("household_division", "户口所在地行政区划", "户口所在地", "户籍地址", longest=200),
        _text("address", "现住址", "现住地址", "居住地址", "住址", "现居住地", "现居住地址", longest=200),
        _coded("only_child", "是否独生子女", "yes_no", "独生子女"),
        _coded("left_behind", "是否留守儿童", "left_behind", "留守儿童", "留守情况", "是否留守"),
        _coded("migrant", "是否进城务工人员随迁子女", "migrant_child", "随迁子女", "是否随迁子女"),
        _coded("orphan", "是否孤儿", "yes_no", "孤儿"),
        _text("native_place", "籍贯"),
        _coded("health", "健康状况", "health", "健康情况", "身体状况"),
        _coded("political_status", "政治面貌", "political_status"),
        Column(
            "grade",
            "年级",
            grade_cell,
            ("所在年级", "就读年级", "年级名称", "现年级", "当前年级"),
            required=True,
        ),
        Column(
            "class",
            "班级号",
            class_cell,
            ("班级", "班号", "班别", "班级名称", "所在班级", "班次", "行政班", *_CLASS_WORDS),
            required=True,
            needed=True,
            from_title=class_in_title,
        ),
        Column("entry_month", "入学年月", cells.month, ("入学时间", "入学日期", "入校时间", "入校年月")),
        _coded("admission_mode", "入学方式", "admission_mode"),
        _coded(
            "attendance_mode", "就读方式", "attendance_mode", "走读住校", "住宿情况", "就读形式", "就学方式"
        ),
        _text("mail_address", "通信地址", "通讯地址", longest=200),
        _text("home_address", "家庭地址", "家庭住址", longest=200),
        Column(
            "phone",
            "联系电话",
            phone_or_blank,
            (
                "家长电话",
                "电话",
                "手机",
                "手机号",
                "手机号码",
                "联系方式",
                "家庭电话",
                "家长手机",
                "家长联系电话",
                "家长手机号",
                "家长手机号码",
                "家长联系方式",
                "联系人电话",
                "紧急联系电话",
            ),
        ),
        _text("postcode", "邮政编码", "邮编", longest=10),
        _coded("preschool", "是否受过学前教育", "yes_no", "是否接受过学前教育"),
        _coded("disability", "残疾人类型", "disability", "残疾类型", "残疾类别", "残疾人类别", "残疾种类"),
        _coded("inclusive", "随班就读", "inclusive_education", "是否随班就读"),
        _coded("purchased_place", "是否由政府购买学位", "yes_no"),
        _coded("needs_aid", "是否需要申请资助", "yes_no", "是否申请资助"),
        _coded("receives_subsidy", "是否享受一补", "yes_no"),
        _coded("martyr_child", "是否烈士或优抚子女", "yes_no"),
        Column(
            "distance", "上下学距离", cells.decimal_number(lowest=0, highest=1000), ("上下学距离（公里）",)
        ),
        _text("transport", "上下学交通方式", "上下学方式", "交通方式"),
        _coded("school_bus", "是否乘坐校车", "yes_no", "是否需要乘坐校车"),
        _text("former_name", "曾用名"),
        _text("id_valid_until", "身份证件有效期", "证件有效期"),
        _text("talent", "特长"),
        _text("auxiliary_number", "学籍辅号"),
        Column(
            "class_number",
            "班内学号",
            class_number_cell,
            ("学号", "座号", "班级学号", "班内序号", "座位号", "班内编号"),
        ),
        _text("origin", "学生来源"),
        _text("email", "电子信箱", "电子邮箱", "邮箱"),
        _text("home_page", "主页地址"),
        _text("education_id", "教育ID", "教育 ID 号"),
        *_member(1),
        *_member(2),
    )


# Kept in columns of their own; everything else of a row goes into the encrypted details.
IN_COLUMNS = frozenset(
    {
        "row_number", "district", "school_name", "school_code", "name", "sex", "birth_date", "id_type",
        "id_number", "national_number", "ethnicity", "grade", "class", "entry_month", "class_number",
    }
)  # fmt: skip

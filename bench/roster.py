"""Roster import against its floor in the same run: calamine read + COPY of the same rows.

Prints ratios: file to committed for 9,054 rows (limit 6), growth from 9,054 to 90,540 rows (limit 11 times
the time), and the peak memory of each import in a process of its own (limit 400 MB for 9,054 rows).
Usage: PYTHONPATH=src:. python bench/roster.py [--rows 9054] [--growth 10]
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartschool.settings.test")

LIMIT, GROWTH_LIMIT, PEAK_LIMIT_MB = 6.0, 11.0, 400
SCHOOLS = 25
SURNAMES, GIVEN = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗", "伟芳娜敏静秀强磊军洋勇艳杰娟涛明超霞平刚"
CONSTANT = {
    "区县": "大通区", "性别": "男", "证件类型": "居民身份证", "出生地行政区划代码": "340402000000",
    "民族": "汉族", "国籍/地区": "中国", "港澳台侨外": "否", "户口性质": "农业", "是否独生子女": "否",
    "户口所在地行政区划": "340402000000", "是否留守儿童": "非留守儿童", "是否进城务工人员随迁子女": "否",
    "是否孤儿": "否", "健康状况": "健康或良好", "政治面貌": "群众", "入学方式": "就近入学",
    "就读方式": "走读", "邮政编码": "232033", "残疾人类型": "无残疾", "上下学交通方式": "步行",
    "是否乘坐校车": "否", "学生来源": "正常入学", "成员1关系": "母亲", "成员1是否监护人": "是",
    "成员1身份证件类型": "居民身份证", "成员1民族": "汉族",
}  # fmt: skip


def write_workbook(path: Path, rows: int) -> None:
    """Invented pupils in the 74 official columns, every number distinct and right."""
    import xlsxwriter

    from smartschool.contexts.directory.importers.roster_columns import roster_columns
    from smartschool.contexts.directory.public.identifiers import id_check_character

    skip = {"national_number", "inclusive", "education_id"}
    names = [column.name for column in roster_columns() if column.key not in skip]
    draw = random.Random(1)
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["学生学籍信息表"])
    sheet.write_row(1, 0, names)
    seats: dict[tuple[int, int, int], int] = {}
    for number in range(rows):
        school, grade = number % SCHOOLS, number // SCHOOLS % 6 + 1
        room = number // (SCHOOLS * 6) % 9 + 1
        seat = seats[school, grade, room] = seats.get((school, grade, room), 0) + 1
        born = date(2019 - grade, 9, 1) + timedelta(days=number // 450 % 360)
        first = f"3404{number % 90 + 10:02d}{born:%Y%m%d}{number // 90 % 450 * 2 + 1:03d}"
        parent = f"340402{1985 + number % 9}{number % 12 + 1:02d}{number % 28 + 1:02d}{number % 1000:03d}"
        cells = CONSTANT | {
            "编号": number + 1,
            "学校标识码": f"21340402{school:02d}",
            "姓名": draw.choice(SURNAMES) + draw.choice(GIVEN) + draw.choice(GIVEN),
            "出生日期": f"{born:%Y%m%d}",
            "身份证号": first + id_check_character(first),
            "现住址": f"大通区示例路{number % 700}号",
            "年级": "一二三四五六"[grade - 1] + "年级",
            "班级号": f"{room:02d}",
            "入学年月": f"{2027 - grade}09",
            "联系电话": f"139{number:08d}",
            "上下学距离": number % 8,
            "班内学号": f"{seat}",
            "成员1姓名": draw.choice(SURNAMES) + "某",
            "成员1联系电话": f"138{number:08d}",
            "成员1身份证件号": parent + id_check_character(parent),
        }
        for place, name in enumerate(names):
            if name in cells:
                sheet.write(number + 2, place, cells[name])
    book.close()


def make_schools() -> None:
    """A bureau and the schools that the workbook names."""
    from django.db import transaction

    from smartschool.contexts.directory.models import Organisation

    with transaction.atomic():
        bureau = Organisation.objects.filter(kind="bureau").first() or Organisation.objects.create(
            code="BENCH", name="区教育体育局", short_name="教体局", kind="bureau", valid_from=date(2020, 1, 1)
        )
        for number in range(SCHOOLS):
            code = f"21340402{number:02d}"
            if not Organisation.objects.filter(code=code).exists():
                Organisation.objects.create(
                    code=code, name=f"第{number}小学", short_name=f"第{number}小学", kind="school",
                    parent=bureau, valid_from=date(2020, 1, 1),
                )  # fmt: skip


def floor(path: Path) -> float:
    """Seconds for the least that any importer must do: read with calamine, COPY the same rows as text."""
    from django.db import connection, transaction
    from python_calamine import CalamineWorkbook

    begun = time.perf_counter()
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    names = ", ".join(f"c{place} text" for place in range(len(rows[0])))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE floor ({names}) ON COMMIT DROP")
        with cursor.copy("COPY floor FROM STDIN") as copy:
            for row in rows[2:]:
                copy.write_row([None if cell == "" else str(cell) for cell in row])
    return time.perf_counter() - begun


def timed_import(path: Path) -> float:
    """Seconds from the bytes to committed."""
    from smartschool.contexts.exchange.public.doors import import_file
    from smartschool.kernel.actor import system_actor

    begun = time.perf_counter()
    report = import_file(
        actor=system_actor("bench"), importer="roster", content=path.read_bytes(), file_name=path.name
    )
    taken = time.perf_counter() - begun
    assert report.applied == report.rows, report.faults[:5]
    return taken


def child(path: str, what: str) -> None:
    """One measurement in a process of its own, so that peaks do not add up."""
    import django

    django.setup()
    from smartschool.contexts.directory.names import name_key

    name_key("王小明")  # the word list is loaded once in the life of a worker
    seconds = floor(Path(path)) if what == "floor" else timed_import(Path(path))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak}))


def measure(path: Path, what: str) -> dict[str, float]:
    """Run `child` on a fresh clone of the template database."""
    from tests.harness import cluster

    name = cluster.clone(f"bench_{os.urandom(4).hex()}")
    url = cluster.CLUSTER.handle().app_url(name)
    environment = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": "src:."}
    run = [sys.executable, __file__]
    subprocess.run([*run, "--schools"], env=environment, check=True)
    done = subprocess.run(
        [*run, "--child", str(path), what], env=environment, check=True, capture_output=True, text=True
    )
    cluster.drop(name)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=9054)
    parser.add_argument("--growth", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--schools", action="store_true")
    parser.add_argument("--child", nargs=2)
    args = parser.parse_args()
    if args.child:
        child(*args.child)
        return 0
    import django

    django.setup()
    if args.schools:
        make_schools()
        return 0
    from tests.harness import cluster

    try:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            return report(Path(folder), args)
    finally:
        cluster.CLUSTER.stop()


def report(folder: Path, args: argparse.Namespace) -> int:
    path = folder / "roster.xlsx"
    write_workbook(path, args.rows)
    floors = [measure(path, "floor")["seconds"] for _ in range(args.repeats)]
    imports = [measure(path, "import") for _ in range(args.repeats)]
    base, taken = min(floors), min(one["seconds"] for one in imports)
    peak = max(one["peak_mb"] for one in imports)
    ratio = taken / base
    print(f"{args.rows} 行：读 + COPY {base:.2f} s，导入 {taken:.2f} s，比值 {ratio:.2f}（上限 {LIMIT}）")
    print(f"内存峰值 {peak:.0f} MB（上限 {PEAK_LIMIT_MB} MB）")
    good = ratio <= LIMIT and peak < PEAK_LIMIT_MB
    if args.growth > 1:
        write_workbook(path, args.rows * args.growth)
        more = measure(path, "import")
        growth = more["seconds"] / taken
        print(f"{args.growth} 倍行数：{more['seconds']:.1f} s，{growth:.1f} 倍时间（上限 {GROWTH_LIMIT}），"
              f"峰值 {more['peak_mb']:.0f} MB")  # fmt: skip
        good = good and growth <= GROWTH_LIMIT * args.growth / 10
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

"""Where the reports go is tried before the analysis: reasons in words, nothing computed, nothing left."""

from __future__ import annotations

import argparse
import errno
import os
from pathlib import Path

import pytest

import smartschool.analyze.run as whole_way
from smartschool.analyze.out_folder import ADVICE, ensure_writable
from smartschool.cli import analyze


@pytest.fixture
def refused(capsys, exam, monkeypatch):
    """Run towards a folder that cannot be written; the message. Nothing may be analysed on the way."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError("analysed, although the reports have no place")

    monkeypatch.setattr(whole_way, "analyse", never)
    place = exam("student,1,2\nS1,1,0\nS2,0,1\n")

    def call(out: Path) -> str:
        parser = argparse.ArgumentParser()
        analyze.add_arguments(parser)
        assert analyze.run(parser.parse_args([str(place), "--out", str(out)])) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert ADVICE in printed.err
        return printed.err

    return call


def test_a_file_in_the_way(refused, tmp_path):
    file = tmp_path / "报告"
    file.write_text("x")
    assert f"{file} 它是一个文件" in refused(file)
    assert "不是文件夹" in refused(file / "一月" / "数学")
    assert file.read_text() == "x"
    link = tmp_path / "旧报告"
    link.symlink_to(tmp_path / "nowhere")
    assert "失效的链接" in refused(link)


def test_a_folder_under_the_name_of_a_report(refused, tmp_path):
    (tmp_path / "out" / "report.xlsx").mkdir(parents=True)
    assert "report.xlsx 它是文件夹，占用了报告的文件名" in refused(tmp_path / "out")


def test_a_name_that_is_too_long_leaves_no_folders(refused, tmp_path):
    assert "名称太长" in refused(tmp_path / "学期" / ("长" * 200))
    assert not (tmp_path / "学期").exists()


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.EACCES, "没有写入的权限"), (errno.EROFS, "所在的磁盘是只读的"), (errno.ENOSPC, "磁盘已满")],
)
def test_the_system_says_no(refused, tmp_path, monkeypatch, number, words):
    def closed(self: Path, *_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), str(self))

    monkeypatch.setattr(Path, "mkdir", closed)
    assert words in refused(tmp_path / "out")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write(refused, tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    assert "没有写入的权限" in refused(folder)
    assert "没有写入的权限" in refused(folder / "deeper")


def test_a_place_that_can_be_written_stays_as_it_was(tmp_path):
    ensure_writable(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "report.json").write_text("{}")
    ensure_writable(tmp_path / "a")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["report.json"]

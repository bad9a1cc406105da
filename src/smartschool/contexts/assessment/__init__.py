"""考试与试题: exams, papers, items, and every pupil's attempt."""

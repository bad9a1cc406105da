"""A school's paper is analysed without loading compiled code: workers and pages start sooner and smaller."""

import subprocess
import sys

PAPER = """
import sys
import numpy as np
from edumetrics.arrays import response_matrix
from edumetrics.dif import mantel_haenszel
from edumetrics.exam import analyse_exam
rng = np.random.default_rng(3)
marks = rng.binomial(3, 0.6, (360, 40)) * 1.0
matrix, groups = response_matrix(marks, 3.0), ["1", "2"] * 180
analyse_exam(matrix, groups=groups)
mantel_haenszel(matrix, groups, reference="1", focal="2")
assert "numba" not in sys.modules
"""


def test_a_paper_of_a_school_with_groups():
    done = subprocess.run([sys.executable, "-c", PAPER], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

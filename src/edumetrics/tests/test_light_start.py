"""What a fresh process loads: nothing compiled for a school's paper, few compiled loops for a season's."""

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

SEASON = """
import gc
import sys
import numpy as np
import edumetrics.irt
assert "scipy.linalg" not in sys.modules
from numba.core.dispatcher import Dispatcher
from edumetrics.arrays import response_matrix
from edumetrics.dif import logistic_dif, mantel_haenszel
from edumetrics.exam import analyse_exam
from edumetrics.irt import calibrate, exam_fit, score
from edumetrics.options import option_responses

loaded = []
load = Dispatcher._compile_for_args
def counted(self, *args, **kws):
    loaded.append(self.__name__)
    return load(self, *args, **kws)
Dispatcher._compile_for_args = counted

rng = np.random.default_rng(3)
easy = rng.normal(size=40)
marks = 1.0 * (rng.logistic(size=(5000, 40)) < rng.normal(size=(5000, 1)) + easy)
letters = np.where(marks > 0.0, "A", rng.choice(["B", "C", "D"], marks.shape))
matrix = response_matrix(marks, 1.0, options=option_responses(list(letters.T), ["A"] * 40))
groups = np.where(np.arange(5000) % 2, "a", "b")
analyse_exam(matrix)
found = calibrate(matrix)
score(found, matrix)
exam_fit(found, matrix)
mantel_haenszel(matrix, groups, reference="a", focal="b")
logistic_dif(matrix, groups, reference="a", focal="b")
assert gc.isenabled()
assert not {"scipy.stats", "scipy.optimize", "scipy.sparse"} & set(sys.modules)
print(*loaded)
"""


def test_a_paper_of_a_school_with_groups():
    done = subprocess.run([sys.executable, "-c", PAPER], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_each_compiled_loop_of_a_season_is_loaded_once_and_there_are_few():
    """Each costs a few milliseconds: as a function of its own, and for every other kind of argument again."""
    done = subprocess.run([sys.executable, "-c", SEASON], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = done.stdout.split()
    assert sorted(set(loaded)) == sorted(loaded)
    assert len(loaded) <= 23, loaded

"""Jobs of diagnosis: follow events, analyse one paper, calibrate it afterwards."""

from smartschool.contexts.diagnosis import calibrations, followers
from smartschool.contexts.diagnosis.commands.analyse import analyse_paper
from smartschool.contexts.diagnosis.models import AnalysisRun
from smartschool.kernel.actor import system_actor
from smartschool.kernel.jobs import LATER, SOON, follower, job, job_scope


@follower("diagnosis.follow")
def follow(timestamp: int) -> None:
    """Queue the analyses that new marks ask for."""
    followers.follow()
    calibrations.follow()


@job("diagnosis.analyse_paper", queue="analysis", retries=3, priority=SOON)
def analyse(paper: int, organisation: int, trigger: str) -> None:
    """Exactly-once by itself: unchanged input writes nothing."""
    with job_scope([organisation]):
        analyse_paper(actor=system_actor("diagnosis"), paper_id=paper, trigger=AnalysisRun.Trigger(trigger))


@job("diagnosis.calibrate_paper", queue="analysis", retries=3, priority=LATER)
def calibrate(paper: int, organisation: int) -> None:
    """Exactly-once by itself: what is calibrated already is left alone."""
    calibrations.calibrate(paper, organisation)


@job("diagnosis.calibrate_joint_paper", queue="analysis", retries=3, priority=LATER)
def calibrate_joint(joint_code: str, subject: str) -> None:
    """The same for a paper that several schools sat."""
    calibrations.calibrate_joint(joint_code, subject)

"""Jobs of diagnosis: follow the events of assessment, analyse one paper."""

from smartschool.contexts.diagnosis import followers
from smartschool.contexts.diagnosis.commands.analyse import analyse_paper
from smartschool.contexts.diagnosis.models import AnalysisRun
from smartschool.kernel.actor import system_actor
from smartschool.kernel.jobs import job, job_scope, periodic


@periodic("* * * * * */5", "diagnosis.follow", queue="kernel")
def follow(timestamp: int) -> None:
    """Every five seconds."""
    followers.follow()


@job("diagnosis.analyse_paper", queue="analysis", retries=3)
def analyse(paper: int, organisation: int, trigger: str) -> None:
    """Exactly-once by itself: unchanged input writes nothing."""
    with job_scope([organisation]):
        analyse_paper(actor=system_actor("diagnosis"), paper_id=paper, trigger=AnalysisRun.Trigger(trigger))

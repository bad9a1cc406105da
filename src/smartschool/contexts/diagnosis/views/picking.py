"""Items chosen for the 讲评单: carried in the address, so that nothing has to be stored and 后退 works."""

from django.http import HttpRequest

from smartschool.contexts.diagnosis.compose.class_report import item_rows
from smartschool.contexts.diagnosis.compose.lede import find_focus
from smartschool.contexts.diagnosis.compose.small_class import advised_items
from smartschool.contexts.diagnosis.compose.words import key_in_doubt
from smartschool.contexts.diagnosis.queries import ClassPage

MOST_WITHOUT_RATES = 4


def picked_items(request: HttpRequest, page: ClassPage) -> frozenset[int]:
    """Chosen items (``pick=3,9`` or ``items=3&items=9``); without a choice the recommended ones."""
    raw = [*request.GET.get("pick", "").split(","), *request.GET.getlist("items")]
    if "pick" not in request.GET and "items" not in request.GET:
        return recommended(page)
    numbers = (int(part) for part in raw if part.isdecimal() and len(part) < 5)
    return frozenset(n - 1 for n in numbers if 1 <= n <= len(page.paper.items))


def recommended(page: ClassPage) -> frozenset[int]:
    """What the first sentence says to teach, and with it items below 60 %.

    In a small class, instead of those, items at which half of the pupils or more lost marks.
    """
    if page.small:
        named = advised_items(page.paper, page.figures)
        order = sorted(
            (
                j
                for j, item in enumerate(page.figures.items)
                if item.n and 2 * item.lost >= item.n and not key_in_doubt(item) and j not in named
            ),
            key=lambda j: (-page.figures.items[j].lost, j),
        )
        return frozenset((*named, *order)[:MOST_WITHOUT_RATES])
    rows = item_rows(page.paper, page.figures, None)
    focus = find_focus(page.paper, page.figures)
    low = {row.index for row in rows if row.attention and not row.doubt}
    return frozenset(low | set(focus.items if focus else ()))

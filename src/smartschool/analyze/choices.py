"""Names of the models that can be asked for; free of imports, so that `--help` answers at once."""

from __future__ import annotations

CALIBRATIONS = ("auto", "rasch", "2pl", "3pl", "gpcm", "graded", "testlet")
DIAGNOSES = ("dina", "dino", "gdina", "acdm")
MODELS = (*CALIBRATIONS, *DIAGNOSES, "dif")


class BadChoice(ValueError):
    """A name that is no model, or two models of one kind."""


def parse_models(text: str) -> list[str]:
    """Read ``--model``: names with commas, at most one calibration and one diagnosis, or ``all``.

    Examples
    --------
    >>> parse_models("2pl,dif"), parse_models("all")
    (['2pl', 'dif'], ['auto', 'gdina', 'dif'])
    """
    names = [name.strip().lower() for name in text.replace("，", ",").split(",") if name.strip()]
    if names == ["all"]:
        return ["auto", "gdina", "dif"]
    unknown = [name for name in names if name not in MODELS]
    if unknown or not names:
        raise BadChoice(f"不认识模型“{'、'.join(unknown) or text}”，可用：all、{'、'.join(MODELS)}。")
    for kind in (CALIBRATIONS, DIAGNOSES):
        if sum(name in kind for name in names) > 1:
            raise BadChoice(f"{'、'.join(kind)} 里一次只能选一个。")
    return names

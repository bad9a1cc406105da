"""Names of the models that can be asked for; free of imports, so that `--help` answers at once."""

from __future__ import annotations

CALIBRATIONS = ("auto", "rasch", "2pl", "3pl", "gpcm", "graded", "testlet")
DIAGNOSES = ("dina", "dino", "gdina", "acdm")
MODELS = (*CALIBRATIONS, *DIAGNOSES, "dif")
# Families by their usual short names; the classical figures are in every report.
FAMILIES = {"ctt": (), "irt": ("auto",), "cdm": ("gdina",), "all": ("auto", "gdina", "dif")}


class BadChoice(ValueError):
    """A name that is no model, or two models of one kind."""


def parse_models(text: str) -> list[str]:
    """Read ``--model``: names or families with commas, at most one calibration and one diagnosis.

    Examples
    --------
    >>> parse_models("2pl,dif"), parse_models("all"), parse_models("irt,cdm"), parse_models("ctt")
    (['2pl', 'dif'], ['auto', 'gdina', 'dif'], ['auto', 'gdina'], [])
    """
    asked = [name.strip().lower() for name in text.replace("，", ",").split(",") if name.strip()]
    unknown = [name for name in asked if name not in (*MODELS, *FAMILIES)]
    if unknown or not asked:
        known = "、".join((*FAMILIES, *MODELS))
        raise BadChoice(f"不认识模型“{'、'.join(unknown) or text}”，可用：{known}。")
    names = list(dict.fromkeys(one for name in asked for one in FAMILIES.get(name, (name,))))
    for kind in (CALIBRATIONS, DIAGNOSES):
        if sum(name in kind for name in names) > 1:
            raise BadChoice(f"{'、'.join(kind)} 里一次只能选一个。")
    return names

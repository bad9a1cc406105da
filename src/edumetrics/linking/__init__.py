"""Between exams: put two forms or two calibrations on one scale, or say that they are not comparable."""

from edumetrics.common_items import CommonItemGrowth, common_item_growth
from edumetrics.linking.calibrations import link_calibrations
from edumetrics.linking.equipercentile import (
    EquatedScale,
    equipercentile,
    frequency_estimation,
)
from edumetrics.linking.irt_scale import AnchorDrift, ScaleLink, link_scales
from edumetrics.linking.linear import LinearLink, levine, tucker

__all__ = [
    "AnchorDrift",
    "CommonItemGrowth",
    "EquatedScale",
    "LinearLink",
    "ScaleLink",
    "common_item_growth",
    "equipercentile",
    "frequency_estimation",
    "levine",
    "link_calibrations",
    "link_scales",
    "tucker",
]

"""Item response models: calibration, scores, fit."""

#!/bin/sh
# Takes the pictures of docs/user anew: a browser story on the small demo district, then 64 colours each.
# Run from an environment that has the test requirements.
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
SMARTSCHOOL_PICTURES="$folder" python -m pytest -q tests/journeys/test_manual_pictures.py
rm -f docs/user/pictures/*.png
python - "$folder" docs/user/pictures <<'PY'
import sys
from pathlib import Path

from PIL import Image

source, target = map(Path, sys.argv[1:])
for path in sorted(source.glob("*.png")):
    picture = Image.open(path).convert("RGB")
    if picture.width > 960:
        picture = picture.resize((960, round(picture.height * 960 / picture.width)), Image.Resampling.LANCZOS)
    picture.quantize(64, method=Image.Quantize.MEDIANCUT).save(target / path.name, optimize=True)
PY
rm -r "$folder"

#!/bin/sh
# Writes the two hashed locks; they name no host.
set -eu
cd "$(dirname "$0")/.."
for name in requirements requirements-test; do
    uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-header --no-annotate --upgrade "$name.in" -o "$name.lock"
done

#!/bin/sh
# install.sh SOURCE TARGET: Tocsin from the checkout SOURCE into a fresh virtual environment TARGET.
# Everything the image runs is made here, so that a test can do the same without Docker and without being root.
set -eu

source=$1
target=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

python3 -m venv "$scratch/build"
pip="$scratch/build/bin/python -m pip --quiet --disable-pip-version-check --no-cache-dir"
$pip install --require-hashes -r "$source/requirements-build.lock"
$pip wheel --no-deps --no-build-isolation --wheel-dir "$scratch/wheel" "$source"

python3 -m venv --without-pip "$target"
$pip --python "$target/bin/python" install --require-hashes -r "$source/requirements.lock"
$pip --python "$target/bin/python" install --no-deps --no-index "$scratch"/wheel/tocsin-*.whl
"$target/bin/tocsin" check >/dev/null

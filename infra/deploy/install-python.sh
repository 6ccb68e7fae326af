#!/usr/bin/env bash
# install-python.sh BIN LOCK: install the locked packages into the virtual environment, hashes checked.
set -euo pipefail
bin=$1 lock=$2
echo "installing Python packages of $lock" >&2
"$bin/python" -m pip install -q --disable-pip-version-check "uv>=0.9,<1" || true
if [ -x "$bin/uv" ] && "$bin/uv" pip install -q --python "$bin/python" --compile-bytecode --require-hashes -r "$lock"; then
  exit 0
fi
echo "uv could not install; falling back to pip" >&2
exec "$bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r "$lock"

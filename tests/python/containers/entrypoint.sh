#!/bin/sh
# The end of what the released image does when it starts. Python and its packages are not installed: the bin folder of a
# virtual environment that has them is first on PATH.
set -e

if [ -z "${COMMAND}" ]; then
    echo "ERROR: COMMAND environment variable is not set." >&2
    exit 1
fi

echo "Executing: ${COMMAND}"
exec bash -c "${COMMAND}"

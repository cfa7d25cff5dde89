#!/bin/sh
# Chromium and glyphs for the browser tests: found, or installed where this may be done, or named.
set -u

for browser in "${CHROMIUM:-chromium}" chromium chromium-browser google-chrome; do
    if command -v "$browser" >/dev/null 2>&1; then
        exit 0
    fi
done

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    export DEBIAN_FRONTEND=noninteractive
    echo "installing chromium and fonts with apt-get"
    apt-get update -qq &&
        apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core fonts-liberation \
            >/dev/null && exit 0
fi

echo "The browser tests need Chromium, and there is none on the PATH." >&2
if command -v apt-get >/dev/null 2>&1; then
    echo "Install it with: sudo apt-get install chromium fonts-dejavu-core fonts-liberation" >&2
else
    echo "Install Chromium with your package manager, or name it: CHROMIUM=/path/to/chrome" >&2
fi
if [ "${CI:-}" = true ]; then
    exit 1
fi
echo "They will be skipped; everything else is tested." >&2

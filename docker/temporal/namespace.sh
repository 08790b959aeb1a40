#!/bin/sh
# Makes the namespace and its search attributes where they are missing; may be run again at any time.
set -eu

temporal operator namespace describe -n "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
    temporal operator namespace create -n "$TEMPORAL_NAMESPACE" --retention 30d

for name in ContactId Sequence Brand Status; do
    temporal operator search-attribute list -n "$TEMPORAL_NAMESPACE" | grep -qw "$name" ||
        temporal operator search-attribute create -n "$TEMPORAL_NAMESPACE" --name "$name" --type Keyword
done

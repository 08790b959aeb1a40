#!/bin/sh
# Runs once, when the cluster is made: a role and a database for Perennial, a role and two databases for Temporal.
set -eu

psql -v ON_ERROR_STOP=1 --username postgres \
    -v perennial="$PERENNIAL_DATABASE_PASSWORD" -v temporal="$TEMPORAL_DATABASE_PASSWORD" <<'SQL'
CREATE ROLE perennial LOGIN PASSWORD :'perennial';
CREATE DATABASE perennial OWNER perennial;
CREATE ROLE temporal LOGIN PASSWORD :'temporal';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
SQL

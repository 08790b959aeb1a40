#!/bin/sh
# Brings Temporal's two databases to the version of the server; may be run again at any time.
set -eu

for name in temporal visibility; do
    case "$name" in
        temporal) database=temporal ;;
        visibility) database=temporal_visibility ;;
    esac
    tool="temporal-sql-tool --plugin $DB --ep $POSTGRES_SEEDS -u $POSTGRES_USER -p $DB_PORT --db $database"
    # The first fails where the schema is there already; whether all is well is what the second says.
    $tool setup-schema -v 0.0 || echo "The schema of $database is there."
    $tool update-schema -d "/etc/temporal/schema/postgresql/v12/$name/versioned"
done

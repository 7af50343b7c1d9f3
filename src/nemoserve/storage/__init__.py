"""Where rows live: tables, connections, migrations. Knows SQL; what a row means is decided above."""

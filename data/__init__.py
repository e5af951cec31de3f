"""Where everything Vigie reads comes from and is kept: portal files, warehouse snapshots, operations."""

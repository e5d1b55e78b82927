"""How fast Framesift is, and on what: run as ``python -m benchmarks.NAME``; public API only."""

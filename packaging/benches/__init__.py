"""Races against peers; each module's benchmarks are found by `packaging/bench.py`. See `benches.frame`."""

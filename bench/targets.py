#!/usr/bin/env python3
"""What became of the targets: ratios of CPU per request between servers of the same rounds.

Prints each ratio as median of ours to median of theirs, and in brackets the least favourable one:
the worst round of ours to the best of theirs. A target is met when that one meets it too.
"""
import json
import os
import statistics
import sys

CPU = "server_cpu_us_per_req"
DATABASE_CPU = "db_cpu_us_per_req"
# (workload, ours, the other's, how many times as much CPU as the other's at most)
AT_MOST = [
    ("W1", "erpmax", "floor", 3.0),
    ("W2", "erpmax", "floor", 3.0),
    ("W4", "erpmax", "floor", 2.0),
    ("W5", "erpmax", "argon2id", 1.15),
]
# (workload, ours, the other's, how many times as much CPU the other takes at least)
AT_LEAST = [
    ("W1", "erpmax-gql", "mercurius", 3.0),
    ("W2", "erpmax", "fastify", 2.0),
    ("W2", "erpmax-gql", "mercurius", 3.0),
    ("W3", "erpmax", "fastify", 2.0),
    ("W4", "erpmax", "fastify", 1.5),
    ("W8", "erpmax-gql", "mercurius", 3.0),
]


def read(path):
    """Every figure of every name, in the order of the rounds."""
    figures = {}
    for line in open(path):
        row = json.loads(line)
        of = figures.setdefault(row["name"], {})
        for key, value in row.items():
            if isinstance(value, (int, float)):
                of.setdefault(key, []).append(value)
    return figures


def say(what, median, worst, target, met, digits=2):
    """One line of the table."""
    verdict = "met" if met(worst) else "met by the median" if met(median) else "MISSED"
    print(f"{what:44} {median:8.{digits}f} [{worst:.{digits}f}]".ljust(68), f"{target:14} {verdict}")


def main():
    figures = read(sys.argv[1])

    def of(name, key):
        return figures.get(name, {}).get(key, [])

    for workload, ours, theirs, target in AT_MOST:
        a, b = of(f"{ours}/{workload}", CPU), of(f"{theirs}/{workload}", CPU)
        if a and b:
            median = statistics.median(a) / statistics.median(b)
            say(f"{workload} {ours} ÷ {theirs}", median, max(a) / min(b), f"≤ {target}", lambda x, t=target: x <= t)
    for workload, ours, theirs, target in AT_LEAST:
        a, b = of(f"{ours}/{workload}", CPU), of(f"{theirs}/{workload}", CPU)
        if a and b:
            median = statistics.median(b) / statistics.median(a)
            say(f"{workload} {theirs} ÷ {ours}", median, min(b) / max(a), f"≥ {target}", lambda x, t=target: x >= t)

    for what, ours, theirs, key, target in [
        ("W4 database without total ÷ with", "erpmax-page", "erpmax-gql", DATABASE_CPU, 0.2),
        ("W4 database, page 400 ÷ page 1", "erpmax-page400", "erpmax-page", DATABASE_CPU, 1.5),
        ("W4 server, page 400 ÷ page 1", "erpmax-page400", "erpmax-page", CPU, 1.5),
    ]:
        a, b = of(f"{ours}/W4", key), of(f"{theirs}/W4", key)
        if a and b:
            median = statistics.median(a) / statistics.median(b)
            say(what, median, max(a) / min(b), f"≤ {target}", lambda x, t=target: x <= t)

    statements = of("erpmax/W1/sql", "per_req")
    if statements:
        # Four a second, whatever the load: a plan that changed must show within one.
        median = statistics.median(statements)
        say("W1 SQL statements per request", median, max(statements), "≤ 0.01", lambda x: x <= 0.01, 4)
    p99 = of("during-flood/W2", "p99_ms")
    if p99:
        say("W11 p99 in ms", statistics.median(p99), max(p99), "≤ 250", lambda x: x <= 250, 1)
        served = of("during-flood/W2", "rps")
        say("W11 requests served a second, of 50", statistics.median(served), min(served), "≥ 49", lambda x: x >= 49, 1)
    resident = of("erpmax/after", "server_rss_mib")
    if resident:
        permits = max(1, os.cpu_count() - 1)
        limit = 50 + 19 * permits
        say("resident memory after load, MiB", resident[-1], resident[-1], f"≤ {limit}", lambda x: x <= limit, 1)
    errors = sum(sum(row.get("errors", [])) for row in figures.values())
    say("requests that failed, in all", errors, errors, "0", lambda x: x == 0, 0)


if __name__ == "__main__":
    main()

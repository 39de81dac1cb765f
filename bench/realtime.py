#!/usr/bin/env python3
"""What became of the targets of W9 and W10: ratios between servers of the same rounds.

Prints each ratio as median of ours to median of theirs, and in brackets the least favourable one: the
worst round of ours to the best of theirs. A target is met when that one meets it too.
"""
import statistics
import sys

from targets import read, say

MESSAGES = "msgs_per_server_cpu_s"
MEMORY = "rss_kib_per_conn"
# (workload, the other's, figure, target, whether more is better)
TARGETS = [
    ("W9", "node", MESSAGES, 1.3, True),
    ("W9", "floor", MESSAGES, 0.6, True),
    ("W9", "node", MEMORY, 0.5, False),
    ("W10", "node", MESSAGES, 2.5, True),
    ("W10", "floor", MESSAGES, 0.45, True),
]
FAILURES = ["failed", "lost", "incomplete", "trigger_errors"]


def main():
    figures = read(sys.argv[1])
    sizes = sorted({int(name.rsplit("-", 1)[1]) for name in figures})
    for workload, theirs, figure, target, more in TARGETS:
        for size in sizes:
            a, b = (figures.get(f"{who}/{workload}-{size}", {}).get(figure) for who in ("erpmax", theirs))
            # Too short a run uses no time that the system has counted.
            if not (a and b and min(b) > 0):
                continue
            median = statistics.median(a) / statistics.median(b)
            worst = min(a) / max(b) if more else max(a) / min(b)
            what = "messages per CPU second" if figure == MESSAGES else "memory per connection"
            met = (lambda x, t=target: x >= t) if more else (lambda x, t=target: x <= t)
            say(f"{workload} {size}: {what} ÷ {theirs}", median, worst, f"{'≥' if more else '≤'} {target}", met)
    wrong = sum(sum(row.get(key, [])) for row in figures.values() for key in FAILURES)
    say("connections and waves that failed, in all", wrong, wrong, "0", lambda x: x == 0, 0)


main()

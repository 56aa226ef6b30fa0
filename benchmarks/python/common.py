"""The measuring side's protocol: a line when it listens, a line when the other side is there, then a figure a round."""

import json
import sys
import time


def laps(trip, count):
    """`count` round trips: their mean, median and 99th percentile in nanoseconds."""
    times = []
    begun = last = time.perf_counter_ns()
    for _ in range(count):
        trip()
        now = time.perf_counter_ns()
        times.append(now - last)
        last = now
    times.sort()
    middle = times[(len(times) - 1) // 2]
    slow = times[int((len(times) - 1) * 0.99)]
    return {"value": (last - begun) / count, "p50": middle, "p99": slow}


def serve(round_of):
    """Answers each line of standard input, a number, with a figure."""
    say("connected")
    for line in iter(sys.stdin.readline, ""):
        say(json.dumps(round_of(int(line))))


def say(line):
    print(line, flush=True)

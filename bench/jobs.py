#!/usr/bin/env python3
"""A thousand jobs through RabbitMQ: sign-ups that each ask for a site, one server, two workers.

    ERPMAX=target/release/erpmax bench/jobs.py [--jobs 1000] [--workers 2]

Drops and makes the database erpmax_jobs. Sites are simulated without waiting, so that what is
measured is everything around them. Prints what was accepted and done, how fast, the CPU time of each
part per job, and whether anything was lost or doubled; fails when something was.
"""
import argparse
import json
import os
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
POSTGRES = os.environ.get("BENCH_POSTGRES", "postgres://postgres@127.0.0.1:5432")
DATABASE = f"{POSTGRES}/erpmax_jobs"


def psql(database, *statements):
    command = ["psql", "-qtA", database]
    for statement in statements:
        command += ["-c", statement]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def cpu(pid):
    """Seconds that a process has used, with its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[11:15]) / TICK


def family(root):
    """A process and all its descendants."""
    children = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, new = [], [root]
    while new:
        pid = new.pop()
        found.append(pid)
        new += children.get(pid, [])
    return found


def used(root):
    total = 0
    for pid in family(root):
        try:
            total += cpu(pid)
        except OSError:
            pass
    return total


def oldest(name):
    pids = subprocess.run(["pgrep", "-o", "-f", name], capture_output=True, text=True).stdout.split()
    return int(pids[0]) if pids else None


def sign_up(base, n):
    body = json.dumps({
        "email": f"owner{n}@example.com", "password": "SecurePass123!",
        "full_name": f"Owner {n}", "company_name": f"Company {n}",
    }).encode()
    request = urllib.request.Request(
        f"{base}/api/v1/auth/register", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        assert reply.status == 201


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--jobs", type=int, default=1000)
    arguments.add_argument("--workers", type=int, default=2)
    asked = arguments.parse_args()
    program = os.environ.get("ERPMAX", "target/release/erpmax")
    port = int(os.environ.get("BENCH_PORT", "8190"))
    base = f"http://127.0.0.1:{port}"
    psql(f"{POSTGRES}/postgres", "drop database if exists erpmax_jobs with (force)",
         "create database erpmax_jobs")
    directory = tempfile.mkdtemp(prefix="erpmax-jobs-")
    settings = {
        **os.environ,
        "ENVIRONMENT": "development", "HOST": "127.0.0.1", "PORT": str(port),
        "DATA_DIR": directory, "DATABASE_URL": f"{DATABASE}?sslmode=disable",
        "REDIS_URL": os.environ.get("BENCH_REDIS", "redis://127.0.0.1:6379/9"),
        "RABBITMQ_URL": os.environ.get("BENCH_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672"),
        "RABBITMQ_PREFIX": "jobsbench", "REDIS_PREFIX": "jobsbench:", "RATE_LIMIT_SCALE": "1000000",
        "PROVISION_ON_SIGNUP": "true", "PROVISIONER": "dry-run",
        "PROVISION_DRY_RUN_MILLISECONDS": "0", "LOG_FORMAT": "json",
    }
    logs, processes = [], {}

    def start(name, command):
        log = open(f"{directory}/{name}.log", "w")
        logs.append(log)
        processes[name] = subprocess.Popen(
            [program, command], env=settings, stdout=log, stderr=subprocess.STDOUT)

    try:
        start("server", "serve")
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{base}/health/ready", timeout=5)
                break
            except OSError:
                time.sleep(0.1)
        for n in range(asked.workers):
            start(f"worker {n + 1}", "worker")
        watched = {name: process.pid for name, process in processes.items()}
        watched["PostgreSQL"] = oldest("postgres -D|postgresql.*postgres")
        watched["RabbitMQ"] = oldest("beam.smp")
        before = {name: used(pid) for name, pid in watched.items() if pid}
        began = time.monotonic()
        numbers = iter(range(asked.jobs))
        lock, failures = threading.Lock(), []

        def client():
            while True:
                with lock:
                    n = next(numbers, None)
                if n is None:
                    return
                try:
                    sign_up(base, n)
                except Exception as error:
                    failures.append(f"sign-up {n}: {error}")

        clients = [threading.Thread(target=client) for _ in range(8)]
        for thread in clients:
            thread.start()
        for thread in clients:
            thread.join()
        accepted = time.monotonic() - began
        while time.monotonic() - began < 600:
            left = int(psql(DATABASE, "select count(*) from provisioning_jobs "
                                      "where status in ('pending', 'in_progress')"))
            if left == 0:
                break
            time.sleep(0.1)
        done = time.monotonic() - began
        spent = {name: used(pid) - before[name] for name, pid in watched.items() if pid}
        facts = psql(
            DATABASE,
            "select count(*), count(*) filter (where status = 'completed'), max(fence) from provisioning_jobs",
            "select count(*), count(distinct (job_id, position)), max(tries), "
            "count(*) filter (where status = 'completed' and not found) from provisioning_steps",
            "select count(*), count(*) filter (where status = 'active') from sites",
            "select count(*) from tenants where status = 'active'",
            "select count(*) from outbox",
        ).splitlines()
    finally:
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            process.wait(30)
    jobs, completed, fence = map(int, facts[0].split("|"))
    steps, distinct, tries, performed = map(int, facts[1].split("|"))
    sites, active = map(int, facts[2].split("|"))
    tenants, outbox = int(facts[3]), int(facts[4])
    print(f"accepted {jobs} jobs in {accepted:.1f} s; {completed} completed after {done:.1f} s in all "
          f"({completed / done:.0f} a second), last one {done - accepted:.1f} s after the last was accepted")
    print(f"steps {steps}, distinct {distinct}, performed {performed}, most tries {tries}, most claims {fence}; "
          f"sites {sites}, active {active}, tenants active {tenants}; left in the outbox {outbox}")
    for name, seconds in spent.items():
        print(f"{name:12} {seconds / max(jobs, 1) * 1000:7.2f} ms of CPU per job")
    whole = (jobs == completed == sites == active == tenants == asked.jobs and steps == distinct == performed
             and tries == 1 and fence == 1 and outbox == 0)
    print("none lost, none doubled" if whole and not failures else f"SOMETHING IS WRONG {failures[:3]}")
    raise SystemExit(0 if whole and not failures else 1)


main()

#!/usr/bin/env bash
# W9 and W10 of the shared bench: many who listen, and one event after another that all of them hear. This
# server (release build, PostgreSQL, Redis, RabbitMQ, production settings), Node's socket.io and graphql-ws,
# and the floor, in alternating rounds. Every measurement has a server of its own, just started, because
# memory is compared. Prints the medians and what became of the targets; docs/PERFORMANCE.md says what they mean.
#   SHARED_BENCH=…/bench bench/realtime.sh [1000 5000]
# What makes everybody hear something here is a job that is asked for and waits: no worker takes it.
# Drops and makes the database erpmax_realtime_bench. Everything below may be set.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd) repo=$(dirname "$here")
shared=${SHARED_BENCH:?is the folder of the shared bench}
work=${BENCH_WORK:-$repo/target/bench} # tools, peers, logs, results
results=${RESULTS:-$work/realtime.jsonl}
postgres=${BENCH_POSTGRES:-postgres://postgres@127.0.0.1:5432}
redis=${BENCH_REDIS:-redis://127.0.0.1:6379/9}
rabbitmq=${BENCH_RABBITMQ:-amqp://guest:guest@127.0.0.1:5672}
rounds=${ROUNDS:-3} port=${BENCH_PORT:-8200}
erpmax=${ERPMAX:-$repo/target/release/erpmax}
peers=${PEERS:-$work/peers}
erpbench=${ERPBENCH:-$work/load/release/erpbench}
waves=${WAVES:-60} workloads=${WORKLOADS:-W9 W10}
url=http://127.0.0.1:$port
# Whose CPU seconds count as the database's.
DB_PIDS=${DB_PIDS:-$(pgrep -o -x postgres),$(pgrep -o redis-server)}
# One secret for all: a token of ours then works for the peers and the floor.
export SECRET_KEY=benchmark-benchmark-benchmark-00
# As in production; only what one person with one address may do is raised, who is everybody here.
settings=(
  ENVIRONMENT=production HOST=127.0.0.1 PORT="$port" PUBLIC_URL="$url" ALLOWED_ORIGINS=http://localhost:3000
  DATA_DIR="$work/data" DATABASE_URL="$postgres/erpmax_realtime_bench?sslmode=disable"
  REDIS_URL="$redis" REDIS_PREFIX=benchrt: RABBITMQ_URL="$rabbitmq" RABBITMQ_PREFIX=benchrt WORKER_IN_PROCESS=no
  RATE_LIMIT_SCALE=1000000 MAX_CONNECTIONS=30000 MAX_CONNECTIONS_PER_ADDRESS=30000
  REALTIME_CONNECTIONS_PER_USER=30000 REALTIME_MAX_CONNECTIONS=30000
  PROVISION_MAX_PENDING=100000 ACCESS_TOKEN_EXPIRE_MINUTES=600
)
peer=(env NODE_ENV=production PORT="$port" DATABASE_URL= WORKERS=1)
query='subscription { provisioning { ... on ProvisioningStatusUpdate { cursor jobId status progress message } } }'
triggered=(--trigger-path /api/v1/provisioning/jobs --trigger-body '{"job_type": "create_site"}')

build() {
  mkdir -p "$work"
  if [ ! -x "$erpbench" ]; then
    # A copy, because cargo writes a lock file beside the manifest.
    cp -r "$shared/load" "$work/tools" && chmod -R u+w "$work/tools"
    cargo build --release --manifest-path "$work/tools/Cargo.toml" --target-dir "$work/load"
  fi
  [ -n "${ERPMAX:-}" ] || (cd "$repo" && cargo build --release --locked)
  if [ ! -d "$peers/node_modules" ]; then
    mkdir -p "$peers" && cp "$shared"/peers/* "$peers" && chmod -R u+w "$peers"
    (cd "$peers" && npm install --no-audit --no-fund --silent)
  fi
}

pid=
start() { # name, command: runs it and waits until it listens
  local name=$1 patience=$((SECONDS + 60))
  "${@:2}" > "$work/realtime-$name.log" 2>&1 &
  pid=$!
  until (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null; do
    if ! kill -0 "$pid" 2> /dev/null || ((SECONDS > patience)); then
      echo "$name does not start, see $work/realtime-$name.log" >&2
      exit 1
    fi
    sleep 0.2
  done
}

stop() {
  [ -z "$pid" ] || { kill "$pid" && wait "$pid" || true; } 2> /dev/null
  pid=
}

# Somebody with a company, in a database that is new; their token is everybody's.
prepare() {
  psql -q "$postgres/postgres" -c "drop database if exists erpmax_realtime_bench with (force)" \
    -c "create database erpmax_realtime_bench"
  env "${settings[@]}" "$erpmax" migrate up > "$work/realtime-migrate.log" 2>&1
  start erpmax env "${settings[@]}" "$erpmax" serve
  BENCH_TOKEN=$(curl -sf "$url/api/v1/auth/register" -H 'content-type: application/json' -d '{
    "email": "bench@example.com", "password": "SecurePass123!", "full_name": "Ann Lee", "company_name": "Acme"}' |
    sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  export BENCH_TOKEN
  stop
}

measure() { # label, subcommand, clients, more
  BASE_URL=$url SERVER_PIDS=$pid DB_PIDS=$DB_PIDS "$erpbench" "$2" --name "$1-$3" -n "$3" \
    --waves "$waves" "${@:4}" >> "$results"
  stop
}

socketio() { # clients
  start floor env PORT="$port" "$(dirname "$erpbench")/limit-ws"
  measure floor/W9 sio "$1"
  start erpmax env "${settings[@]}" "$erpmax" serve
  measure erpmax/W9 sio "$1" --event '"status:update"' "${triggered[@]}"
  start node "${peer[@]}" node "$peers/socketio.mjs"
  measure node/W9 sio "$1"
}

graphql() { # clients
  start floor env PORT="$port" "$(dirname "$erpbench")/limit-ws"
  measure floor/W10 gqlws "$1" --query "$query"
  start erpmax env "${settings[@]}" "$erpmax" serve
  measure erpmax/W10 gqlws "$1" --query "$query" "${triggered[@]}"
  start node "${peer[@]}" node "$peers/gqlws.mjs"
  measure node/W10 gqlws "$1" --query 'subscription { jobUpdates { seq tenant_id status progress message } }'
}

round() {
  local clients
  for clients in "$@"; do
    [[ $workloads != *W9* ]] || socketio "$clients"
    [[ $workloads != *W10* ]] || graphql "$clients"
  done
}

# A socket is an open file, at both ends.
ulimit -n "$(ulimit -Hn)"
build
trap stop EXIT
prepare
[ -n "${KEEP:-}" ] || : > "$results"
for n in $(seq "$rounds"); do
  echo "round $n of $rounds" >&2
  round ${*:-1000 5000}
done
python3 "$shared/summary.py" "$results" \
  msgs_per_server_cpu_s,rss_kib_per_conn,db_cpu_us_per_msg,connects_per_s,msgs_per_s,p99_ms,failed,lost,incomplete,trigger_errors
python3 "$here/realtime.py" "$results"

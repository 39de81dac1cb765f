#!/usr/bin/env bash
# Alternating rounds of the shared bench: this server (release build, PostgreSQL, Redis, production
# settings), the peers and the floors. Prints a table of medians; docs/PERFORMANCE.md says what it means.
#   SHARED_BENCH=…/bench bench/run.sh [W1 W2 W3 W5 W8 W11]
# Drops and makes the databases erpmax_bench and peer_bench. Everything below may be set.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd) repo=$(dirname "$here")
shared=${SHARED_BENCH:?is the folder of the shared bench}
work=${BENCH_WORK:-$repo/target/bench} # tools, peers, logs, results
results=${RESULTS:-$work/results.jsonl}
postgres=${BENCH_POSTGRES:-postgres://postgres@127.0.0.1:5432}
redis=${BENCH_REDIS:-redis://127.0.0.1:6379/9}
rounds=${ROUNDS:-5} port=${BENCH_PORT:-8100}
servers=${SERVERS:-erpmax floor node postgraphile}
erpmax=${ERPMAX:-$repo/target/release/erpmax}
peers=${PEERS:-$work/peers}
export SECS=${SECS:-4} ERPBENCH=${ERPBENCH:-$work/load/release/erpbench}
# Whose CPU seconds count as the database's.
export DB_PIDS=${DB_PIDS:-$(pgrep -o -x postgres),$(pgrep -o redis-server)}
# One secret for all: a token of ours then works for the peers and the floor.
export SECRET_KEY=benchmark-benchmark-benchmark-00
export BENCH_EMAIL=bench@example.com BENCH_PASSWORD='SecurePass123!'
# Argon2id of that password: 19 MiB, 2 passes, 1 lane.
hash='$argon2id$v=19$m=19456,t=2,p=1$JGGY/g0/5TdGyyPaJbXY9w$xIlLYXKvfXORl73YGC4oG8mlVlldWSuRJBvsf2ZOzxc'
# As in production, JSON lines included; only the rates are raised.
settings=(
  ENVIRONMENT=production HOST=127.0.0.1 PORT="$port" PUBLIC_URL="http://127.0.0.1:$port"
  DATA_DIR="$work/data" DATABASE_URL="$postgres/erpmax_bench" REDIS_URL="$redis" REDIS_PREFIX=bench:
  ALLOWED_ORIGINS=http://localhost:3000 RATE_LIMIT_SCALE=1000000
)

build() {
  mkdir -p "$work/runner"
  [ -x "$ERPBENCH" ] || cargo build --release --manifest-path "$shared/load/Cargo.toml" --target-dir "$work/load"
  [ -n "${ERPMAX:-}" ] || (cd "$repo" && cargo build --release)
  if [ ! -d "$peers/node_modules" ]; then
    mkdir -p "$peers" && cp "$shared"/peers/* "$peers"
    (cd "$peers" && npm install --no-audit --no-fund --silent)
  fi
  # The shared script looks for queries beside itself; ours fit the schema as it is, and have no jobs.
  ln -sfn "$shared/run.sh" "$work/runner/run.sh"
  ln -sfn "$here/queries" "$work/runner/queries"
}

databases() {
  local name
  for name in erpmax_bench peer_bench; do
    psql -q "$postgres/postgres" -c "drop database if exists $name with (force)" -c "create database $name"
  done
  psql -q "$postgres/peer_bench" -f "$shared/sql/schema.sql"
  psql -q "$postgres/peer_bench" -v hash="$hash" -f "$shared/sql/seed.sql"
  env "${settings[@]}" "$erpmax" migrate up > "$work/migrate.log" 2>&1
  psql -q "$postgres/erpmax_bench" -v ON_ERROR_STOP=1 -v hash="$hash" -f "$here/seed.sql"
}

declare -A pids urls
start() { # name, address, command: runs it and waits for its first answer
  local name=$1 url=$2
  "${@:3}" > "$work/$name.log" 2>&1 &
  pids[$name]=$! urls[$name]=$url
  curl -s -o /dev/null --retry 50 --retry-delay 1 --retry-connrefused --max-time 60 "$url/"
}

start_servers() {
  local database="$postgres/peer_bench" name url
  for name in $servers; do
    url=http://127.0.0.1:$port
    case $name in
      erpmax) start erpmax "$url" env "${settings[@]}" "$erpmax" serve ;;
      floor) start floor "$url" env PORT="$port" DATABASE_URL="$database" "$(dirname "$ERPBENCH")/limit-http" ;;
      node) start node "$url" env PORT="$port" DATABASE_URL="$database" WORKERS=1 node "$peers/mercurius.mjs" ;;
      postgraphile) start postgraphile "$url" env PORT="$port" DATABASE_URL="$database" WORKERS=1 node "$peers/postgraphile.mjs" ;;
    esac
    port=$((port + 1))
  done
}

login() {
  curl -sf "${urls[erpmax]}/api/v1/auth/login" -H 'content-type: application/json' \
    -d "{\"email\":\"$BENCH_EMAIL\",\"password\":\"$BENCH_PASSWORD\"}" |
    sed 's/.*"access_token":"\([^"]*\)".*/\1/'
}

one() { # label, server, workload, dialect
  [ -n "${urls[$2]:-}" ] || return 0
  LABEL=$1 BASE_URL=${urls[$2]} SERVER_PIDS=${pids[$2]} "$work/runner/run.sh" "$3" "${4:-rest}" >> "$results"
}

# What a hash costs without a server around it.
bare_hash() {
  { timeout 6 "$(dirname "$ERPBENCH")/limit-hash" || true; } | head -1 |
    awk -F'[:,}]' '{ printf "{\"name\":\"argon2id/W5\",\"rps\":%s,\"server_cpu_us_per_req\":%.0f}\n", $8, $10 / $6 * 1e6 }' >> "$results"
}

round() {
  local w
  for w in "$@"; do
    case $w in
      W1 | W2 | W3)
        [ $w = W3 ] || one floor floor $w
        one erpmax erpmax $w
        one fastify node $w
        one erpmax-gql erpmax $w erpmax
        one mercurius node $w mercurius
        one postgraphile postgraphile $w postgraphile
        ;;
      W8)
        one erpmax-gql erpmax W8 erpmax
        one mercurius node W8 mercurius
        one postgraphile postgraphile W8 postgraphile
        ;;
      W5)
        bare_hash
        CONNS=8 one erpmax erpmax W5
        # So many sign-ins have ended the session of the token.
        BENCH_TOKEN=$(login)
        ;;
      W11) # W2 at 50 requests a second while eight others sign in without a pause
        CONNS=8 SECS=$((SECS + 3)) BENCH_EMAIL=user2@example.com one flood erpmax W5 &
        sleep 1.5
        RATE=50 CONNS=8 one during-flood erpmax W2
        wait $!
        ;;
    esac
  done
}

build
databases
trap 'kill "${pids[@]}"; wait' EXIT
start_servers
[ -n "${KEEP:-}" ] || : > "$results"
for n in $(seq "$rounds"); do
  echo "round $n of $rounds" >&2
  BENCH_TOKEN=$(login)
  export BENCH_TOKEN
  round ${*:-W1 W2 W3 W8 W5 W11}
done
"$ERPBENCH" cpu --pids "${pids[erpmax]}" | sed 's/^{/{"name":"erpmax\/after",/; s/rss_mib/server_rss_mib/' >> "$results"
python3 "$shared/summary.py" "$results"

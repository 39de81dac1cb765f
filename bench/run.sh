#!/usr/bin/env bash
# Alternating rounds of the shared bench: this server (release build, PostgreSQL, Redis, production
# settings), the peers and the floors. Builds and seeds what it needs, prints the medians and what
# became of the targets; docs/PERFORMANCE.md says what they mean.
#   SHARED_BENCH=…/bench bench/run.sh [W1 W2 W3 W4 W5 W8 W11]
# Drops and makes the databases erpmax_bench and peer_bench. Everything below may be set.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd) repo=$(dirname "$here")
shared=${SHARED_BENCH:?is the folder of the shared bench}
work=${BENCH_WORK:-$repo/target/bench} # tools, peers, logs, results
results=${RESULTS:-$work/results.jsonl}
postgres=${BENCH_POSTGRES:-postgres://postgres@127.0.0.1:5432}
redis=${BENCH_REDIS:-redis://127.0.0.1:6379/9}
rabbitmq=${BENCH_RABBITMQ:-amqp://guest:guest@127.0.0.1:5672}
rounds=${ROUNDS:-5} port=${BENCH_PORT:-8100}
servers=${SERVERS:-erpmax floor node postgraphile}
erpmax=${ERPMAX:-$repo/target/release/erpmax}
peers=${PEERS:-$work/peers}
metrics=127.0.0.1:$((port + 90))
export SECS=${SECS:-4} ERPBENCH=${ERPBENCH:-$work/load/release/erpbench}
# Whose CPU seconds count as the database's.
export DB_PIDS=${DB_PIDS:-$(pgrep -o -x postgres),$(pgrep -o redis-server)}
# One secret for all: a token of ours then works for the peers and the floor.
export SECRET_KEY=benchmark-benchmark-benchmark-00
export BENCH_EMAIL=bench@example.com BENCH_PASSWORD='SecurePass123!'
# Argon2id of that password: 19 MiB, 2 passes, 1 lane.
hash='$argon2id$v=19$m=19456,t=2,p=1$JGGY/g0/5TdGyyPaJbXY9w$xIlLYXKvfXORl73YGC4oG8mlVlldWSuRJBvsf2ZOzxc'
# As in production, JSON lines included; only the rates are raised. To the database without TLS, like the
# peers and the floor.
settings=(
  ENVIRONMENT=production HOST=127.0.0.1 PORT="$port" PUBLIC_URL="http://127.0.0.1:$port"
  DATA_DIR="$work/data" DATABASE_URL="$postgres/erpmax_bench?sslmode=disable" REDIS_URL="$redis" REDIS_PREFIX=bench:
  RABBITMQ_URL="$rabbitmq" RABBITMQ_PREFIX=bench WORKER_IN_PROCESS=yes
  ALLOWED_ORIGINS=http://localhost:3000 RATE_LIMIT_SCALE=1000000 METRICS_ADDR="$metrics"
)

build() {
  mkdir -p "$work/runner"
  if [ ! -x "$ERPBENCH" ]; then
    # A copy, because cargo writes a lock file beside the manifest.
    cp -r "$shared/load" "$work/tools" && chmod -R u+w "$work/tools"
    cargo build --release --manifest-path "$work/tools/Cargo.toml" --target-dir "$work/load"
  fi
  [ -n "${ERPMAX:-}" ] || (cd "$repo" && cargo build --release --locked)
  if [ ! -d "$peers/node_modules" ]; then
    mkdir -p "$peers" && cp "$shared"/peers/* "$peers" && chmod -R u+w "$peers"
    (cd "$peers" && npm install --no-audit --no-fund --silent)
  fi
  # The shared script looks for queries beside itself; ours fit the schema as it is.
  ln -sfn "$shared/run.sh" "$work/runner/run.sh"
  ln -sfn "$here/queries" "$work/runner/queries"
}

# PostGraphile wants Node 22; an older one is given what it lacks, and no more of core-js than that.
lacking() {
  [ "$(node -p 'parseInt(process.versions.node)')" -lt 22 ] || return 0
  [ -d "$peers/node_modules/core-js" ] || (cd "$peers" && npm install --no-audit --no-fund --silent --no-save core-js)
  echo "--import $peers/node_modules/core-js/es/iterator/index.js --import $peers/node_modules/core-js/es/promise/with-resolvers.js"
}

databases() {
  local name
  for name in erpmax_bench peer_bench; do
    psql -q "$postgres/postgres" -c "drop database if exists $name with (force)" -c "create database $name"
  done
  psql -q "$postgres/peer_bench" -v ON_ERROR_STOP=1 -f "$shared/sql/schema.sql"
  psql -q "$postgres/peer_bench" -v ON_ERROR_STOP=1 -v hash="$hash" -f "$shared/sql/seed.sql"
  env "${settings[@]}" "$erpmax" migrate up > "$work/migrate.log" 2>&1
  psql -q "$postgres/erpmax_bench" -v ON_ERROR_STOP=1 -v hash="$hash" -f "$here/seed.sql"
}

declare -A pids urls
start() { # name, address, command: runs it and waits until it listens
  local name=$1 url=$2 patience=$((SECONDS + 60))
  "${@:3}" > "$work/$name.log" 2>&1 &
  pids[$name]=$! urls[$name]=$url
  until (: < "/dev/tcp/127.0.0.1/${url##*:}") 2> /dev/null; do
    if ! kill -0 "${pids[$name]}" 2> /dev/null || ((SECONDS > patience)); then
      echo "$name does not start, see $work/$name.log" >&2
      exit 1
    fi
    sleep 0.2
  done
}

start_servers() {
  local database="$postgres/peer_bench" name url
  for name in $servers; do
    url=http://127.0.0.1:$port
    local peer=(env NODE_ENV=production PORT="$port" DATABASE_URL="$database" WORKERS=1)
    case $name in
      erpmax) start erpmax "$url" env "${settings[@]}" "$erpmax" serve ;;
      floor) start floor "$url" env PORT="$port" DATABASE_URL="$database" "$(dirname "$ERPBENCH")/limit-http" ;;
      node) start node "$url" "${peer[@]}" node "$peers/mercurius.mjs" ;;
      postgraphile) start postgraphile "$url" "${peer[@]}" NODE_OPTIONS="$(lacking)" node "$peers/postgraphile.mjs" ;;
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

# Requests answered and statements sent until now, as the server counts them.
counted() {
  curl -sf "http://$metrics/metrics" | awk '
    /^erpmax_http_requests_total/ { requests += $NF }
    /^erpmax_sql_statements_total/ { statements += $NF }
    END { print requests + 0, statements + 0 }'
}

ours() { # label, workload, dialect: like one, and how many statements a request took
  local before after
  before=$(counted)
  one "$1" erpmax "${@:2}"
  after=$(counted)
  awk -v name="$1/$2" -v before="$before" -v after="$after" 'BEGIN {
    split(before, b); split(after, a)
    printf "{\"name\":\"%s/sql\",\"per_req\":%.4f}\n", name, (a[2] - b[2]) / (a[1] - b[1])
  }' >> "$results"
}

# Page 400 of a list of 10 000, by its cursor.
deep() {
  local url=${urls[erpmax]}/graphql cursor='' query page
  for page in $(seq 80); do
    query='{ tenant { provisioningJobs(first: '$((page < 80 ? 100 : 80))${cursor:+", after: \\\"$cursor\\\""}') { pageInfo { endCursor } } } }'
    cursor=$(curl -sf "$url" -H "authorization: Bearer $BENCH_TOKEN" -H 'content-type: application/json' \
      -d "{\"query\":\"$query\"}" | sed 's/.*"endCursor":"\([^"]*\)".*/\1/')
  done
  query=$(sed "s/first: 20/first: 20, after: \\\\\"$cursor\\\\\"/" "$here/queries/erpmax-page/W4.graphql")
  BASE_URL=${urls[erpmax]} SERVER_PIDS=${pids[erpmax]} "$ERPBENCH" http -c "${CONNS:-32}" -d "$SECS" --warmup 1 \
    --name erpmax-page400/W4 --method POST --path /graphql --body "{\"query\":\"$query\"}" \
    --expect '"Step 8000"' >> "$results"
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
        ours erpmax $w
        one fastify node $w
        ours erpmax-gql $w erpmax
        one mercurius node $w mercurius
        one postgraphile postgraphile $w postgraphile
        ;;
      W4)
        one floor floor W4
        ours erpmax W4
        one fastify node W4
        ours erpmax-gql W4 erpmax
        ours erpmax-page W4 erpmax-page
        deep
        one mercurius node W4 mercurius
        ;;
      W8)
        ours erpmax-gql W8 erpmax
        one mercurius node W8 mercurius
        one postgraphile postgraphile W8 postgraphile
        ;;
      W5)
        bare_hash
        CONNS=8 ours erpmax W5
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

# What the server holds at the end, and at most held.
memory() {
  local peak
  peak=$(awk '/^VmHWM/ { print $2 / 1024 }' "/proc/${pids[erpmax]}/status")
  "$ERPBENCH" cpu --pids "${pids[erpmax]}" |
    sed "s/^{/{\"name\":\"erpmax\/after\",\"server_peak_mib\":$peak,/; s/\"rss_mib/\"server_rss_mib/" >> "$results"
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
  round ${*:-W1 W2 W3 W4 W8 W5 W11}
done
memory
grep -v '/sql"' "$results" > "$results.load"
python3 "$shared/summary.py" "$results.load"
python3 "$here/targets.py" "$results"

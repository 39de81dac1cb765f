# The service in one image: `docker build --tag erpmax .` (BuildKit, which Docker uses since version 23).
# README says how to run it.

ARG DEBIAN=bookworm
ARG NODE=22
ARG RUST=1.95

# The pages that the program embeds. They show the documented operations.
FROM node:${NODE}-${DEBIAN}-slim AS web
WORKDIR /build/web
COPY web/.npmrc web/package.json web/package-lock.json ./
RUN --mount=type=cache,target=/root/.npm \
    npm ci --no-audit --no-fund
COPY docs/operations /build/docs/operations
COPY web ./
RUN npm run build

# The program. The image has the C compiler and the linker that some crates need.
FROM rust:${RUST}-slim-${DEBIAN} AS program
WORKDIR /build
COPY Cargo.toml Cargo.lock build.rs ./
COPY entity entity
COPY migration migration
COPY src src
COPY --from=web /build/web/dist web/dist
# What is in a cache is not in the image, so the program is taken out of it.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/build/target,sharing=locked \
    cargo build --locked --release --bin erpmax \
    && cp target/release/erpmax /erpmax

FROM debian:${DEBIAN}-slim
LABEL org.opencontainers.image.title="ERPMax Orchestrator" \
      org.opencontainers.image.description="The control plane of a SaaS that sells hosted ERPNext" \
      org.opencontainers.image.licenses="MIT"
# The certificates are for PostgreSQL and Redis over TLS. The user has a number that does not change,
# because files in a volume belong to numbers.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 erpmax \
    && useradd --uid 10001 --gid erpmax --no-create-home --home-dir /data --shell /usr/sbin/nologin erpmax \
    && install --directory --owner erpmax --group erpmax --mode 0750 /data
COPY --from=program /erpmax /usr/local/bin/erpmax

ENV HOST=0.0.0.0 \
    PORT=8000 \
    DATA_DIR=/data
VOLUME /data
EXPOSE 8000
# By number, so that it can be seen from outside that it is not root.
USER 10001:10001
# The program handles it as process 1, too; it needs no init.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 CMD ["erpmax", "healthcheck"]
ENTRYPOINT ["erpmax"]
CMD ["serve"]

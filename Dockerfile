# syntax=docker/dockerfile:1
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /driftless ./cmd/driftless

# git fetches, merges and checks out; the rest is one static binary. Engines are found on PATH or installed into the data directory.
# tini is process 1: it takes over what lost its parent, such as the provider of an engine that was killed, and lets it go when it ends.
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git openssh-client tini \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/driftless --create-home driftless
COPY --from=build /driftless /usr/local/bin/driftless
USER driftless
VOLUME /var/lib/driftless
ENTRYPOINT ["/usr/bin/tini", "--", "/usr/local/bin/driftless"]
CMD ["serve"]

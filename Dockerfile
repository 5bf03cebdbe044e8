# syntax=docker/dockerfile:1
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /driftless ./cmd/driftless

# git fetches, merges and checks out; the rest is one static binary. Engines are found on PATH or installed into the data directory.
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git openssh-client \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/driftless --create-home driftless
COPY --from=build /driftless /usr/local/bin/driftless
USER driftless
VOLUME /var/lib/driftless
ENTRYPOINT ["/usr/local/bin/driftless"]
CMD ["serve"]

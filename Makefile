# make build   bin/tdeproxy
# make test    every test with the race detector, against MariaDB 10.11 and MySQL 9.7; installs what it needs (root)
# make check   formatting, vet, staticcheck, floors and the tests that need no server
# make fuzz    every fuzz target for FUZZTIME
# make bench   direct, HAProxy and proxy figures side by side
# make demo    what the application reads and what upstream stores; ONCE=1 ends after the show
.PHONY: build test check lint fuzz bench demo compiler clean
.DELETE_ON_ERROR:

FUZZTIME ?= 10s
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
export TDEPROXY_BUILD_DIR ?= $(CURDIR)/.build
# A checkout that belongs to another user must build, too.
export GOFLAGS := -buildvcs=false $(GOFLAGS)

build:
	go build -trimpath -ldflags '-X main.version=$(VERSION)' -o bin/tdeproxy ./cmd/tdeproxy

# The race detector needs a C compiler.
compiler:
	@command -v gcc >/dev/null || scripts/packages.sh gcc libc6-dev

test: build compiler
	scripts/servers.sh run go test -race -count=1 -timeout 30m ./...

# The tests of e2e that read the tree itself, and start nothing.
TREE = Floors|Confined|Documentation|Sizes|NoInit|Names|Links|Readme|Dependencies

check: lint compiler
	env -u TDEPROXY_TEST_MARIADB -u TDEPROXY_TEST_MYSQL -u TDEPROXY_REQUIRE_SERVERS \
		go test -race -short $$(go list ./... | grep -v /e2e)
	go test ./e2e -run '$(TREE)'
	go test ./e2e/vectors

lint:
	@bad=$$(gofmt -l .); if [ -n "$$bad" ]; then echo "not formatted by gofmt:"; echo "$$bad"; exit 1; fi
	go vet ./...
	go tool -modfile=scripts/tools.mod staticcheck ./...

fuzz:
	scripts/fuzz.sh $(FUZZTIME)

bench: build
	scripts/packages.sh mariadb-server mariadb-client sysbench haproxy
	TDEPROXY_TEST_MYSQLD=$$(scripts/mysql97.sh) go run ./e2e/bench $(BENCHFLAGS)

demo: build
	scripts/packages.sh mariadb-server mariadb-client
	ONCE=$(ONCE) go run ./e2e/demo

clean:
	rm -rf bin .build

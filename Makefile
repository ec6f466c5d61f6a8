# make build   bin/tdeproxy
# make test    every test with the race detector, against MariaDB 10.11 and MySQL 9.7; installs what it needs (root)
# make check   formatting, vet, staticcheck, floors and the tests that need no server
# make fuzz    every fuzz target for FUZZTIME
# make bench   direct, HAProxy and proxy figures side by side
# make bench-tpch   TPC-H's 22 queries, plain and encrypted, compared; TPCHFLAGS
# make difftest  the MariaDB server's own regression suite, plain and encrypted, compared; DIFFTESTFLAGS and FILES
# make e2e-compose  the compose files, really run
# make deb, image, sbom, vulncheck  a Debian package, container images, what is in them, and known vulnerabilities
# make e2e-deb  the package installed into a clean root, run as its unit does, and removed; with Docker, under systemd, too
# make drivers   docs/drivers.md: the same work by every driver, plain and encrypted, compared
# make frameworks   docs/frameworks.md: GORM, Django, SQLAlchemy's and go-sql-driver's tests, plain and encrypted, compared
# make demo    what the application reads and what upstream stores; ONCE=1 ends after the show
.PHONY: build test check lint fuzz bench bench-tpch difftest drivers frameworks demo compiler debugger clean package-files deb image sbom vulncheck e2e-compose e2e-deb
.DELETE_ON_ERROR:

FUZZTIME ?= 10s
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
export TDEPROXY_BUILD_DIR ?= $(CURDIR)/.build
# A checkout that belongs to another user must build, too. One set of flags for all targets: what one has compiled, the others use.
export GOFLAGS := -buildvcs=false -trimpath $(GOFLAGS)

build:
	go build -ldflags '-X main.version=$(VERSION)' -o bin/tdeproxy ./cmd/tdeproxy

# The race detector needs a C compiler.
compiler:
	@command -v gcc >/dev/null || scripts/packages.sh gcc libc6-dev

# A test looks for keys in cores of the proxy.
debugger:
	@command -v gcore >/dev/null || scripts/packages.sh gdb

# Clients of the rotation test and of the driver matrix.
CLIENTS = python3-pymysql php-cli php-mysql libdbd-mariadb-perl libmariadb-java default-jdk-headless \
	python3-mysqldb python3-pyodbc odbc-mariadb libdbd-mysql-perl ruby-mysql2 libmariadb-dev mydumper
# Servers behind drivers of a KMS. Vault is built, once.
KMSES = softhsm2 python3-pykmip

test: build compiler debugger
	scripts/packages.sh $(CLIENTS) $(KMSES) mariadb-test chromium prometheus
	scripts/servers.sh run go test -race -count=1 -timeout 75m -tags pkcs11 ./...

# The tests of e2e that read the tree itself, and start nothing.
TREE = Floors|Confined|Documentation|Sizes|NoInit|Names|Links|Readme|Dependencies

check: lint compiler
	env -u TDEPROXY_TEST_MARIADB -u TDEPROXY_TEST_MYSQL -u TDEPROXY_TEST_VAULT -u TDEPROXY_REQUIRE_SERVERS \
		go test -race -short $$(go list ./... | grep -v /e2e)
	go test ./e2e -run '$(TREE)'
	go test ./e2e/vectors

lint: compiler
	@bad=$$(gofmt -l .); if [ -n "$$bad" ]; then echo "not formatted by gofmt:"; echo "$$bad"; exit 1; fi
	go vet ./...
	go vet -tags pkcs11 ./keyring/pkcs11kms ./cmd/tdeproxy
	go tool -modfile=scripts/tools.mod staticcheck ./...

fuzz:
	scripts/fuzz.sh $(FUZZTIME)

bench: build
	scripts/packages.sh mariadb-server mariadb-client sysbench haproxy
	TDEPROXY_TEST_MYSQLD=$$(scripts/mysql97.sh) go run ./e2e/bench $(BENCHFLAGS)

# The data generator is a module of its own, which is downloaded.
bench-tpch: build
	scripts/packages.sh mariadb-server mariadb-client
	TDEPROXY_TEST_BINARY=$(CURDIR)/bin/tdeproxy TDEPROXY_TEST_MYSQLD=$$(scripts/mysql97.sh) go run ./e2e/tpch $(TPCHFLAGS)

# 603 files: about a quarter of an hour on two quiet cores. FILES="union.test win.test" runs only those.
difftest: build
	scripts/packages.sh mariadb-server mariadb-client mariadb-test
	TDEPROXY_TEST_MYSQLD=$$(scripts/mysql97.sh) go run ./e2e/difftest -j 2 -known e2e/difftest/known.txt $(DIFFTESTFLAGS) $(FILES)

# Both servers, without the race detector.
drivers: build compiler
	scripts/packages.sh $(CLIENTS)
	TDEPROXY_TEST_BINARY=$(CURDIR)/bin/tdeproxy TDEPROXY_DRIVERS_TABLE=$(CURDIR)/docs/drivers.md \
		scripts/servers.sh run go test ./e2e -count=1 -timeout 40m -run 'TestDrivers$$'

frameworks: build compiler
	scripts/packages.sh $(CLIENTS) python3-django python3-sqlalchemy python3-pytest
	TDEPROXY_TEST_BINARY=$(CURDIR)/bin/tdeproxy TDEPROXY_FRAMEWORKS_TABLE=$(CURDIR)/docs/frameworks.md \
		scripts/servers.sh run go test ./e2e -tags frameworks -count=1 -timeout 40m -run 'TestFrameworks$$'

demo: build
	scripts/packages.sh mariadb-server mariadb-client
	ONCE=$(ONCE) go run ./e2e/demo

clean:
	rm -rf bin .build dist

# What packages and images hold beside the program. The program is static: it runs on any distribution.
package-files:
	CGO_ENABLED=0 go build -ldflags '-s -w -X main.version=$(VERSION)' -o bin/tdeproxy ./cmd/tdeproxy
	rm -rf .build/package && mkdir -p .build/package/empty
	bin/tdeproxy man .build/package/man
	bin/tdeproxy completion bash >.build/package/tdeproxy.bash
	bin/tdeproxy completion zsh >.build/package/_tdeproxy
	bin/tdeproxy completion fish >.build/package/tdeproxy.fish
	sed -e 's,"var/,"/var/lib/tdeproxy/,; s,file:var/,file:/var/lib/tdeproxy/,' config/template.toml >.build/package/tdeproxy.toml

# A Debian package in dist/.
deb: package-files
	mkdir -p dist
	ARCH=$$(go env GOARCH) VERSION=$(patsubst v%,%,$(PACKAGE_VERSION)) \
		go tool -modfile=scripts/release.mod nfpm package -f packaging/nfpm.yaml -p deb -t dist/
	dpkg-deb --info dist/tdeproxy_*.deb >/dev/null

PACKAGE_VERSION ?= $(shell git describe --tags 2>/dev/null | grep '^v[0-9]' || echo v0.0.0-devel)

# Container images, on the base images that scripts or registries have: mariadb:10.11, mysql:9.7, and none.
IMAGE ?= tdeproxy
image: package-files
	docker build -q -f packaging/docker/Dockerfile --build-arg BASE=mariadb:10.11 -t $(IMAGE):mariadb .
	docker build -q -f packaging/docker/Dockerfile --build-arg BASE=mysql:9.7 -t $(IMAGE):mysql .
	docker build -q -f packaging/docker/Dockerfile --build-arg BASE=scratch -t $(IMAGE):static .

# dist/sbom.json in CycloneDX, and dist/licences.csv of every module in the program. Both work offline, from the module cache.
sbom: build
	mkdir -p dist
	go tool -modfile=scripts/release.mod cyclonedx-gomod bin -json -output dist/sbom.json bin/tdeproxy
	scripts/licences.sh bin/tdeproxy >dist/licences.csv

# Known vulnerabilities of what is called; asks vuln.go.dev, or VULNDB=file:///folder that has a copy of it.
vulncheck:
	go tool -modfile=scripts/release.mod govulncheck $(if $(VULNDB),-db $(VULNDB)) ./...

# The compose files, alone with the driver matrix and then with Vault, brought up, used, rotated and taken down, on official images or on
# stand-ins of Debian's packages. COMPOSE names another tool than the one that is there.
e2e-compose: package-files compiler
	scripts/packages.sh mariadb-client curl $(CLIENTS)
	for i in mariadb:10.11 mysql:9.7 prom/prometheus:v2.42.0 hashicorp/vault:1.19; do docker pull -q $$i 2>/dev/null || { e2e/images/build.sh; break; }; done
	$(MAKE) image
	e2e/compose.sh mariadb compose.mariadb.yaml
	TDEPROXY_TEST_MYSQLD=$$(scripts/mysql97.sh) e2e/compose.sh mysql compose.yaml
	e2e/compose.sh mariadb compose.mariadb.yaml compose.vault.yaml
	e2e/compose.sh mysql compose.yaml compose.vault.yaml

# The Debian package, really installed: in a root that debootstrap makes, and where there is a Docker engine, under a systemd that runs.
e2e-deb: deb
	e2e/package.sh dist/tdeproxy_*.deb
	@if docker info >/dev/null 2>&1; then e2e/systemd.sh dist/tdeproxy_*.deb; else echo "no Docker engine: not tried under systemd"; fi

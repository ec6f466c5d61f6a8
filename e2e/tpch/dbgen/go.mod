module github.com/tdeproxy/tdeproxy/e2e/tpch/dbgen

go 1.26.8

require github.com/pingcap/go-tpc v1.0.12

require (
	go.uber.org/atomic v1.9.0 // indirect
	golang.org/x/sync v0.1.0 // indirect
)

// Command demo shows the proxy at work: it starts a private MariaDB with every
// log on and the proxy in front of it, writes customers through an ordinary
// driver, shows what the application reads beside what the server stores,
// searches the server's files for every plaintext, and then serves until
// Ctrl-C. With ONCE=1 in the environment it ends after the show.
//
//	go run ./e2e/demo [-customers 3000]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
)

func main() {
	customers := flag.Int("customers", 3000, "how many customers to write")
	server := flag.String("server", "mariadb", "mariadb or mysql (TDEPROXY_TEST_MYSQLD names its mysqld)")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	d := &demo{flavour: harness.Flavour(*server), count: max(*customers, 10)}
	err := d.run(ctx)
	d.stop()
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "\ndemo:", err)
		os.Exit(1)
	}
}

// demo is the running show.
type demo struct {
	flavour harness.Flavour
	count   int
	dir     string
	server  *harness.Server
	proxy   *harness.Proxy
	people  []customer
}

func (d *demo) run(ctx context.Context) error {
	for i, step := range []struct {
		title string
		do    func(context.Context) error
	}{
		{"A database server and the proxy", d.start},
		{"An application writes customers, through the proxy", d.write},
		{"The same rows, seen from both sides", d.show},
		{"The application searches, sorts out, changes", d.use},
		{"Search all that the server holds for the plaintext", d.search},
	} {
		fmt.Printf("\n%d. %s\n\n", i+1, step.title)
		if err := step.do(ctx); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if os.Getenv("ONCE") != "" {
		fmt.Println("\nDone (ONCE is set: not serving on).")
		return nil
	}
	return d.serve(ctx)
}

func (d *demo) start(context.Context) error {
	var err error
	if d.dir, err = os.MkdirTemp("", "tdeproxy-demo-"); err != nil {
		return err
	}
	begun := time.Now()
	step("building the proxy")
	binary, err := harness.BuildProxy(d.dir, false)
	if err != nil {
		return err
	}
	done(begun)
	begun = time.Now()
	step("starting a private server with general log, slow log and row binlog on")
	if d.server, err = harness.StartServer(d.flavour, harness.ServerOptions{Logs: true}); err != nil {
		return err
	}
	done(begun)
	begun = time.Now()
	step(`starting the proxy: every table of the database "shop" is encrypted`)
	d.proxy, err = harness.StartProxy(harness.ProxyOptions{Binary: binary, Upstream: d.server.Address, Flavour: d.flavour,
		Encrypt: []string{"shop"}, Settings: map[string]string{"upstream.tls": `"preferred"`}})
	if err != nil {
		return err
	}
	done(begun)
	fmt.Printf("\n   application ──► proxy %s ──► server %s\n   trusted: application, proxy and key          not trusted: server, its files, logs and memory\n", d.proxy.Address, d.server.Address)
	return nil
}

func (d *demo) stop() {
	if d.proxy != nil {
		if _, err := d.proxy.Terminate(20 * time.Second); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		d.proxy.Remove()
	}
	if d.server != nil {
		d.server.Remove()
	}
	os.RemoveAll(d.dir)
}

func (d *demo) serve(ctx context.Context) error {
	host, port := split(d.proxy.Address)
	serverHost, serverPort := split(d.server.Address)
	fmt.Printf(`
Now it is yours, until Ctrl-C.

   as the application:   mysql -h %s -P %s -u root shop
   as a Go program:      sql.Open("mysql", "root@tcp(%s)/shop")
   as the server sees:   mysql -h %s -P %s -u root shop

   try:  SELECT * FROM customers WHERE email = '%s';
         INSERT INTO customers (name, email, card, city) VALUES ('You', 'you@example.com', '4000', 'Here');

`, host, port, d.proxy.Address, serverHost, serverPort, d.people[0].email)
	<-ctx.Done()
	fmt.Println("\nStopping.")
	return nil
}

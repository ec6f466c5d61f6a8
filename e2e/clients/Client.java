import java.io.File;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;

/** Load from MariaDB's Java driver: one thread for each connection, and one that opens new ones. */
public class Client {
    static final AtomicLong queries = new AtomicLong(), inserts = new AtomicLong(), opened = new AtomicLong(), kept = new AtomicLong();
    static final List<String> failures = new ArrayList<>();
    static final File stop = new File(setting("STOP"));

    static String setting(String name) {
        return System.getenv("LOAD_" + name);
    }

    static int number(String name) {
        return Integer.parseInt(setting(name));
    }

    static Connection connect() throws Exception {
        Properties p = new Properties();
        p.setProperty("user", setting("USER"));
        p.setProperty("password", setting("PASSWORD"));
        p.setProperty("useSsl", "true"); // with serverSslCert the chain and the host's name are verified
        p.setProperty("serverSslCert", setting("CA"));
        p.setProperty("useServerPrepStmts", "true");
        // Else the driver gives the first statements of a connection half a second, and no more.
        p.setProperty("usePipelineAuth", "false");
        return DriverManager.getConnection(
            "jdbc:mariadb://" + setting("HOST") + ":" + setting("PORT") + "/" + setting("DATABASE"), p);
    }

    static String one(Connection c, String sql, String... args) throws Exception {
        try (PreparedStatement s = c.prepareStatement(sql)) {
            for (int i = 0; i < args.length; i++) {
                s.setString(i + 1, args[i]);
            }
            try (ResultSet r = s.executeQuery()) {
                queries.incrementAndGet();
                if (!r.next()) {
                    throw new Exception("no row: " + sql);
                }
                String value = r.getString(1);
                if (r.next()) {
                    throw new Exception("several rows: " + sql);
                }
                return value;
            }
        }
    }

    static void same(Object got, Object want) throws Exception {
        if (!want.equals(got)) {
            throw new Exception("got " + got + ", want " + want);
        }
    }

    /** One select, and at every fifth step an insert that is read back. */
    static void work(Connection c, String who, int n) throws Exception {
        int i = Math.floorMod(who.hashCode() + n, number("PEOPLE"));
        same(one(c, "SELECT note FROM people WHERE name = ?", "person " + i), "note " + i);
        if (n % 5 != 0) {
            return;
        }
        String tag = setting("NAME") + "-" + who + "-" + n;
        try (PreparedStatement s = c.prepareStatement("INSERT INTO visits (tag, text) VALUES (?, ?)")) {
            s.setString(1, tag);
            s.setString(2, "text of " + tag);
            same(s.executeUpdate(), 1);
        }
        queries.incrementAndGet();
        inserts.incrementAndGet();
        same(one(c, "SELECT text FROM visits WHERE tag = ?", tag), "text of " + tag);
    }

    static void failed(String what, Throwable e) {
        StringBuilder text = new StringBuilder(what);
        for (Throwable t = e; t != null && text.length() < 1000; t = t.getCause()) {
            text.append(": ").append(t);
        }
        synchronized (failures) {
            failures.add(text.toString());
        }
    }

    /** A long-lived connection: it must be the same one at the end. */
    static void stay(Connection c, String who) {
        try {
            String id = one(c, "SELECT CONNECTION_ID()");
            for (int n = 1; !stop.exists(); n++) {
                work(c, who, n);
                Thread.sleep(number("PACE_MS"));
            }
            same(one(c, "SELECT CONNECTION_ID()"), id);
            c.close();
            kept.incrementAndGet();
        } catch (Throwable e) {
            failed("connection " + who, e);
        }
    }

    static void comeAndGo() {
        for (int n = 1; !stop.exists(); n++) {
            try (Connection c = connect()) {
                work(c, "new", n);
                opened.incrementAndGet();
            } catch (Throwable e) {
                failed("new connection " + n, e);
            }
            try {
                Thread.sleep(number("NEW_MS"));
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    static void run() throws Exception {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < number("CONNECTIONS"); i++) {
            Connection c = connect();
            String who = Integer.toString(i);
            threads.add(new Thread(() -> stay(c, who)));
        }
        threads.add(new Thread(Client::comeAndGo));
        System.out.println("ready");
        for (Thread t : threads) {
            t.start();
        }
        for (Thread t : threads) {
            t.join();
        }
    }

    static String driverVersion() {
        return DriverManager.drivers().map(d -> d.getMajorVersion() + "." + d.getMinorVersion()).findFirst().orElse("absent");
    }

    static String quote(String s) {
        StringBuilder b = new StringBuilder("\"");
        for (char c : s.toCharArray()) {
            b.append(c < ' ' ? " " : c == '"' || c == '\\' ? "\\" + c : String.valueOf(c));
        }
        return b.append('"').toString();
    }

    public static void main(String[] args) {
        try {
            run();
        } catch (Throwable e) {
            failed("connecting", e);
        }
        List<String> shown = new ArrayList<>();
        for (String f : failures.subList(0, Math.min(20, failures.size()))) {
            shown.add(quote(f));
        }
        String version = "MariaDB Connector/J " + driverVersion() + ", Java " + System.getProperty("java.version");
        System.out.printf("{\"version\":%s,\"queries\":%d,\"inserts\":%d,\"opened\":%d,\"kept\":%d,\"failed\":%d,\"failures\":[%s]}%n",
            quote(version), queries.get(), inserts.get(), opened.get(), kept.get(), failures.size(), String.join(",", shown));
    }
}

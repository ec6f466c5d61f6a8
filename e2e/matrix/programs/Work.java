import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.MessageDigest;
import java.sql.*;
import java.util.*;

/** The matrix's work by MariaDB Connector/J, with its own placeholders and with the server's prepared statements. */
public class Work {
    static Connection c;

    static String setting(String name) {
        return System.getenv("MATRIX_" + name);
    }

    static byte[] bytes(String hex) {
        byte[] b = new byte[hex.length() / 2];
        for (int i = 0; i < b.length; i++) {
            b[i] = (byte) Integer.parseInt(hex.substring(2 * i, 2 * i + 2), 16);
        }
        return b;
    }

    static Object value(String arg) {
        String[] part = (arg + ":").split(":", 2);
        String text = part[1].substring(0, Math.max(0, part[1].length() - 1));
        switch (part[0]) {
            case "i": return Long.valueOf(text);
            case "f": return Double.valueOf(text);
            case "s": return text;
            case "x": return bytes(text);
            case "t": return Timestamp.valueOf(text);
            case "n": return null;
        }
        String[] repeat = text.split(":");
        String all = repeat[0].repeat(Integer.parseInt(repeat[1]));
        return part[0].equals("r") ? all : all.getBytes(StandardCharsets.UTF_8);
    }

    static String shown(Object v) throws Exception {
        if (v instanceof byte[]) {
            byte[] b = (byte[]) v;
            StringBuilder s = new StringBuilder("bytes " + b.length + " ");
            for (byte one : b.length > 100 ? MessageDigest.getInstance("MD5").digest(b) : b) {
                s.append(String.format("%02x", one));
            }
            return s.toString();
        }
        if (v instanceof String && ((String) v).length() > 200) {
            return shown(((String) v).getBytes(StandardCharsets.UTF_8));
        }
        return v == null ? "null" : v.getClass().getSimpleName() + " " + v;
    }

    static PreparedStatement prepare(String sql, String[] args, int from) throws Exception {
        PreparedStatement s = c.prepareStatement(sql, Statement.RETURN_GENERATED_KEYS);
        bind(s, args, from, args.length);
        return s;
    }

    static void bind(PreparedStatement s, String[] args, int from, int to) throws Exception {
        for (int i = from; i < to; i++) {
            s.setObject(i - from + 1, value(args[i]));
        }
    }

    static void run(String[] a) throws Exception {
        switch (a[0]) {
            case "do": change(a[1], a); break;
            case "load": change(a[1].replace("{FILE}", setting("FILE")), a); break;
            case "get": try (PreparedStatement s = prepare(a[1], a, 2); ResultSet r = s.executeQuery()) { rows(r, 1); } break;
            case "stream":
                try (PreparedStatement s = c.prepareStatement(a[1])) {
                    s.setFetchSize(100);
                    try (ResultSet r = s.executeQuery()) { rows(r, 500); }
                }
                break;
            case "batch": batch(a); break;
            case "begin": c.setAutoCommit(false); break;
            case "commit": c.commit(); c.setAutoCommit(true); break;
            case "rollback": c.rollback(); c.setAutoCommit(true); break;
            case "meta": meta(a[1]); break;
            default: throw new Exception("unknown operation " + a[0]);
        }
    }

    static void change(String sql, String[] a) throws Exception {
        try (PreparedStatement s = prepare(sql, a, 2)) {
            System.out.print("affected " + s.executeUpdate() + " keys");
            try (ResultSet r = s.getGeneratedKeys()) {
                while (r.next()) {
                    System.out.print(" " + r.getLong(1));
                }
            }
            System.out.println();
            for (SQLWarning w = s.getWarnings(); w != null; w = w.getNextWarning()) {
                System.out.println("warning " + w.getErrorCode() + " " + w.getMessage());
            }
        }
    }

    static void batch(String[] a) throws Exception {
        int width = Integer.parseInt(a[2]);
        try (PreparedStatement s = c.prepareStatement(a[1], Statement.RETURN_GENERATED_KEYS)) {
            for (int i = 3; i < a.length; i += width) {
                bind(s, a, i, i + width);
                s.addBatch();
            }
            System.out.println("affected " + Arrays.toString(s.executeBatch()));
        }
    }

    static void meta(String table) throws Exception {
        DatabaseMetaData m = c.getMetaData();
        String db = setting("DATABASE");
        System.out.println("columns");
        try (ResultSet r = m.getColumns(db, null, table, "%")) { texts(r); }
        System.out.println("indexes");
        try (ResultSet r = m.getIndexInfo(db, null, table, false, true)) { texts(r); }
        System.out.println("keys");
        try (ResultSet r = m.getPrimaryKeys(db, null, table)) { texts(r); }
        System.out.println("imported");
        try (ResultSet r = m.getImportedKeys(db, null, table)) { texts(r); }
        System.out.println("exported");
        try (ResultSet r = m.getExportedKeys(db, null, table)) { texts(r); }
    }

    /** Prints rows as texts: the types of what MySQL's INFORMATION_SCHEMA says, which are those of views, may differ. */
    static void texts(ResultSet r) throws Exception {
        ResultSetMetaData m = r.getMetaData();
        while (r.next()) {
            StringJoiner row = new StringJoiner(", ");
            for (int i = 1; i <= m.getColumnCount(); i++) {
                // The servers estimate cardinalities, now and then.
                row.add(m.getColumnLabel(i) + "=" + (m.getColumnLabel(i).equalsIgnoreCase("CARDINALITY") ? "" : r.getString(i)));
            }
            System.out.println("row " + row);
        }
    }

    /** Prints the columns, every so many a row, and how many there were. */
    static void rows(ResultSet r, int every) throws Exception {
        ResultSetMetaData m = r.getMetaData();
        for (int i = 1; i <= m.getColumnCount(); i++) {
            System.out.printf("column %s %s %s %s %d %d %d %d %b %b%n", m.getColumnLabel(i), m.getColumnName(i), m.getTableName(i),
                m.getColumnTypeName(i), m.getColumnDisplaySize(i), m.getPrecision(i), m.getScale(i), m.isNullable(i), m.isSigned(i), m.isAutoIncrement(i));
        }
        int n = 0;
        for (; r.next(); n++) {
            if (n % every != 0) {
                continue;
            }
            StringJoiner row = new StringJoiner(", ");
            for (int i = 1; i <= m.getColumnCount(); i++) {
                row.add(shown(r.getObject(i)));
            }
            System.out.println("row " + row);
        }
        System.out.println("rows " + n);
    }

    public static void main(String[] args) throws Exception {
        System.setOut(new java.io.PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.out), false, "UTF-8"));
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
        Properties p = new Properties();
        p.setProperty("user", setting("USER"));
        p.setProperty("password", setting("PASSWORD"));
        p.setProperty("useSsl", "true"); // with serverSslCert the chain and the host's name are verified
        p.setProperty("serverSslCert", setting("CA"));
        p.setProperty("useServerPrepStmts", String.valueOf(setting("MODE").equals("prepared")));
        p.setProperty("usePipelineAuth", "false"); // else the first statements have half a second, and no more
        p.setProperty("allowLocalInfile", "true");
        c = DriverManager.getConnection("jdbc:mariadb://localhost:" + setting("PORT") + "/" + setting("DATABASE"), p);
        System.out.println("version " + c.getMetaData().getDriverName() + " " + c.getMetaData().getDriverVersion());
        for (String line : Files.readAllLines(Paths.get(setting("WORK")))) {
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            System.out.println("> " + line.substring(0, Math.min(160, line.length())));
            try {
                run(line.split("\t", -1));
            } catch (BatchUpdateException e) {
                System.out.println("error " + e.getErrorCode() + " " + e.getSQLState() + " " + Arrays.toString(e.getUpdateCounts()));
            } catch (SQLException e) {
                System.out.println("error " + e.getErrorCode() + " " + e.getSQLState() + " " + e.getMessage().replaceAll("\\(conn=\\d+\\) ", ""));
            }
        }
        c.close();
        System.out.flush();
    }
}

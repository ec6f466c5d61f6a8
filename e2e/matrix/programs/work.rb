# The matrix's work by mysql2, in text and in prepared mode.
require 'bigdecimal'
require 'digest'
require 'mysql2'

ENV['TZ'] = 'UTC'

def setting(name) = ENV.fetch("MATRIX_#{name}")

def value(arg)
  kind, text = arg.split(':', 2)
  case kind
  when 'i' then text.to_i
  when 'f' then text.to_f
  when 's', 't' then text
  when 'x' then [text].pack('H*')
  when 'n' then nil
  else
    letter, count = text.split(':')
    letter * count.to_i
  end
end

def shown(value)
  return value.inspect unless value.is_a?(String)
  return "long #{value.length} #{Digest::MD5.hexdigest(value)}" if value.length > 200

  "#{value.encoding} #{value.inspect}"
end

# Work is a connection and what it does for each operation.
class Work
  def initialize
    @prepared = setting('MODE') == 'prepared'
    @c = Mysql2::Client.new(host: '127.0.0.1', port: setting('PORT').to_i, username: setting('USER'), password: setting('PASSWORD'),
                            database: setting('DATABASE'), encoding: 'utf8mb4', sslca: setting('CA'), ssl_mode: :verify_identity,
                            sslverify: true, local_infile: true, database_timezone: :utc, as: :array)
  end

  def version = "mysql2 #{Mysql2::VERSION}, client #{Mysql2::Client.info[:version]}, Ruby #{RUBY_VERSION}"

  def run(sql, args, **options)
    return @c.prepare(sql).execute(*args.map { |a| value(a) }, **options) if @prepared

    text = sql.gsub('?') do
      v = value(args.shift)
      case v
      when nil then 'NULL'
      when String then "'#{@c.escape(v.dup.force_encoding('UTF-8'))}'"
      else v.to_s
      end
    end
    @c.query(text, **options)
  end

  def do(sql, *args)
    if @prepared
      s = @c.prepare(sql)
      s.execute(*args.map { |a| value(a) })
      puts "affected #{s.affected_rows} id #{s.last_id}"
      s.close
    else
      run(sql, args)
      puts "affected #{@c.affected_rows} id #{@c.last_id} info #{@c.query_info} warnings #{@c.warning_count}"
    end
  end

  def rows(result, every)
    puts "columns #{result.fields.inspect}"
    puts "types #{result.field_types.inspect}" if result.respond_to?(:field_types)
    n = 0
    result.each do |row|
      puts "row #{row.map { |v| shown(v) }.join(', ')}" if (n % every).zero?
      n += 1
    end
    puts "rows #{n}"
  end

  def get(sql, *args) = rows(run(sql, args), 1)
  # Row by row in text mode only: the driver gives up on other lengths than the first row's in prepared statements.
  def stream(sql) = rows(@prepared ? run(sql, []) : run(sql, [], stream: true, cache_rows: false), 500)
  def batch(sql, width, *args) = args.each_slice(width.to_i) { |row| self.do(sql, *row) }

  def load(sql)
    @c.query(sql.sub('{FILE}', setting('FILE')))
    puts "affected #{@c.affected_rows}"
  end

  def begin = @c.query('BEGIN')
  def commit = @c.query('COMMIT')
  def rollback = @c.query('ROLLBACK')
  def meta(table) = get("SHOW CREATE TABLE #{table}")
end

w = Work.new
puts "version #{w.version}"
File.foreach(setting('WORK'), chomp: true, encoding: 'UTF-8') do |line|
  next if line.empty? || line.start_with?('#')

  puts "> #{line[0, 160]}"
  op, *rest = line.split("\t", -1)
  begin
    w.public_send(op, *rest)
  rescue Mysql2::Error => e
    puts "error #{e.error_number} #{e.sql_state} #{e.message}"
  rescue ArgumentError => e # the driver's own, of dates that Ruby has not
    puts "error #{e.message}"
  end
end

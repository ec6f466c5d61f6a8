#!/usr/bin/perl
# The matrix's work by DBD::MariaDB or DBD::mysql, with placeholders of the driver's own and of the server's.
use strict;
use warnings;
use utf8;
use DBI qw(:sql_types);
use Digest::MD5 qw(md5_hex);
use Encode qw(decode_utf8 encode_utf8);

binmode STDOUT, ':encoding(UTF-8)';
$| = 1;
my $driver = $ENV{MATRIX_DRIVER};
my $p      = lc $driver;
my $own    = $ENV{MATRIX_MODE} eq 'prepared' ? 1 : 0;
my $c      = DBI->connect(
    "DBI:$driver:host=127.0.0.1;port=$ENV{MATRIX_PORT};database=$ENV{MATRIX_DATABASE}", $ENV{MATRIX_USER}, $ENV{MATRIX_PASSWORD},
    {   RaiseError => 1, PrintError => 0, AutoCommit => 1, "${p}_ssl" => 1, "${p}_ssl_ca_file" => $ENV{MATRIX_CA},
        "${p}_ssl_verify_server_cert" => 1, "${p}_server_prepare" => $own, "${p}_local_infile" => 1,
        ($p eq 'mysql' ? (mysql_enable_utf8mb4 => 1, mysql_ssl_optional => 1) : ()),
    });

sub value {
    my ($kind, $text) = split /:/, shift, 2;
    return undef if $kind eq 'n';
    return $text + 0            if $kind eq 'i' || $kind eq 'f';
    return $text                if $kind eq 's' || $kind eq 't';
    return pack('H*', $text)    if $kind eq 'x';
    my ($letter, $count) = split /:/, $text;
    return $letter x $count;
}

sub shown {
    my $v = shift;
    return 'NULL' if !defined $v;
    return 'long ' . length($v) . ' ' . md5_hex(encode_utf8($v)) if length $v > 200;
    return $v =~ /[^\x20-\x7e\x{a0}-\x{1fffff}]/ || $v =~ /[\x80-\x9f]/ ? 'hex ' . unpack('H*', encode_utf8($v)) : "'$v'";
}

sub run {
    my ($sql, @args) = @_;
    my $s = $c->prepare($sql);
    for my $i (0 .. $#args) {
        my $binary = $args[$i] =~ /^[xR]:/;
        $s->bind_param($i + 1, value($args[$i]), $binary ? SQL_BLOB : $args[$i] =~ /^i:/ ? SQL_BIGINT : $args[$i] =~ /^f:/ ? SQL_DOUBLE : SQL_VARCHAR);
    }
    my $n = $s->execute;
    return ($s, $n);
}

sub rows {
    my ($s, $every) = @_;
    for my $what (qw(NAME TYPE PRECISION SCALE NULLABLE), "${p}_type_name", "${p}_is_pri_key", "${p}_is_auto_increment", "${p}_table") {
        print "$what ", join(', ', map { $_ // 'undef' } @{ $s->{$what} }), "\n";
    }
    my $n = 0;
    while (my $row = $s->fetchrow_arrayref) {
        print 'row ', join(', ', map { shown($_) } @$row), "\n" if $n++ % $every == 0;
    }
    print "rows $n\n";
}

my %ops = (
    do => sub {
        my ($s, $n) = run(@_);
        print "affected $n id ", $s->last_insert_id(undef, undef, undef, undef) // 'none', " warnings ", $s->{"${p}_warning_count"} // 'none', "\n";
    },
    get    => sub { my ($s) = run(@_); rows($s, 1) },
    stream => sub {
        # Of a prepared result the driver would want the room that columns could need, 4 GiB, for each row.
        my $s = $c->prepare(shift, { "${p}_use_result" => $own ? 0 : 1 });
        $s->execute;
        rows($s, 500);
    },
    batch => sub {
        my ($sql, $width, @args) = @_;
        my $s = $c->prepare($sql);
        my @columns;
        push @{ $columns[ $_ % $width ] }, value($args[$_]) for 0 .. $#args;
        $s->bind_param_array($_ + 1, $columns[$_]) for 0 .. $#columns;
        my $n = $s->execute_array({ ArrayTupleStatus => \my @status });
        print "affected $n: @status\n";
    },
    load => sub {
        my $sql = shift;
        $sql =~ s/\{FILE\}/$ENV{MATRIX_FILE}/;
        # MariaDB prepares it, and then says nothing; the proxy has the driver send it as text.
        print 'affected ', $c->do($sql), ' info ', $own ? 'any' : $c->{"${p}_info"} // 'none', "\n";
    },
    begin    => sub { $c->begin_work },
    commit   => sub { $c->commit },
    rollback => sub { $c->rollback },
    meta     => sub {
        my $table = shift;
        for my $s ($c->column_info(undef, $ENV{MATRIX_DATABASE}, $table, '%'), $c->primary_key_info(undef, $ENV{MATRIX_DATABASE}, $table)) {
            while (my $row = $s->fetchrow_arrayref) {
                print 'row ', join(', ', map { ref $_ ? '[' . join(' ', @$_) . ']' : shown($_) } @$row), "\n";
            }
        }
    },
);

print "version DBD::$driver ", "DBD::$driver"->VERSION, "\n";
open my $work, '<:encoding(UTF-8)', $ENV{MATRIX_WORK} or die $!;
while (my $line = <$work>) {
    chomp $line;
    next if $line eq '' || $line =~ /^#/;
    print '> ', substr($line, 0, 160), "\n";
    my ($op, @rest) = split /\t/, $line, -1;
    my $done = eval { $ops{$op}->(@rest); 1 };
    next if $done;
    print 'error ', $c->err // 'none', ' ', $c->state // 'none', ' ', $c->errstr // $@, "\n";
}

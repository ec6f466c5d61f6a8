#!/usr/bin/perl
# Load from DBD::MariaDB: all connections take turns, and new ones are opened in between.
use strict;
use warnings;
use DBI;
use JSON::PP;
use Time::HiRes qw(time sleep);

$| = 1;
my %set = map { $_ => $ENV{"LOAD_$_"} }
    qw(HOST PORT USER PASSWORD DATABASE CA CONNECTIONS PACE_MS NEW_MS STOP NAME PEOPLE);
my %total = (queries => 0, inserts => 0, opened => 0, kept => 0);
my @failures;

sub open_connection {
    return DBI->connect(
        "DBI:MariaDB:host=$set{HOST};port=$set{PORT};database=$set{DATABASE}", $set{USER}, $set{PASSWORD},
        {   RaiseError => 1, PrintError => 0, mariadb_auto_reconnect => 0,
            mariadb_ssl => 1, mariadb_ssl_ca_file => $set{CA}, mariadb_ssl_verify_server_cert => 1,
        });
}

sub one {
    my ($c, $sql, @args) = @_;
    my $rows = $c->selectall_arrayref($sql, undef, @args);
    $total{queries}++;
    @$rows == 1 or die scalar(@$rows) . " rows, want 1: $sql\n";
    return $rows->[0][0];
}

sub same {
    my ($got, $want) = @_;
    $got eq $want or die "got '$got', want '$want'\n";
}

# One select, and at every fifth step an insert that is read back.
sub work {
    my ($c, $who, $n) = @_;
    my $i = (7 * length($who) + $n) % $set{PEOPLE};
    same(one($c, 'SELECT note FROM people WHERE name = ?', "person $i"), "note $i");
    return if $n % 5;
    my $tag = "$set{NAME}-$who-$n";
    same($c->do('INSERT INTO visits (tag, text) VALUES (?, ?)', undef, $tag, "text of $tag"), 1);
    $total{queries}++;
    $total{inserts}++;
    same(one($c, 'SELECT text FROM visits WHERE tag = ?', $tag), "text of $tag");
}

sub failed {
    my ($what, $error) = @_;
    chomp $error;
    push @failures, "$what: $error";
}

sub come_and_go {
    my ($n) = @_;
    eval {
        my $c = open_connection();
        work($c, 'new', $n);
        $c->disconnect;
        $total{opened}++;
        1;
    } or failed("new connection $n", $@);
}

sub run {
    my ($connections, $ids) = @_;
    my ($next, $opened) = (time, 0);
    for (my $n = 1; !-e $set{STOP}; $n++) {
        my $round = time;
        for my $who (sort keys %$connections) {
            eval { work($connections->{$who}, $who, $n); 1 }
                or do { failed("connection $who", $@); delete $connections->{$who} };
            if (time >= $next) {
                $next = time + $set{NEW_MS} / 1000;
                come_and_go(++$opened);
            }
        }
        my $rest = $set{PACE_MS} / 1000 - (time - $round);
        sleep($rest > 0.001 ? $rest : 0.001);
    }
    for my $who (keys %$connections) {
        eval {
            same(one($connections->{$who}, 'SELECT CONNECTION_ID()'), $ids->{$who});
            $connections->{$who}->disconnect;
            $total{kept}++;
            1;
        } or failed("connection $who", $@);
    }
}

eval {
    my (%connections, %ids);
    for my $who (1 .. $set{CONNECTIONS}) {
        $connections{$who} = open_connection();
        $ids{$who} = one($connections{$who}, 'SELECT CONNECTION_ID()');
    }
    print "ready\n";
    run(\%connections, \%ids);
    1;
} or failed('connecting', $@);
my $version = "DBD::MariaDB $DBD::MariaDB::VERSION, Perl $^V";
my @shown = @failures > 20 ? @failures[0 .. 19] : @failures;
print JSON::PP->new->canonical->encode({ %total, version => $version, failed => scalar(@failures), failures => \@shown }), "\n";

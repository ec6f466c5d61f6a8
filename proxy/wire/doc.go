// Package wire speaks the MySQL client/server protocol: packets with their buffers, one codec a packet kind, and the
// relay that passes a response on by its packet headers alone.
//
// Decoders alias the packet they are given and allocate nothing that the packet does not pay for; whoever keeps a
// decoded byte slice past the connection's next read copies it. Encoders append to a slice and return it. The layouts
// are those of MySQL's "Client/Server Protocol" chapter and of MariaDB's knowledge base page of the same name.
package wire

// Package upstream reaches the server behind the proxy: for each session over TCP or a unix socket with TLS in five
// modes, and for the proxy's own account through a pool of admin connections.
//
// A unix socket tells the server which operating system user connects, and that is the proxy's, not the client's: an
// account that authenticates by unix_socket or auth_socket for the proxy's user is open to every client of the proxy.
// Run the proxy as a user that has no such account.
package upstream

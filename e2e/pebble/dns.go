package main

import (
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// The zone, and the key that may change it by RFC 2136.
const (
	zone       = "tde.test."
	tsigKey    = "tdeproxy."
	tsigSecret = "dGVzdHMgb25seSwgbm90IGEgc2VjcmV0IQ=="
)

// records is a DNS server of one zone that holds TXT records alone.
type records struct {
	address string
	mu      sync.Mutex
	texts   map[string][]string // by name, in lower case
}

// startDNS serves the zone on one port of UDP and TCP.
func startDNS() (*records, error) {
	udp, tcp, err := listenBoth()
	for try := 1; err != nil && try < 20; try++ { // the port may be free for one of them only
		udp, tcp, err = listenBoth()
	}
	if err != nil {
		return nil, err
	}
	r := &records{texts: map[string][]string{}, address: udp.LocalAddr().String()}
	accept := func(h dns.Header) dns.MsgAcceptAction {
		if opcode := int(h.Bits>>11) & 0xF; opcode == dns.OpcodeUpdate {
			return dns.MsgAccept // not by default
		}
		return dns.DefaultMsgAcceptFunc(h)
	}
	secrets := map[string]string{tsigKey: tsigSecret}
	for _, server := range []*dns.Server{{PacketConn: udp}, {Listener: tcp}} {
		server.Handler, server.TsigSecret, server.MsgAcceptFunc = dns.HandlerFunc(r.serve), secrets, accept
		go server.ActivateAndServe()
	}
	return r, nil
}

func listenBoth() (net.PacketConn, net.Listener, error) {
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	tcp, err := net.Listen("tcp", udp.LocalAddr().String())
	if err != nil {
		udp.Close()
		return nil, nil, err
	}
	return udp, tcp, nil
}

func (r *records) serve(w dns.ResponseWriter, q *dns.Msg) {
	answer := new(dns.Msg)
	answer.SetReply(q)
	switch {
	case q.Opcode == dns.OpcodeUpdate:
		answer.Rcode = r.update(w, q)
		if key := q.IsTsig(); key != nil {
			answer.SetTsig(key.Hdr.Name, key.Algorithm, 300, time.Now().Unix())
		}
	case len(q.Question) != 1 || !dns.IsSubDomain(zone, q.Question[0].Name):
		answer.Rcode = dns.RcodeRefused
	default:
		answer.Authoritative = true
		r.answer(answer, q.Question[0])
	}
	_ = w.WriteMsg(answer)
}

// answer adds the records that a question is for. Names without records exist, too.
func (r *records) answer(to *dns.Msg, q dns.Question) {
	soa := &dns.SOA{
		Hdr: dns.RR_Header{Name: zone, Rrtype: dns.TypeSOA, Class: dns.ClassINET}, Ns: "ns." + zone, Mbox: "dba." + zone, Serial: 1,
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	name := strings.ToLower(q.Name)
	if q.Qtype == dns.TypeSOA && name == zone {
		to.Answer = append(to.Answer, soa)
		return
	}
	if q.Qtype == dns.TypeTXT {
		for _, text := range r.texts[name] {
			header := dns.RR_Header{Name: q.Name, Rrtype: dns.TypeTXT, Class: dns.ClassINET}
			to.Answer = append(to.Answer, &dns.TXT{Hdr: header, Txt: []string{text}})
		}
	}
	if len(to.Answer) == 0 {
		to.Ns = append(to.Ns, soa)
	}
}

// update changes records for whoever has the key.
func (r *records) update(w dns.ResponseWriter, q *dns.Msg) int {
	if q.IsTsig() == nil || w.TsigStatus() != nil {
		return dns.RcodeRefused
	}
	for _, rr := range q.Ns {
		header := rr.Header()
		if !dns.IsSubDomain(zone, header.Name) {
			return dns.RcodeNotZone
		}
		text, ok := rr.(*dns.TXT)
		switch {
		case header.Class == dns.ClassANY:
			r.set(header.Name, nil)
		case !ok || len(text.Txt) != 1:
			return dns.RcodeFormatError
		case header.Class == dns.ClassNONE:
			r.remove(header.Name, text.Txt[0])
		default:
			r.add(header.Name, text.Txt[0])
		}
	}
	return dns.RcodeSuccess
}

func (r *records) set(name string, texts []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.texts[strings.ToLower(name)] = texts
}

func (r *records) add(name, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name = strings.ToLower(name)
	r.texts[name] = append(r.texts[name], text)
}

func (r *records) remove(name, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name = strings.ToLower(name)
	r.texts[name] = slices.DeleteFunc(r.texts[name], func(t string) bool { return t == text })
}

// handler changes records by HTTP, and says at GET / how many there are.
func (r *records) handler() http.Handler {
	mux := http.NewServeMux()
	for path, change := range map[string]func(name, text string){"POST /present": r.add, "POST /cleanup": r.remove} {
		mux.HandleFunc(path, func(w http.ResponseWriter, request *http.Request) {
			var what struct{ FQDN, Value string }
			if err := json.NewDecoder(request.Body).Decode(&what); err != nil || what.FQDN == "" {
				http.Error(w, "no record", http.StatusBadRequest)
				return
			}
			change(what.FQDN, what.Value)
		})
	}
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		n := 0
		for _, texts := range r.texts {
			n += len(texts)
		}
		_ = json.NewEncoder(w).Encode(n)
	})
	return mux
}

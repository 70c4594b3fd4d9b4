package dns

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/route53"
)

const (
	plainSize = 512  // of a UDP answer to a client without EDNS, RFC 1035
	ednsSize  = 1232 // at most, whatever the client can take
	typeCAA   = dnsmessage.Type(257)
	typeSPF   = dnsmessage.Type(99)
)

var typeNames = map[dnsmessage.Type]string{
	dnsmessage.TypeA: "A", dnsmessage.TypeAAAA: "AAAA", dnsmessage.TypeCNAME: "CNAME", dnsmessage.TypeMX: "MX",
	dnsmessage.TypeNS: "NS", dnsmessage.TypePTR: "PTR", dnsmessage.TypeSOA: "SOA", dnsmessage.TypeSRV: "SRV",
	dnsmessage.TypeTXT: "TXT", typeCAA: "CAA", typeSPF: "SPF",
}

// handle answers one message. ok is false for what deserves no answer.
func (s *Server) handle(query []byte, udp bool) (answer []byte, ok bool) {
	var parser dnsmessage.Parser
	header, err := parser.Start(query)
	if err != nil || header.Response {
		return nil, false
	}
	reply := dnsmessage.Header{
		ID: header.ID, Response: true, OpCode: header.OpCode, Authoritative: true,
		RecursionDesired: header.RecursionDesired, RecursionAvailable: true,
	}
	questions, err := parser.AllQuestions()
	if err != nil || len(questions) != 1 {
		reply.RCode = dnsmessage.RCodeFormatError
		return write(reply, nil, result{}, nil)
	}
	if header.OpCode != 0 {
		reply.RCode = dnsmessage.RCodeNotImplemented
		return write(reply, &questions[0], result{}, nil)
	}
	size, edns := clientSize(&parser)
	found := s.answer(questions[0])
	reply.RCode = found.code
	answer, ok = write(reply, &questions[0], found, edns)
	if ok && udp && len(answer) > size {
		reply.Truncated = true // the client asks again over TCP
		return write(reply, &questions[0], result{}, edns)
	}
	return answer, ok
}

func (s *Server) answer(q dnsmessage.Question) result {
	rrtype, known := typeNames[q.Type]
	if q.Class != dnsmessage.ClassINET {
		return result{code: dnsmessage.RCodeRefused}
	}
	if !known {
		// No such record is stored, but the name may exist.
		rrtype = "TYPE" + strconv.Itoa(int(q.Type))
	}
	return s.resolveUnlocked(q.Name.String(), rrtype)
}

// clientSize is how long an answer over UDP may be, and the EDNS record to
// answer with, if the client sent one.
func clientSize(parser *dnsmessage.Parser) (size int, edns *dnsmessage.ResourceHeader) {
	if parser.SkipAllAnswers() != nil || parser.SkipAllAuthorities() != nil {
		return plainSize, nil
	}
	for {
		header, err := parser.AdditionalHeader()
		if err != nil {
			return plainSize, nil
		}
		if header.Type == dnsmessage.TypeOPT {
			var own dnsmessage.ResourceHeader
			if own.SetEDNS0(ednsSize, dnsmessage.RCodeSuccess, false) != nil {
				return plainSize, nil
			}
			return min(max(int(header.Class), plainSize), ednsSize), &own
		}
		if parser.SkipAdditional() != nil {
			return plainSize, nil
		}
	}
}

// write builds a message. ok is false when that fails, which a stored record
// that Route 53 should have refused could cause.
func write(header dnsmessage.Header, q *dnsmessage.Question, found result, edns *dnsmessage.ResourceHeader) ([]byte, bool) {
	message := dnsmessage.Message{Header: header}
	if q != nil {
		message.Questions = []dnsmessage.Question{*q}
	}
	for _, r := range found.records {
		built, err := r.build()
		if err != nil {
			message.RCode = dnsmessage.RCodeServerFailure
			message.Answers = nil
			break
		}
		message.Answers = append(message.Answers, built)
	}
	if found.soa != nil {
		if built, err := found.soa.build(); err == nil {
			message.Authorities = []dnsmessage.Resource{built}
		}
	}
	if edns != nil {
		message.Additionals = []dnsmessage.Resource{{Header: *edns, Body: &dnsmessage.OPTResource{}}}
	}
	packed, err := message.Pack()
	return packed, err == nil
}

// build makes a record's wire form of its text form.
func (r *resource) build() (dnsmessage.Resource, error) {
	owner, err := domain(r.name)
	if err != nil {
		return dnsmessage.Resource{}, err
	}
	body, err := r.body()
	if err != nil {
		return dnsmessage.Resource{}, fmt.Errorf("the %s record of %s: %w", r.kind, r.name, err)
	}
	return dnsmessage.Resource{
		Header: dnsmessage.ResourceHeader{Name: owner, Class: dnsmessage.ClassINET, TTL: r.ttl},
		Body:   body,
	}, nil
}

func (r *resource) body() (dnsmessage.ResourceBody, error) {
	switch r.kind {
	case "A", "AAAA":
		address, err := netip.ParseAddr(r.value)
		if err != nil {
			return nil, err
		}
		if address.Is4() {
			return &dnsmessage.AResource{A: address.As4()}, nil
		}
		return &dnsmessage.AAAAResource{AAAA: address.As16()}, nil
	case "CNAME":
		name, err := domain(r.value)
		return &dnsmessage.CNAMEResource{CNAME: name}, err
	case "NS":
		name, err := domain(r.value)
		return &dnsmessage.NSResource{NS: name}, err
	case "PTR":
		name, err := domain(r.value)
		return &dnsmessage.PTRResource{PTR: name}, err
	case "MX":
		numbers, name, err := numbered(r.value, 1)
		if err != nil {
			return nil, err
		}
		return &dnsmessage.MXResource{Pref: numbers[0], MX: name}, nil
	case "SRV":
		numbers, name, err := numbered(r.value, 3)
		if err != nil {
			return nil, err
		}
		return &dnsmessage.SRVResource{Priority: numbers[0], Weight: numbers[1], Port: numbers[2], Target: name}, nil
	case "SOA":
		return soaBody(r.value)
	case "TXT", "SPF":
		return textBody(r.kind, r.value)
	case "CAA":
		return caaBody(r.value)
	}
	return nil, fmt.Errorf("the type %s can't be answered", r.kind)
}

// domain makes a wire name of a text name, whose asterisk may be an escape.
func domain(text string) (dnsmessage.Name, error) {
	text = strings.TrimSuffix(strings.ReplaceAll(text, `\052`, "*"), ".") + "."
	return dnsmessage.NewName(text)
}

// numbered reads 16-bit numbers and the name behind them.
func numbered(text string, count int) ([]uint16, dnsmessage.Name, error) {
	fields := strings.Fields(text)
	if len(fields) != count+1 {
		return nil, dnsmessage.Name{}, fmt.Errorf("%q has not %d fields", text, count+1)
	}
	numbers := make([]uint16, count)
	for i := range numbers {
		n, err := strconv.ParseUint(fields[i], 10, 16)
		if err != nil {
			return nil, dnsmessage.Name{}, err
		}
		numbers[i] = uint16(n)
	}
	name, err := domain(fields[count])
	return numbers, name, err
}

func soaBody(text string) (dnsmessage.ResourceBody, error) {
	fields := strings.Fields(text)
	if len(fields) != 7 {
		return nil, fmt.Errorf("%q has not 7 fields", text)
	}
	var numbers [5]uint32
	for i := range numbers {
		n, err := strconv.ParseUint(fields[i+2], 10, 32)
		if err != nil {
			return nil, err
		}
		numbers[i] = uint32(n)
	}
	server, err := domain(fields[0])
	if err != nil {
		return nil, err
	}
	mailbox, err := domain(fields[1])
	if err != nil {
		return nil, err
	}
	return &dnsmessage.SOAResource{
		NS: server, MBox: mailbox, Serial: numbers[0], Refresh: numbers[1],
		Retry: numbers[2], Expire: numbers[3], MinTTL: numbers[4],
	}, nil
}

func textBody(kind, text string) (dnsmessage.ResourceBody, error) {
	list, err := route53.ParseText(text)
	if err != nil {
		return nil, err
	}
	if kind == "TXT" {
		return &dnsmessage.TXTResource{TXT: list}, nil
	}
	var data []byte
	for _, one := range list {
		data = append(append(data, byte(len(one))), one...)
	}
	return &dnsmessage.UnknownResource{Type: typeSPF, Data: data}, nil
}

// caaBody writes flags, the tag with its length, and the value: RFC 8659.
func caaBody(text string) (dnsmessage.ResourceBody, error) {
	caa, err := route53.ParseCAA(text)
	if err != nil {
		return nil, err
	}
	data := append([]byte{caa.Flags, byte(len(caa.Tag))}, caa.Tag...) //nolint:gosec // a tag is short
	return &dnsmessage.UnknownResource{Type: typeCAA, Data: append(data, caa.Value...)}, nil
}

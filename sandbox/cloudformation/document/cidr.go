package document

import (
	"net/netip"
	"strconv"

	"orgship/template"
)

// cidr evaluates Fn::Cidr: the first blocks of an address block, each with as many
// bits for its addresses as asked for.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-cidr.html
func (r *Resolver) cidr(arg *template.Node) (any, error) {
	wrong := invalid("Template error: every Fn::Cidr object requires two or three parameters: (1) an address block, (2) a count from 1 to 256 and (3) the number of bits for the addresses of each block")
	if !arg.Is(template.List) || len(arg.Items) < 2 || len(arg.Items) > 3 {
		return nil, wrong
	}
	texts := []string{"", "", "8"}
	for i, item := range arg.Items {
		v, err := r.Value(item)
		if err != nil {
			return nil, err
		}
		if _, unknown := v.(Unknown); unknown {
			return v, nil
		}
		s, ok := text(v)
		if !ok {
			return nil, wrong
		}
		texts[i] = s
	}
	block, errBlock := netip.ParsePrefix(texts[0])
	count, errCount := strconv.Atoi(texts[1])
	bits, errBits := strconv.Atoi(texts[2])
	if errBlock != nil || errCount != nil || errBits != nil || count < 1 || count > 256 || bits < 1 {
		return nil, wrong
	}
	return blocks(block.Masked(), count, bits)
}

func blocks(of netip.Prefix, count, bits int) (any, error) {
	length := of.Addr().BitLen() - bits
	room := length - of.Bits()
	if room < 0 || room < 8 && count > 1<<room {
		return nil, invalid("Template error: Fn::Cidr can't make %d blocks with %d bits each of %s", count, bits, of)
	}
	all := make([]any, 0, count)
	for i := range count {
		all = append(all, netip.PrefixFrom(shifted(of.Addr(), i, bits), length).String())
	}
	return all, nil
}

// shifted adds i, shifted to the left, to an address. The bits are free.
func shifted(a netip.Addr, i, by int) netip.Addr {
	b := a.AsSlice()
	for bit := 0; i>>bit > 0; bit++ {
		if at := by + bit; i>>bit&1 == 1 {
			b[len(b)-1-at/8] |= 1 << (at % 8)
		}
	}
	moved, _ := netip.AddrFromSlice(b) // as long as a's
	return moved
}

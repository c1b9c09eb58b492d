package ec2_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"

	"orgship/sandbox/ec2"
)

func TestSecurityGroupsDecideWhoReachesWhom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client, server := w.group("client"), w.group("server")
	w.must(w.egress(client, tcp(8080, 8081, server)))
	w.must(w.ingress(server, tcp(8080, 8081, client)))
	onlyOut, onlyIn := w.group("only-out"), w.group("only-in")
	w.must(w.egress(onlyOut, tcp(0, 65535, "0.0.0.0/0")))
	w.must(w.ingress(onlyIn, tcp(0, 65535, "172.31.0.0/16")))
	narrow := w.group("narrow")
	w.must(w.ingress(narrow, tcp(0, 65535, "172.31.5.0/24")))
	v6 := w.group("v6")
	w.must(w.ingress(v6, tcp(0, 65535, "::/0")))

	tests := []struct {
		name    string
		from    []string
		to      []string
		port    int
		reaches bool
	}{
		{"group to group", []string{client}, []string{server}, 8080, true},
		{"end of the range", []string{client}, []string{server}, 8081, true},
		{"another port", []string{client}, []string{server}, 8082, false},
		{"nobody", nil, []string{server}, 8080, false},
		{"nothing goes out", []string{server}, []string{onlyIn}, 8080, false},
		{"nothing comes in", []string{onlyOut}, []string{client}, 8080, false},
		{"by address block", []string{onlyOut}, []string{onlyIn}, 1, true},
		{"one group of two", []string{client, onlyOut}, []string{onlyIn, client}, 9, true},
		{"block smaller than the VPC", []string{onlyOut}, []string{narrow}, 9, false},
		{"IPv6 is another network", []string{onlyOut}, []string{v6}, 9, false},
		{"within the default group", []string{w.vpc.SecurityGroupID}, []string{w.vpc.SecurityGroupID}, 5432, true},
		{"into the default group", []string{onlyOut}, []string{w.vpc.SecurityGroupID}, 5432, false},
	}
	for _, test := range tests {
		eni := w.attach(test.to...)
		conn, err := w.Dial(w.ctx, test.from, eni.PrivateIP, test.port)
		if err == nil {
			conn.Close()
		}
		if (err == nil) != test.reaches {
			t.Errorf("%s: got %v", test.name, err)
		}
		var timeout net.Error
		if err != nil && (!errors.As(err, &timeout) || !timeout.Timeout()) {
			t.Errorf("%s: a dropped packet is no timeout: %v", test.name, err)
		}
		w.Detach(eni.ID)
	}
}

func TestDialReachesOnlyWhatIsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	group := []string{w.vpc.SecurityGroupID}
	eni := w.attach()
	if _, err := w.Dial(as("333333333333"), group, eni.PrivateIP, 80); err == nil {
		t.Error("reached from another account")
	}
	w.Detach(eni.ID)
	w.Detach(eni.ID)
	if _, err := w.Dial(w.ctx, group, eni.PrivateIP, 80); err == nil {
		t.Error("reached after Detach")
	}
	silent, err := w.Attach(w.ctx, ec2.Interface{Account: account, SubnetID: w.vpc.SubnetIDs[0]})
	w.must(err)
	if _, err := w.Dial(w.ctx, group, silent.PrivateIP, 80); err == nil {
		t.Error("reached a holder that takes no connections")
	}
	refused := errors.New("connection refused")
	closed, err := w.Attach(w.ctx, ec2.Interface{
		Account: account, SubnetID: w.vpc.SubnetIDs[0],
		Dial: func(context.Context, int) (net.Conn, error) { return nil, refused },
	})
	w.must(err)
	if _, err := w.Dial(w.ctx, group, closed.PrivateIP, 80); !errors.Is(err, refused) {
		t.Errorf("got %v, want what the holder says", err)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	block := netip.MustParsePrefix("172.31.16.0/20")
	seen := map[string]bool{}
	const usable = 4096 - 5
	var last *ec2.ENI
	for i := range 100 {
		eni, err := w.Attach(w.ctx, ec2.Interface{Account: account, SubnetID: w.vpc.SubnetIDs[1]})
		if err != nil {
			t.Fatalf("interface %d: %v", i, err)
		}
		ip := netip.MustParseAddr(eni.PrivateIP)
		if seen[eni.PrivateIP] || !block.Contains(ip) || ip == netip.MustParseAddr("172.31.31.255") || ip.Less(netip.MustParseAddr("172.31.16.4")) {
			t.Fatalf("interface %d has address %s", i, ip)
		}
		seen[eni.PrivateIP], last = true, eni
	}
	out, err := w.DescribeSubnets(w.ctx, &ec2.DescribeSubnetsInput{SubnetIds: w.vpc.SubnetIDs[1:]})
	w.must(err)
	if got := *out.Subnets[0].AvailableIpAddressCount; int(got) != usable-len(seen) {
		t.Errorf("%d addresses left after %d of %d", got, len(seen), usable)
	}
	w.Detach(last.ID)
	again, err := w.Attach(w.ctx, ec2.Interface{Account: account, SubnetID: w.vpc.SubnetIDs[1]})
	w.must(err)
	if again.PrivateIP == last.PrivateIP {
		t.Errorf("address %s is used again at once", again.PrivateIP)
	}
}

func TestAttachRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, test := range []struct {
		name string
		want ec2.Interface
		code string
	}{
		{"unknown subnet", ec2.Interface{Account: account, SubnetID: "subnet-0"}, "InvalidSubnetID.NotFound"},
		{"subnet of another account", ec2.Interface{Account: "333333333333", SubnetID: w.vpc.SubnetIDs[0]}, "InvalidSubnetID.NotFound"},
		{"unknown group", ec2.Interface{Account: account, SubnetID: w.vpc.SubnetIDs[0], SecurityGroups: []string{"sg-0"}}, "InvalidGroup.NotFound"},
	} {
		if _, err := w.Attach(w.ctx, test.want); code(err) != test.code {
			t.Errorf("%s: got %v, want %s", test.name, err, test.code)
		}
	}
}

func TestAllowsInternet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	open, inside, v6 := w.group("open"), w.group("inside"), w.group("v6")
	w.must(w.ingress(open, tcp(80, 80, "0.0.0.0/0")))
	w.must(w.ingress(inside, tcp(80, 80, "10.0.0.0/8")))
	w.must(w.ingress(v6, tcp(80, 80, "::/0")))
	for _, test := range []struct {
		name   string
		groups []string
		port   int
		want   bool
	}{
		{"open", []string{open}, 80, true},
		{"other port", []string{open}, 81, false},
		{"inside only", []string{inside}, 80, false},
		{"IPv6", []string{inside, v6}, 80, true},
		{"no group", nil, 80, false},
		{"default group", []string{w.vpc.SecurityGroupID}, 80, false},
	} {
		if got := w.AllowsInternet(account, test.groups, test.port); got != test.want {
			t.Errorf("%s: got %v", test.name, got)
		}
	}
}

package ec2

import (
	"context"
	"net"
)

// Interface asks for a network interface in a subnet.
type Interface struct {
	Account  string
	SubnetID string
	// SecurityGroups are group ids of the subnet's VPC; none means the VPC's
	// default group.
	SecurityGroups []string
	// Public says that the interface has a public address too.
	Public bool
	// Dial connects to a TCP port of what is behind the interface. It may be nil
	// for a holder that nobody connects to this way, such as a load balancer.
	Dial func(ctx context.Context, port int) (net.Conn, error)
}

// ENI is an attached network interface.
type ENI struct {
	ID        string // eni-0123456789abcdef0
	PrivateIP string // 172.31.3.7
	MAC       string // 0a:58:ac:1f:03:07
	SubnetID  string
}

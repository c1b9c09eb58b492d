// Package ec2 is the network of the sandbox: VPCs, subnets, security groups
// and the network interfaces of tasks and load balancers.
package ec2

import (
	"context"
	"net"
)

// Interface asks for a network interface in a subnet.
type Interface struct {
	Account        string
	SubnetID       string
	SecurityGroups []string
	// Dial connects to a TCP port of what is behind the interface.
	Dial func(ctx context.Context, port int) (net.Conn, error)
}

// ENI is an attached network interface.
type ENI struct {
	ID        string // eni-0abc…
	PrivateIP string
	MAC       string
	SubnetID  string
}

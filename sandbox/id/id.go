// Package id makes the random parts of what AWS names.
package id

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
)

// UUID returns a random UUID, version 4.
func UUID() string {
	b := random(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Hex returns n hexadecimal digits.
func Hex(n int) string { return hex.EncodeToString(random((n + 1) / 2))[:n] }

// The letters of ids.
const (
	Digits   = "0123456789"
	Capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + Digits
	Base32   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
)

// Of returns n of the letters.
func Of(letters string, n int) string {
	b := random(n)
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b)
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails: https://pkg.go.dev/crypto/rand#Read
	return b
}

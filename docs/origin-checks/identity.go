// Package identity tells who is asking: the verified claims of X-Vestibule-Jwt-Assertion. Standard library only, Go 1.19 or newer.
package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	keysKept       = 5 * time.Minute
	keysBytesMax   = 65_536
	clockTolerance = 5 // seconds
)

// Claims are what the gateway says of a visitor.
type Claims struct {
	Issuer    string `json:"iss"`
	Audience  string `json:"aud"`
	Subject   string `json:"sub"`
	Expires   int64  `json:"exp"`
	NotBefore int64  `json:"nbf"`
	Email     string `json:"email"`
	Name      string `json:"name"`
	Company   string `json:"company"`
	Group     struct {
		ID    string `json:"id"`
		Title string `json:"title"`
		Type  string `json:"type"`
	} `json:"group"`
}

// Check holds a company's keys. Make one a company and keep it.
type Check struct {
	Company     string // its host at the gateway: https://acme.example.com
	Application string // scheme, host and port of its originUrl
	mutex       sync.Mutex
	keys        map[string]*ecdsa.PublicKey
	fetchedAt   time.Time
}

// Verify returns the claims, or why nothing of the request may be believed: answer 401 then.
func (c *Check) Verify(assertion string) (*Claims, error) {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return nil, errors.New("no assertion")
	}
	var header struct{ Alg, Kid string }
	var claims Claims
	if err := decode(parts[0], &header); err != nil {
		return nil, err
	}
	if header.Alg != "ES256" {
		return nil, errors.New("not signed with ES256")
	}
	keys, err := c.publishedKeys()
	if err != nil {
		return nil, err
	}
	key, signature := keys[header.Kid], []byte(nil)
	if signature, err = base64.RawURLEncoding.Strict().DecodeString(parts[2]); err != nil || len(signature) != 64 || key == nil {
		return nil, errors.New("not signed by a published key")
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !ecdsa.Verify(key, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		return nil, errors.New("not signed by a published key")
	}
	if err := decode(parts[1], &claims); err != nil {
		return nil, err
	}
	now := time.Now().Unix()
	switch {
	case claims.Issuer != c.Company:
		return nil, errors.New("made for another company")
	case claims.Audience != c.Application:
		return nil, errors.New("made for another application")
	case claims.Expires == 0 || now >= claims.Expires+clockTolerance:
		return nil, errors.New("expired")
	case claims.NotBefore == 0 || now < claims.NotBefore-clockTolerance:
		return nil, errors.New("not valid yet")
	case claims.Subject == "":
		return nil, errors.New("says of nobody")
	}
	return &claims, nil
}

// A key is published 15 minutes before it signs: a copy that is five minutes old lacks none.
func (c *Check) publishedKeys() (map[string]*ecdsa.PublicKey, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.keys != nil && time.Since(c.fetchedAt) < keysKept {
		return c.keys, nil
	}
	client := http.Client{Timeout: 5 * time.Second}
	answer, err := client.Get(c.Company + "/sso/jwks.json")
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the keys answer %s", answer.Status)
	}
	var published struct {
		Keys []struct{ Kid, Kty, Crv, X, Y string }
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, keysBytesMax)).Decode(&published); err != nil {
		return nil, err
	}
	keys := map[string]*ecdsa.PublicKey{}
	for _, key := range published.Keys {
		x, errX := base64.RawURLEncoding.DecodeString(key.X)
		y, errY := base64.RawURLEncoding.DecodeString(key.Y)
		public := &ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int).SetBytes(x), Y: new(big.Int).SetBytes(y)}
		if errX == nil && errY == nil && key.Kty == "EC" && key.Crv == "P-256" && public.Curve.IsOnCurve(public.X, public.Y) {
			keys[key.Kid] = public
		}
	}
	c.keys, c.fetchedAt = keys, time.Now()
	return keys, nil
}

func decode(part string, into any) error {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// check := &identity.Check{Company: "https://acme.example.com", Application: "https://assets.internal.example.com"}
// who, err := check.Verify(request.Header.Get("X-Vestibule-Jwt-Assertion"))
// if err != nil { http.Error(writer, "Unauthorized", http.StatusUnauthorized); return }

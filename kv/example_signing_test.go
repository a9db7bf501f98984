package kv_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"strconv"
	"strings"
	"time"

	kvstore "github.com/spcent/plumego/store/kv"
)

// keyring signs JSON Web Tokens with a key that is replaced now and then. Keys
// of the past still verify until the last token they have signed has expired;
// then the store forgets them by itself.
//
//	jwt:current        the number of the key that signs
//	jwt:key:<number>   its secret, and the secrets of those before, which expire
type keyring struct {
	store *kvstore.KVStore // SyncAlways: a token must not outlive its key in a power cut
	life  time.Duration    // of a token
}

// rotate makes a new key the current one. Nobody sees a current key without
// its secret, and after a crash all of it is done or nothing.
func (k keyring) rotate() error {
	secret := make([]byte, sha256.Size)
	rand.Read(secret)
	return k.store.Update(func(tx *kvstore.Tx) error {
		number, err := tx.Incr("jwt:current", 1, 0)
		if err != nil {
			return err
		}
		const margin = time.Minute // somebody may be signing with it just now
		err = tx.Expire(keyName(number-1), k.life+margin)
		if err != nil && !errors.Is(err, kvstore.ErrKeyNotFound) {
			return err
		}
		return tx.Set(keyName(number), secret, 0)
	})
}

func keyName(number int64) string { return "jwt:key:" + strconv.FormatInt(number, 10) }

type tokenHeader struct {
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
}

type tokenClaims struct {
	Subject string `json:"sub"`
	Expires int64  `json:"exp"` // Unix seconds
}

func (k keyring) sign(subject string) (string, error) {
	current, err := k.store.Get("jwt:current")
	if err != nil {
		return "", err
	}
	secret, err := k.store.Get("jwt:key:" + string(current))
	if err != nil {
		return "", err
	}
	text := encode(tokenHeader{"HS256", string(current)}) + "." +
		encode(tokenClaims{subject, k.store.Now().Add(k.life).Unix()})
	return text + "." + base64.RawURLEncoding.EncodeToString(mac(secret, text)), nil
}

var errToken = errors.New("token is not valid")

// verify returns the subject of a token. It does not ask the token how it was
// signed: there is one way.
func (k keyring) verify(token string) (string, error) {
	parts := strings.Split(token, ".")
	var header tokenHeader
	if len(parts) != 3 || !decode(parts[0], &header) {
		return "", errToken
	}
	secret, err := k.store.Get("jwt:key:" + header.KeyID)
	switch {
	case errors.Is(err, kvstore.ErrKeyNotFound), errors.Is(err, kvstore.ErrInvalidKey):
		return "", errToken
	case err != nil:
		return "", err
	}
	sum, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || !hmac.Equal(sum, mac(secret, parts[0]+"."+parts[1])) {
		return "", errToken
	}
	var claims tokenClaims
	if !decode(parts[1], &claims) || k.store.Now().Unix() >= claims.Expires {
		return "", errToken
	}
	return claims.Subject, nil
}

func mac(secret []byte, text string) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		log.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func decode(text string, v any) bool {
	b, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil && json.Unmarshal(b, v) == nil
}

// Signing keys that rotate, on stable storage before anybody is given a token,
// and beside them in the same store counters that never wait for the disk.
func ExampleKVStore_Update_signingKeys() {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	kv, err := kvstore.NewKVStore(kvstore.Options{
		InMemory: true,                            // applications: DataDir
		Now:      func() time.Time { return now }, // applications: nothing
	})
	if err != nil {
		log.Fatal(err)
	}
	defer kv.Close()
	keys := keyring{store: kv.WithSync(kvstore.SyncAlways), life: time.Hour}
	counters := kv.WithSync(kvstore.SyncNever)

	issue := func(subject string) string {
		token, err := keys.sign(subject)
		if err != nil {
			log.Fatal(err)
		}
		if _, err := counters.Incr("issued", 1, 0); err != nil {
			log.Fatal(err)
		}
		return token
	}
	if err := keys.rotate(); err != nil { // the first key
		log.Fatal(err)
	}
	alice := issue("alice")
	if err := keys.rotate(); err != nil {
		log.Fatal(err)
	}
	bob := issue("bob")

	fmt.Println(keys.verify(alice)) // by the key before
	fmt.Println(keys.verify(bob))
	fmt.Println(keys.verify(bob[:len(bob)-4] + "AAAA"))
	for name := range kv.Keys("jwt:key:") {
		left, err := kv.TTL(name)
		fmt.Println(name, left, err)
	}

	now = now.Add(time.Hour + time.Minute)
	fmt.Println(keys.verify(alice))
	for name := range kv.Keys("jwt:key:") {
		fmt.Println(name)
	}
	issued, err := kv.Get("issued")
	fmt.Printf("%s issued, %v\n", issued, err)
	// Output:
	// alice <nil>
	// bob <nil>
	//  token is not valid
	// jwt:key:1 1h1m0s <nil>
	// jwt:key:2 0s <nil>
	//  token is not valid
	// jwt:key:2
	// 2 issued, <nil>
}

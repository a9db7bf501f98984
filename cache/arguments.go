package cache

import (
	"fmt"
	"time"
)

func (c Config) checkKey(key string) error {
	if key == "" {
		return ErrInvalidKey
	}
	if len(key) > c.MaxKeyLength {
		return fmt.Errorf("%w: %d bytes, the most is %d", ErrKeyTooLong, len(key), c.MaxKeyLength)
	}
	return nil
}

func (c Config) checkValue(value int) error {
	if value > c.MaxValueBytes {
		return fmt.Errorf("%w: %d bytes, the most is %d", ErrTooLarge, value, c.MaxValueBytes)
	}
	return nil
}

// ttl returns how long a value is to live that is set with ttl; 0 is for ever.
func (c Config) ttl(ttl time.Duration) (time.Duration, error) {
	if ttl == 0 {
		ttl = c.DefaultTTL
	}
	switch {
	case ttl == NoExpiration:
		return 0, nil
	case ttl < 0:
		return 0, fmt.Errorf("%w: %v", ErrInvalidTTL, ttl)
	}
	return ttl, nil
}

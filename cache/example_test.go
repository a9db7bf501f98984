package cache_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spcent/plumego/store/cache"
)

func Example() {
	ctx := context.Background()
	jsonBytes := []byte(`{"name":"alice"}`)

	c, err := cache.NewMemoryCacheWithConfig(cache.DefaultConfig())
	if err != nil {
		panic(err)
	}
	defer c.Close()
	c.Set(ctx, "user:42", jsonBytes, 5*time.Minute)
	data, err := c.Get(ctx, "user:42")
	fmt.Println(string(data), err)

	_, err = c.Get(ctx, "user:43")
	fmt.Println(errors.Is(err, cache.ErrNotFound))
	// Output:
	// {"name":"alice"} <nil>
	// true
}

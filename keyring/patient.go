package keyring

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Patient is a KMS that asks another one again while that is unavailable (ErrUnavailable): with exponential backoff and
// jitter, within Timeout counted from the first call of a Patient. Every other fault is final at once, and a context that
// ends is, in a wait as well. It is safe for concurrent use.
type Patient struct {
	KMS     KMS
	Timeout time.Duration                       // for all calls together; at least one try is made for each
	Try     time.Duration                       // bounds each try; 0 does not
	Waiting func(err error, next time.Duration) // told before each wait; may be nil
	Backoff time.Duration                       // the first wait; 0 is half a second

	begin    sync.Once
	deadline time.Time
}

// maxBackoff is the longest wait between two tries.
const maxBackoff = 15 * time.Second

// Wrap is KMS's, repeated.
func (p *Patient) Wrap(ctx context.Context, plaintext, aad []byte) ([]byte, error) {
	return p.repeat(ctx, func(ctx context.Context) ([]byte, error) { return p.KMS.Wrap(ctx, plaintext, aad) })
}

// Unwrap is KMS's, repeated.
func (p *Patient) Unwrap(ctx context.Context, wrapped, aad []byte) ([]byte, error) {
	return p.repeat(ctx, func(ctx context.Context) ([]byte, error) { return p.KMS.Unwrap(ctx, wrapped, aad) })
}

func (p *Patient) repeat(ctx context.Context, call func(context.Context) ([]byte, error)) ([]byte, error) {
	p.begin.Do(func() { p.deadline = time.Now().Add(p.Timeout) })
	tries := 0
	var last error
	waits := backoff.NewExponentialBackOff()
	waits.InitialInterval, waits.MaxInterval = p.Backoff, maxBackoff
	if p.Backoff <= 0 {
		waits.InitialInterval = backoff.DefaultInitialInterval
	}
	b, err := backoff.Retry(ctx, func() ([]byte, error) {
		tries++
		b, err := p.try(ctx, call)
		if last = err; err != nil && !errors.Is(err, ErrUnavailable) {
			return nil, backoff.Permanent(err)
		}
		return b, err
	}, backoff.WithBackOff(waits), backoff.WithMaxElapsedTime(max(time.Until(p.deadline), time.Nanosecond)),
		backoff.WithNotify(p.waiting))
	switch {
	case err == nil:
		return b, nil
	case ctx.Err() != nil:
		return nil, ended(ctx)
	case errors.Is(last, ErrUnavailable) && tries > 1:
		return nil, fmt.Errorf("%w; tried %d times within %v", last, tries, p.Timeout)
	}
	return nil, last
}

// ended says why a context has, with the signal's name where that is what ended it.
func ended(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != ctx.Err() {
		return fmt.Errorf("%w: %w", ctx.Err(), cause)
	}
	return ctx.Err()
}

// try makes one call. That it ran out of its time is the KMS's being slow, unless the driver knows better.
func (p *Patient) try(ctx context.Context, call func(context.Context) ([]byte, error)) ([]byte, error) {
	if p.Try <= 0 {
		return call(ctx)
	}
	bounded, cancel := context.WithTimeout(ctx, p.Try)
	defer cancel()
	b, err := call(bounded)
	switch {
	case err == nil || bounded.Err() == nil || ctx.Err() != nil || isFault(err) && !errors.Is(err, ErrUnavailable):
		return b, err
	case errors.Is(err, ErrUnavailable): // it names the KMS
		return nil, fmt.Errorf("%w; no answer within %v", err, p.Try)
	}
	return nil, fmt.Errorf("%w: no answer within %v", ErrUnavailable, p.Try)
}

func (p *Patient) waiting(err error, next time.Duration) {
	if p.Waiting != nil {
		p.Waiting(err, next)
	}
}

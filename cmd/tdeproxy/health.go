package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/tdeproxy/tdeproxy/config"
)

// healthCommand is for health checks of containers, whose images have no other HTTP client.
func healthCommand() *cobra.Command {
	return verb("health -c FILE", "Exit with 0 while the proxy that runs with this file accepts clients",
		"Ask /readyz of the proxy that runs with this file. Exit code 1 means that it does not accept clients, or does not answer.",
		func(cmd *cobra.Command, cfg *config.Config) error {
			if cfg.Admin.Address == "" {
				return errors.New("admin.address is empty, so that the running proxy cannot be asked")
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), 5*time.Second)
			defer cancel()
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+cfg.Admin.Address+"/readyz", nil)
			if err != nil {
				return fmt.Errorf("admin.address: %w", err)
			}
			response, err := http.DefaultClient.Do(r)
			if err != nil {
				return fmt.Errorf("asking the running proxy: %w", err)
			}
			defer response.Body.Close()
			if response.StatusCode != http.StatusOK {
				return errors.New("the proxy does not accept clients")
			}
			fmt.Fprintln(cmd.OutOrStdout(), "ok")
			return nil
		})
}

// Command mongo is the MongoDB server of the test run, for machines that have no mongod:
// FerretDB on SQLite, listening on the loopback interface only.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	port := flag.Int("port", 0, "TCP port on 127.0.0.1; 0 picks a free one")
	dir := flag.String("dir", "", "folder for the data; by default a temporary one, removed on exit")
	watchStdin := flag.Bool("watch-stdin", false, "exit when standard input closes")
	flag.Parse()

	if err := run(*port, *dir, *watchStdin); err != nil {
		fmt.Fprintln(os.Stderr, "mongo:", err)
		os.Exit(1)
	}
}

func run(port int, dir string, watchStdin bool) (err error) {
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}

	// Before anything is created, so that no signal can leave something behind.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	if dir == "" {
		if dir, err = os.MkdirTemp("", "mongo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	} else if err = os.MkdirAll(dir, 0o700); err != nil {
		return err
	}

	dataURL, err := directoryURL(dir)
	if err != nil {
		return err
	}

	// The embeddable package switches FerretDB's telemetry off by itself.
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: fmt.Sprintf("127.0.0.1:%d", port)},
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Handler:   "sqlite",
		SQLiteURL: dataURL,
	})
	if err != nil {
		return err
	}

	if watchStdin {
		// A parent that dies, however it dies, closes the pipe.
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}

	// A second signal ends the process at once, should a client hold its connection open.
	context.AfterFunc(ctx, stop)

	// The socket accepts connections since New; Run serves them.
	fmt.Printf("listening on %s\n", server.MongoDBURI())

	return server.Run(ctx)
}

// directoryURL gives the form that the SQLite backend wants: no host, a slash at the end.
func directoryURL(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	path := strings.TrimSuffix(filepath.ToSlash(abs), "/") + "/"

	return (&url.URL{Scheme: "file", OmitHost: true, Path: path}).String(), nil
}

// Prints what became of messages, each once: a service that follows rooms without a gateway.
//
// Written from docs/protocol/records.md alone.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/twmb/franz-go/pkg/kgo"
)

// event holds the fields of a record of <p>.events that this service needs; it ignores the others.
type event struct {
	Type string          `json:"type"`
	Room string          `json:"room"`
	ID   string          `json:"id"`
	User string          `json:"user"`
	Data json.RawMessage `json:"data"`
}

func main() {
	brokers := flag.String("brokers", "localhost:9092", "first contacts, host:port,...")
	prefix := flag.String("prefix", "chat.demo", "<p>: namespace and name of the platform")
	group := flag.String("group", "interop-example", "consumer group")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := follow(ctx, *brokers, *prefix, *group); err != nil {
		log.Fatal(err)
	}
}

func follow(ctx context.Context, brokers, prefix, group string) error {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(brokers, ",")...),
		kgo.ConsumeTopics(prefix+".events"),
		kgo.ConsumerGroup(group),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),
	)
	if err != nil {
		return err
	}
	defer client.Close()
	seen := map[string]string{}
	for {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err := fetches.Err(); err != nil {
			return err
		}
		fetches.EachRecord(func(record *kgo.Record) { handle(record.Value, seen) })
		if err := client.CommitUncommittedOffsets(ctx); err != nil {
			return err
		}
	}
}

// handle prints an accepted message unless it came before: events come again after a restart of a worker.
func handle(value []byte, seen map[string]string) {
	var e event
	if err := json.Unmarshal(value, &e); err != nil || e.Type != "message.accepted" {
		return
	}
	last, known := seen[e.Room]
	// Ids of one room order as text while their log (the first six characters) is the same.
	if known && last[:6] == e.ID[:6] && e.ID <= last {
		return
	}
	seen[e.Room] = e.ID
	fmt.Printf("%s %s %s %s\n", e.Room, e.ID, e.User, e.Data)
}

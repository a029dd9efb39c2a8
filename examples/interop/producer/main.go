// Publishes each line of its input as a message: a service that speaks to rooms without a gateway.
//
// Written from docs/protocol/records.md alone.
package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// value is the value of a record of <p>.messages.
type value struct {
	Data any `json:"d"`
}

func main() {
	brokers := flag.String("brokers", "localhost:9092", "first contacts, host:port,...")
	prefix := flag.String("prefix", "chat.demo", "<p>: namespace and name of the platform")
	room := flag.String("room", "lobby", "room to publish into")
	user := flag.String("user", "billing", "user id of the sender")
	inst := flag.String("inst", "", "instance id; a run with the same one and the same lines publishes nothing twice")
	again := flag.Duration("again", 0, "how long ago a run with the same instance id began, if there was one")
	flag.Parse()
	if err := publish(*brokers, *prefix, sender{*room, *user, *inst, *again}); err != nil {
		log.Fatal(err)
	}
}

// sender is who publishes where, and since when.
type sender struct {
	room, user, inst string
	again            time.Duration
}

func publish(brokers, prefix string, from sender) error {
	if from.inst == "" {
		random, err := newInstance()
		if err != nil {
			return err
		}
		from.inst = random
	}
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(brokers, ",")...),
		kgo.DefaultProduceTopic(prefix+".messages"),
		// murmur2 of the key, as the Java client does it: a record in another partition is a bad one.
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)),
		// With acks of all and numbers that rise (the default), retries change neither order nor count.
		kgo.RequiredAcks(kgo.AllISRAcks()),
	)
	if err != nil {
		return err
	}
	defer client.Close()
	lines := bufio.NewScanner(os.Stdin)
	var failed error
	count := 0
	for lines.Scan() {
		count++
		record, err := newRecord(from, count, lines.Text())
		if err != nil {
			return err
		}
		client.Produce(context.Background(), record, func(_ *kgo.Record, err error) {
			if err != nil && failed == nil {
				failed = err
			}
		})
	}
	flushing, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := client.Flush(flushing); err != nil {
		return err
	}
	if failed != nil {
		return fmt.Errorf("some of %d were not taken; run again with -inst %s: %w", count, from.inst, failed)
	}
	fmt.Printf("published %d as %s\n", count, from.inst)
	return lines.Err()
}

func newRecord(from sender, n int, text string) (*kgo.Record, error) {
	body, err := json.Marshal(value{Data: map[string]string{"text": text}})
	if err != nil {
		return nil, err
	}
	headers := []kgo.RecordHeader{
		{Key: "v", Value: []byte("1")},
		{Key: "cid", Value: []byte(from.inst + "." + strconv.Itoa(n))},
		{Key: "u", Value: []byte(from.user)},
	}
	// What may be in the log already says so.
	if from.again > 0 {
		re := strconv.FormatInt(from.again.Milliseconds(), 10)
		headers = append(headers, kgo.RecordHeader{Key: "re", Value: []byte(re)})
	}
	return &kgo.Record{Key: []byte(from.room), Value: body, Headers: headers}, nil
}

// newInstance is 20 random characters: one life of the counters.
func newInstance() (string, error) {
	bytes := make([]byte, 10)
	if _, err := rand.Read(bytes); err != nil {
		return "", err
	}
	return hex.EncodeToString(bytes), nil
}

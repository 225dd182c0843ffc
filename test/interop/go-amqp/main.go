// A device on go-amqp: connects, does what it is told, and says what became of each step, a line each.
//
// Arguments: URL, user name, password, then steps: settle mode (`default`, `mixed`, `settled`, `unsettled` or `second`), address of
// the message, and bytes of its payload. Each step has a link of its own; they are closed at the end, with the connection.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/Azure/go-amqp"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	url, username, password, steps := os.Args[1], os.Args[2], os.Args[3], os.Args[4:]
	connection, err := amqp.Dial(ctx, url, &amqp.ConnOptions{
		ContainerID: "go",
		SASLType:    amqp.SASLTypePlain(username, password),
	})
	if err != nil {
		fmt.Println("refused")
		return
	}
	session, err := connection.NewSession(ctx, nil)
	if err != nil {
		fail(err)
	}
	for ; len(steps) >= 3; steps = steps[3:] {
		size, err := strconv.Atoi(steps[2])
		if err != nil {
			fail(err)
		}
		fmt.Println(send(ctx, session, steps[0], steps[1], size))
	}
	if err := connection.Close(); err != nil {
		fail(err)
	}
}

func send(ctx context.Context, session *amqp.Session, mode, address string, size int) string {
	sender, err := session.NewSender(ctx, "", optionsOf(mode))
	if err != nil {
		return "no link: " + reasonOf(err)
	}
	message := amqp.NewMessage(bytes.Repeat([]byte("x"), size))
	contentType := "text/plain"
	message.Properties = &amqp.MessageProperties{To: &address, ContentType: &contentType}
	if mode == "settled" {
		// Nobody says what becomes of it.
		if err := sender.Send(ctx, message, nil); err != nil {
			return reasonOf(err)
		}
		return "sent"
	}
	receipt, err := sender.SendWithReceipt(ctx, message, nil)
	if err != nil {
		return reasonOf(err)
	}
	state, err := receipt.Wait(ctx)
	if err != nil {
		return reasonOf(err)
	}
	switch state := state.(type) {
	case *amqp.StateAccepted:
		return "accepted"
	case *amqp.StateReleased:
		return "released"
	case *amqp.StateRejected:
		return "rejected " + string(state.Error.Condition)
	default:
		return "settled"
	}
}

func optionsOf(mode string) *amqp.SenderOptions {
	switch mode {
	case "mixed":
		return &amqp.SenderOptions{SettlementMode: amqp.SenderSettleModeMixed.Ptr()}
	case "settled":
		return &amqp.SenderOptions{SettlementMode: amqp.SenderSettleModeSettled.Ptr()}
	case "unsettled":
		return &amqp.SenderOptions{SettlementMode: amqp.SenderSettleModeUnsettled.Ptr()}
	case "second":
		return &amqp.SenderOptions{RequestedReceiverSettleMode: amqp.ReceiverSettleModeSecond.Ptr()}
	default:
		return nil
	}
}

// reasonOf is the condition of an error, where it has one.
func reasonOf(err error) string {
	var link *amqp.LinkError
	if errors.As(err, &link) && link.RemoteErr != nil {
		return "detached " + string(link.RemoteErr.Condition)
	}
	var condition *amqp.Error
	if errors.As(err, &condition) {
		return string(condition.Condition)
	}
	return err.Error()
}

func fail(err error) {
	fmt.Println("failed: " + err.Error())
	os.Exit(1)
}

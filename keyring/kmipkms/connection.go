package kmipkms

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/ovh/kmip-go"
	"github.com/ovh/kmip-go/payloads"
	"github.com/ovh/kmip-go/ttlv"
)

// maxAnswer is more than any answer to what is asked here has.
const maxAnswer = 64 << 10

// connection is one to the server, for one call of the driver. The library's own client is not used: it repeats what
// failed.
type connection struct {
	kms    *KMS
	conn   net.Conn
	stream ttlv.Stream
	stop   func() bool
}

func (k *KMS) dial(ctx context.Context) (*connection, error) {
	d := tls.Dialer{Config: k.at.tls}
	conn, err := d.DialContext(ctx, "tcp", k.at.host)
	if err != nil {
		return nil, k.networkFault(err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	return &connection{k, conn, ttlv.NewStream(conn, maxAnswer), stop}, nil
}

func (c *connection) close() {
	c.stop()
	_ = c.conn.Close()
}

// call has the server carry out one operation.
func call[A kmip.OperationPayload](c *connection, request kmip.OperationPayload) (answer A, err error) {
	message := kmip.NewRequestMessage(kmip.V1_4, request)
	var response kmip.ResponseMessage
	if err := c.exchange(&message, &response); err != nil {
		return answer, c.kms.networkFault(err)
	}
	if len(response.BatchItem) != 1 {
		return answer, c.kms.answerFault("%d results of one operation", len(response.BatchItem))
	}
	item := response.BatchItem[0]
	if item.ResultStatus != kmip.ResultStatusSuccess {
		return answer, c.kms.refused(request.Operation(), item)
	}
	answer, ok := item.ResponsePayload.(A)
	if !ok {
		return answer, c.kms.answerFault("the result of another operation")
	}
	return answer, nil
}

// errMalformed is of an answer whose lengths lead out of it.
var errMalformed = errors.New("a malformed KMIP message")

// exchange sends a request and reads the answer. The library does not check an inner length against the outer one, and
// indexes out of the message then: what comes from a broken server must not end the process.
func (c *connection) exchange(request *kmip.RequestMessage, response *kmip.ResponseMessage) (err error) {
	defer func() {
		if recover() != nil {
			err = errMalformed
		}
	}()
	return c.stream.Roundtrip(request, response)
}

// locate finds the key by its name. Where there are several, after a rotation, it is the newest active one.
func (c *connection) locate() (string, error) {
	found, err := call[*payloads.LocateResponsePayload](c, &payloads.LocateRequestPayload{Attribute: []kmip.Attribute{
		{AttributeName: kmip.AttributeNameName, AttributeValue: kmip.Name{NameValue: c.kms.at.key, NameType: kmip.NameTypeUninterpretedTextString}},
		{AttributeName: kmip.AttributeNameObjectType, AttributeValue: kmip.ObjectTypeSymmetricKey},
	}})
	if err != nil {
		return "", err
	}
	var best string
	var made time.Time
	for _, id := range found.UniqueIdentifier {
		state, when, err := c.look(id)
		if err != nil {
			return "", err
		}
		if state == kmip.StateActive && len(id) < 256 && (best == "" || when.After(made)) {
			best, made = id, when
		}
	}
	if best == "" {
		return "", c.kms.noKey(len(found.UniqueIdentifier))
	}
	return best, nil
}

// look asks for the state of a key, and for when it was made.
func (c *connection) look(id string) (state kmip.State, made time.Time, err error) {
	answer, err := call[*payloads.GetAttributesResponsePayload](c, &payloads.GetAttributesRequestPayload{UniqueIdentifier: id,
		AttributeName: []kmip.AttributeName{kmip.AttributeNameState, kmip.AttributeNameInitialDate}})
	if err != nil {
		return 0, made, err
	}
	for _, a := range answer.Attribute {
		switch v := a.AttributeValue.(type) {
		case kmip.State:
			state = v
		case time.Time:
			made = v
		}
	}
	if state == 0 {
		return 0, made, c.kms.answerFault("no state of the key %s", fmt.Sprintf("%q", id))
	}
	return state, made, nil
}

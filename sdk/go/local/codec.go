package local

// #include "shim.h"
import "C"

// JSONToLite3 encodes JSON text, whose root is an object or an array, as a Lite3 document, as Pool.AppendLite3 takes it.
// ErrUsage: not such a text (Offset tells where), or what Lite3 cannot hold: an integer above 2^63-1, a key with a NUL.
func JSONToLite3(json []byte) ([]byte, error) {
	var made C.plsm_buf_t
	var failure *C.plsm_error_t
	if err := checked(C.plsm_lite3_from_json(bytesOf(json), C.size_t(len(json)), &made, &failure), failure); err != nil {
		return nil, err
	}
	return take(&made), nil
}

// Lite3ToJSON writes a Lite3 document, as Lite3Frame.Payload has it, as compact JSON text, members in their order.
// ErrCorrupt: it is damaged; Offset tells where.
func Lite3ToJSON(document []byte) ([]byte, error) {
	var made C.plsm_buf_t
	var failure *C.plsm_error_t
	if err := checked(C.plsm_lite3_to_json(bytesOf(document), C.size_t(len(document)), &made, &failure), failure); err != nil {
		return nil, err
	}
	return take(&made), nil
}

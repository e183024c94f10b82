package local

// #include "shim.h"
import "C"

// listedGaps is how many stretches of lost messages the library tells one by one.
const listedGaps = 256

// Salvage copies every intact message of a damaged pool into the new pool newRef, each with its seq, time, tags and bytes,
// and proves the copy by reading both again. The damaged file is read and left as it is; stop the programs that use it
// first. The new pool gives no seq that the old one had given. The options say what the new pool is to be like; size 0
// means the old one's, or as much more as the messages need.
//
// It takes time in proportion to the file and runs to its end: the library has nothing to cancel it with. A failure
// leaves nothing behind. ErrNotFound: no such pool. ErrAlreadyExists: the new pool. ErrUsage: of another format, or too
// large for the size asked for. ErrCorrupt: no pool, or too little is left of it to find or check a message.
func (c *Client) Salvage(ref, newRef PoolRef, opts ...PoolOption) (*Salvaged, error) {
	options := createOptions(opts)
	told := C.plsm_salvaged_t{struct_size: C.sizeof_plsm_salvaged_t}
	var lost [listedGaps]C.plsm_gap_t
	err := c.with(ref, func(client *C.plsm_client_t, ref *C.char) error {
		if newRef == "" {
			return invalid("the new pool reference is empty")
		}
		target, err := terminated("the new pool reference", string(newRef))
		if err != nil {
			return err
		}
		var failure *C.plsm_error_t
		status := C.plsm_pool_salvage(client, ref, target, &options, &told, &lost[0], listedGaps, &failure)
		return checked(status, failure)
	})
	if err != nil {
		return nil, err
	}
	salvaged := &Salvaged{
		Bounds: boundsOf(told.bounds), Lost: uint64(told.lost), LostRanges: uint64(told.lost_ranges), Size: uint64(told.size),
	}
	for _, gap := range lost {
		if gap.count != 0 {
			salvaged.Ranges = append(salvaged.Ranges, Gap{First: uint64(gap.first), Last: uint64(gap.last), Count: uint64(gap.count)})
		}
	}
	return salvaged, nil
}

// Numbers of the C ABI that only this package uses.

/** What the addon answers when it has no message (plsm_next_t). */
const Next = Object.freeze({ End: 0, Timeout: 2, Gap: 3, Cancelled: 4, Deadline: 5 });
/** Where a stream starts (plsm_start_t). */
const Start = Object.freeze({ Oldest: 0, Now: 1, Last: 2, Seq: 3, Time: 4, Token: 5 });
/** What it does about missing messages (plsm_gap_policy_t). */
const Gap = Object.freeze({ Continue: 0, Error: 1, Event: 2 });
/** PLSM_TAIL_ flags. */
const Flag = Object.freeze({ Snapshot: 1, Backwards: 4 });
module.exports = { Next, Start, Gap, Flag };

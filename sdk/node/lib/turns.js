// Who reads next, where several ask at once: in the order in which they came.

/** The longest that setTimeout takes. */
const LONGEST_MS = 0x7fff_ffff;

class Turns {
  #taken = false;
  #waiting = new Set();
  #look;
  #over = () => {
    for (const turn of this.#waiting) {
      this.#waiting.delete(turn);
      turn.begin();
      return;
    }
    this.#taken = false;
  };

  /** @param look Lets the one whose turn it is look again for what there is; it says nothing() when there is nothing. */
  constructor(look) {
    this.#look = look;
  }

  /** Whether nobody has a turn. */
  get free() {
    return !this.#taken;
  }

  /** Runs `action`, which gives a promise, after those that were asked for before. */
  run(action) {
    if (this.#taken) return new Promise((resolve) => this.#waiting.add({ isLate: false, begin: () => resolve(this.#begin(action)) }));
    this.#taken = true;
    return this.#begin(action);
  }

  /** As run; null where `ms` go by before its turn has come, and those before it leave nothing for it. */
  runWithin(ms, action, keepsAlive) {
    if (!this.#taken || ms > LONGEST_MS) return this.run(action);
    return new Promise((resolve) => {
      let timer;
      const turn = {
        isLate: false,
        begin: () => {
          clearTimeout(timer);
          resolve(this.#begin(action));
        },
        leave: () => resolve(null),
      };
      const late = () => {
        turn.isLate = true;
        this.#look();
      };
      this.#waiting.add(turn);
      if (ms > 0) {
        timer = setTimeout(late, Math.ceil(ms));
        if (!keepsAlive) timer.unref();
      } else late();
    });
  }

  #begin(action) {
    const result = action();
    result.then(this.#over, this.#over);
    return result;
  }

  /** Whoever's turn it is has looked, and waits: those behind it whose time is up leave. */
  nothing() {
    for (const turn of this.#waiting) {
      if (!turn.isLate) continue;
      this.#waiting.delete(turn);
      turn.leave();
    }
  }
}

module.exports = { Turns, LONGEST_MS };

// How fast a pool grows, seen from how its newest seq moves between two looks.

export class Rate {
  #seen = null;
  perSecond = null;

  // `newest` is a BigInt. Looks that are too close together would only measure noise.
  look(newest, now = performance.now()) {
    if (this.#seen !== null) {
      const ms = now - this.#seen.now;
      if (ms < 500) return;
      const more = newest - this.#seen.newest;
      this.perSecond = more < 0n ? null : (Number(more) * 1000) / ms;
    }
    this.#seen = { newest, now };
  }
}

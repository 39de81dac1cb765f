// Chance that can be repeated: the seed is printed, and may be given.

export class Chance {
  constructor() {
    this.seed = Number(process.env.REALTIME_SEED ?? Date.now() % 1_000_000);
    this.state = this.seed;
  }

  below(limit) {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * limit);
  }
}

/** A promise settled from outside: the bridge between callback code and `await`. */
export class Deferred<T = void> {
  readonly promise: Promise<T>;
  /** True once resolved or rejected; later calls change nothing. */
  settled = false;
  #resolve!: (value: T) => void;
  #reject!: (reason: unknown) => void;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  resolve(value: T): void {
    this.settled = true;
    this.#resolve(value);
  }

  reject(reason: unknown): void {
    this.settled = true;
    this.#reject(reason);
  }
}

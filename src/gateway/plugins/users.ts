// How many requests and connections still use the plugin instances of a snapshot: only when none does may they be closed.
export class Users {
  #count = 0;
  /** Called whenever the last one has left. */
  onNone: (() => void) | undefined = undefined;

  get isNone(): boolean {
    return this.#count === 0;
  }

  enter(): void {
    this.#count++;
  }

  leave(): void {
    if (--this.#count === 0) this.onNone?.();
  }
}

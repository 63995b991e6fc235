/**
 * Keeps the fragments of a watch response until its last one has come. Then a member that is lost between
 * two of them costs nothing: what was kept is dropped, and another member begins with that response. What
 * is kept has a bound, for a member hands out a response at once, whoever reads it.
 */
export class WholeResponses<T extends { readonly fragment: boolean }> {
  #fragments: T[] = [];

  /** The messages that may go on to the client, in order: none while more of a response is to come. */
  take(message: T): readonly T[] {
    this.#fragments.push(message);
    if (message.fragment) return [];
    const whole = this.#fragments;
    this.#fragments = [];
    return whole;
  }

  /** The member is lost. */
  drop(): void {
    this.#fragments = [];
  }
}

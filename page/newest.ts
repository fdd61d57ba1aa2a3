/** Of questions that overlap the newest counts: what answers an older one is dropped. */
export class Newest {
  #asked = 0

  /** Begins a question; what it gives says whether no newer one was begun. */
  ask(): () => boolean {
    const own = ++this.#asked
    return () => own === this.#asked
  }
}

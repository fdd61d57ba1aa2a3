/** Holds text back until something else has ended; from then on it goes straight through. */
export class HeldOutput {
  readonly #print: (text: string) => void
  #held: string[] | undefined = []

  constructor(until: Promise<unknown>, print: (text: string) => void) {
    this.#print = print
    const release = (): void => {
      const held = this.#held ?? []
      this.#held = undefined
      for (const text of held) print(text)
    }
    until.then(release, release)
  }

  write(text: string): void {
    if (this.#held === undefined) this.#print(text)
    else this.#held.push(text)
  }
}

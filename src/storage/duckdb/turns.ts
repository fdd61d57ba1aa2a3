/** Is told when the engine begins to work for a call, and when it has ended or waits for its next turn. */
export interface Turns {
  began(): void
  ended(): void
}

const told = new WeakMap<AbortSignal, Turns>()

/** Tells of the turns of every call that is given this signal. */
export function tellTurns(signal: AbortSignal, turns: Turns): void {
  told.set(signal, turns)
}

/** Who is to be told of the turns of a call with this signal. */
export function turnsOf(signal: AbortSignal | undefined): Turns | undefined {
  return signal && told.get(signal)
}

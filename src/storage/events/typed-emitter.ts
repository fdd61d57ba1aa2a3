import { EventEmitter } from 'node:events'
import { unknownName } from '../../options.ts'

/** The names of an EventEmitter's own events, which tell of its listeners. */
interface ListenerEvents {
  newListener: [name: string, listener: (...args: never[]) => unknown]
  removeListener: [name: string, listener: (...args: never[]) => unknown]
}

type Args<Event> = Event extends readonly unknown[] ? Event : never
type Listener<Event> = (...args: Args<Event>) => unknown

/**
 * Node's EventEmitter, for the events of a map only (name → arguments). A name that is not in it
 * neither compiles nor, in JavaScript, passes: a listener under a misspelt name would never be
 * called, and nobody would learn of it. TypeError names the nearest one.
 */
export interface TypedEmitter<Events, Known = Events & ListenerEvents> {
  on<Name extends keyof Known>(name: Name, listener: Listener<Known[Name]>): this
  addListener<Name extends keyof Known>(name: Name, listener: Listener<Known[Name]>): this
  once<Name extends keyof Known>(name: Name, listener: Listener<Known[Name]>): this
  prependListener<Name extends keyof Known>(name: Name, listener: Listener<Known[Name]>): this
  prependOnceListener<Name extends keyof Known>(name: Name, listener: Listener<Known[Name]>): this
  off<Name extends keyof Known>(name: Name, listener: Listener<Known[Name]>): this
  removeListener<Name extends keyof Known>(name: Name, listener: Listener<Known[Name]>): this
  emit<Name extends keyof Known>(name: Name, ...args: Args<Known[Name]>): boolean
  removeAllListeners(name?: keyof Known): this
  listeners<Name extends keyof Known>(name: Name): Listener<Known[Name]>[]
  rawListeners<Name extends keyof Known>(name: Name): Listener<Known[Name]>[]
  listenerCount(name: keyof Known): number
  eventNames(): (keyof Known)[]
  setMaxListeners(count: number): this
  getMaxListeners(): number
}

const ownNames: readonly (keyof ListenerEvents)[] = ['newListener', 'removeListener']

type AnyListener = (...args: unknown[]) => void

/** `once` and `prependOnceListener` go through `on` and `prependListener`. */
class CheckedEmitter extends EventEmitter {
  readonly #known: readonly string[]

  constructor(names: readonly string[]) {
    super()
    this.#known = [...names, ...ownNames]
  }

  override on(name: string | symbol, listener: AnyListener): this {
    return super.on(this.#checked(name), listener)
  }

  override addListener(name: string | symbol, listener: AnyListener): this {
    return super.addListener(this.#checked(name), listener)
  }

  override prependListener(name: string | symbol, listener: AnyListener): this {
    return super.prependListener(this.#checked(name), listener)
  }

  override off(name: string | symbol, listener: AnyListener): this {
    return super.off(this.#checked(name), listener)
  }

  override removeListener(name: string | symbol, listener: AnyListener): this {
    return super.removeListener(this.#checked(name), listener)
  }

  /** A symbol is nobody's typing error: Node's own `errorMonitor` is one. */
  #checked(name: string | symbol): string | symbol {
    if (typeof name === 'symbol' || this.#known.includes(name)) return name
    throw new TypeError(unknownName('event', name, this.#known))
  }
}

/** Written out, so that the declarations ask for no other package's types. */
export const TypedEmitter: new <Events>(
  names: readonly (keyof Events & string)[],
) => TypedEmitter<Events> = CheckedEmitter as never

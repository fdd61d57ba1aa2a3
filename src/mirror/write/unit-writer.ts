import { PairduckError } from '../../errors.ts'
import { pause } from '../model/clock.ts'
import type { MirrorClock } from '../model/clock.ts'
import type { ValkeyClient } from '../../valkey/valkey-client.ts'
import type { Fence } from './fence.ts'
import type { MirrorKeys } from '../stored/keys.ts'
import type { MirrorState } from './mirror-state.ts'
import { applyScript } from './apply-script.ts'
import { learnKnown } from './learn-known.ts'
import { heldContents, takeOver } from './unit-contents.ts'
import type { UnitContents } from './unit-contents.ts'
import { rewriteSteps } from './rewrite-steps.ts'
import { UnitPlan } from './unit-plan.ts'
import type { WriteSettings } from './unit-encoding.ts'

/** Waits between attempts while the server can't be reached. */
const firstRetryMs = 25
const lastRetryMs = 500
/** Units that may be on their way to the server at a time. */
const maxUnacknowledged = 100

export interface UnitWriterOptions {
  readonly client: ValkeyClient
  readonly keys: MirrorKeys
  readonly state: MirrorState
  readonly fence: Fence
  readonly settings: WriteSettings
  /** Told after a loss was noticed and everything known was written again. */
  readonly onRewritten: () => void
  readonly clock: MirrorClock
}

/** How writing a unit goes together with planning the next one. */
export interface UnitOverlap {
  /** The unit as it was planned while the one before it was under way. */
  readonly planned?: UnitPlan | undefined
  /** Called when the unit is under way; what comes of it counts only if the unit is written. */
  readonly meanwhile?: ((plan: UnitPlan) => Promise<void>) | undefined
}

/** A unit that was sent and not answered: it may have been executed, or may yet be. */
interface UnacknowledgedUnit {
  readonly contents: UnitContents
  /** The sequence number that the server has as long as the unit is not executed. */
  readonly before: string
}

/**
 * Sends units one after another and keeps what is known in step with what is written. What a
 * unit wrote whose reply was lost is read back before anything else is planned or written again,
 * however long that takes: else the writer would undo it as something it doesn't know.
 */
export class UnitWriter {
  readonly #options: UnitWriterOptions
  #mustRewrite = false
  #unacknowledged: UnacknowledgedUnit[] = []

  constructor(options: UnitWriterOptions) {
    this.#options = options
  }

  /** A plan upon what is known, and upon a unit that is under way as if that were written. */
  plan(underWay?: UnitPlan): UnitPlan {
    const { state, keys, settings } = this.#options
    return new UnitPlan(state, keys, settings, underWay?.contents)
  }

  /**
   * Plans by `fill` and writes the unit, until the deadline (monotonic clock) is over. Rejects
   * with the error of the last attempt; then whether it was written is found out when the server
   * can be reached again.
   */
  async write(
    fill: (plan: UnitPlan) => Promise<void>,
    deadline: number,
    { planned, meanwhile }: UnitOverlap = {},
  ): Promise<void> {
    let ahead = planned
    await this.#persist(async () => {
      for (;;) {
        await this.#settleUnacknowledged()
        if (this.#mustRewrite) await this.#rewriteAll()
        const plan = ahead ?? this.plan()
        const isPlanned = ahead !== undefined
        // Planned upon what was expected to be written: good for one attempt.
        ahead = undefined
        if (await this.#attempt(plan, isPlanned ? undefined : fill, meanwhile)) return
        if (this.#options.clock.monotonicMs() >= deadline) throw restless()
      }
    }, deadline)
  }

  /** After the server was lost and taken back: whatever it holds, all is written again. */
  startOver(): void {
    this.#unacknowledged = []
    this.#mustRewrite = true
  }

  /** Looks whether the server still holds what was written, and writes it again if not. */
  async check(deadline: number): Promise<void> {
    await this.#persist(async () => {
      await this.#settleUnacknowledged()
      await this.#stillThere()
      if (this.#mustRewrite) await this.#rewriteAll()
    }, deadline)
  }

  /** Does it again while the server can't be reached. */
  async #persist(action: () => Promise<void>, deadline: number): Promise<void> {
    let retryMs = firstRetryMs
    for (;;) {
      try {
        await action()
        return
      } catch (error) {
        this.#options.fence.throwIfLost()
        if (
          !PairduckError.is(error, 'VALKEY_UNREACHABLE') ||
          this.#options.clock.monotonicMs() >= deadline
        )
          throw error
        await pause(
          this.#options.clock,
          Math.min(retryMs, Math.max(1, deadline - this.#options.clock.monotonicMs())),
        )
        retryMs = Math.min(retryMs * 2, lastRetryMs)
      }
    }
  }

  /** Plans, unless that is done, and sends once; false when it has to be planned anew. */
  async #attempt(
    plan: UnitPlan,
    fill: ((plan: UnitPlan) => Promise<void>) | undefined,
    meanwhile: UnitOverlap['meanwhile'],
  ): Promise<boolean> {
    await fill?.(plan)
    // A repeated event is answered only when what it repeats is still there.
    const written = plan.isEmpty ? await this.#stillThere() : await this.#send(plan, meanwhile)
    if (written) plan.commit()
    return written
  }

  /** Whether the server holds what was written last; if not, it has to be written again. */
  async #stillThere(): Promise<boolean> {
    const { fence } = this.#options
    const { epoch } = fence
    if (await fence.renew()) return true
    // Before the epoch is begun: the answer to that may get lost as well.
    this.#mustRewrite = true
    if (fence.epoch === epoch) await fence.beginEpoch()
    return false
  }

  /** Sends one unit; false when it has to be planned anew, from what the server answered. */
  async #send(plan: UnitPlan, meanwhile?: UnitOverlap['meanwhile']): Promise<boolean> {
    const { client, fence } = this.#options
    fence.throwIfLost()
    const { keys, args } = plan.encode().arguments(fence.value, fence.sequence, fence.epoch)
    const unit = { contents: plan.contents, before: fence.sequence }
    this.#unacknowledged.push(unit)
    const reply = client.script(applyScript, keys, args).catch((error: unknown) => {
      // A refusal is an answer too.
      if (!PairduckError.is(error, 'VALKEY_UNREACHABLE')) this.#dropUnacknowledged(unit)
      throw error
    })
    if (meanwhile !== undefined) {
      // It is waited for below: nobody else has to hear of its failure.
      reply.catch(() => undefined)
      await meanwhile(plan)
    }
    const [answer = '', ...details] = (await reply) as string[]
    this.#dropUnacknowledged(unit)
    switch (answer) {
      case 'OK':
        fence.sequence = details[0]!
        // An older one could only have been executed in this one's place.
        this.#unacknowledged = []
        return true
      case 'FENCED':
        this.#mustRewrite = true
        await fence.recover(details[0]!)
        return false
      case 'BEHIND':
        await this.#catchUp(details[0]!)
        return false
      case 'KNOWN':
        learnKnown(details, this.#options)
        return false
      default:
        throw new PairduckError(
          'VALKEY_WRONG_TYPE',
          `key ${details[0]} holds a ${details[1]}: it is not the mirror's, and nothing was written`,
          { key: details[0], type: details[1] },
        )
    }
  }

  /**
   * The sequence is not the own one. One more: a unit without an answer has been executed after all.
   * Anything else: the server went back to an older state.
   */
  async #catchUp(found: string): Promise<void> {
    await this.#settleUnacknowledged()
    const { fence } = this.#options
    if (fence.sequence === found) return
    this.#mustRewrite = true
    await fence.beginEpoch()
  }

  /**
   * Takes over what unacknowledged units have written, and the sequence number with it. A unit stays
   * among them as long as the server has the number before it: it may still be on its way.
   */
  async #settleUnacknowledged(): Promise<void> {
    if (this.#unacknowledged.length === 0) return
    const { client, keys, fence, state, settings } = this.#options
    const found = ((await client.command(['GET', keys.sequence])) as string | null) ?? '0'
    for (const unit of this.#unacknowledged) {
      if (unit.before === found) continue
      takeOver(await heldContents(unit.contents, client, keys, settings.defaultFeeRate), state)
      if (fence.sequence === unit.before && Number(found) === Number(unit.before) + 1)
        fence.sequence = found
      this.#dropUnacknowledged(unit)
    }
    if (this.#unacknowledged.length < maxUnacknowledged) return
    // A new epoch has another sequence number, which ends them all.
    this.#mustRewrite = true
    await fence.beginEpoch()
    await this.#settleUnacknowledged()
  }

  #dropUnacknowledged(unit: UnacknowledgedUnit): void {
    this.#unacknowledged = this.#unacknowledged.filter((each) => each !== unit)
  }

  /** Writes everything that is known, in units; begun again from the start if it is cut short. */
  async #rewriteAll(): Promise<void> {
    const { state } = this.#options
    await this.#settleUnacknowledged()
    const steps = rewriteSteps(state, await this.#lostTrades())
    let plan = this.plan()
    for (const step of steps) {
      step(plan)
      if (plan.isFull) {
        await this.#sendWhole(plan)
        plan = this.plan()
      }
    }
    if (!plan.isEmpty) await this.#sendWhole(plan)
    this.#mustRewrite = false
    this.#options.onRewritten()
  }

  /** Symbols of which the server held more trades than are remembered, and holds none. */
  async #lostTrades(): Promise<string[]> {
    const { client, keys, state } = this.#options
    const lost: string[] = []
    for (const symbol of state.sums.keys())
      if (state.forgottenMs(symbol) > 0)
        if ((await client.command(['TYPE', keys.fillTimes(symbol)])) === 'none') lost.push(symbol)
    return lost
  }

  async #sendWhole(plan: UnitPlan): Promise<void> {
    if (await this.#send(plan)) plan.commit()
    else throw new PairduckError('VALKEY_UNREACHABLE', 'the server lost its data again meanwhile')
  }
}

function restless(): PairduckError {
  return new PairduckError(
    'VALKEY_UNREACHABLE',
    'the server answered every attempt with something that had changed meanwhile',
  )
}

import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { MarketStore } from '../../storage/market-store.ts'
import type { ResolvedServeOptions } from '../options/serve-options.ts'
import type { Right } from '../safety/access.ts'
import type { SelectGuard } from '../safety/select-only.ts'
import type { Answers } from './answers.ts'

/** What every group of routes is given. */
export interface RouteContext {
  readonly app: FastifyInstance
  readonly store: MarketStore
  readonly options: ResolvedServeOptions
  readonly answers: Answers
  /** Whether it is the local socket, whose callers may do what the owner may. */
  readonly isLocal: boolean
  readonly guard: Pick<SelectGuard, 'check'>
  /** Throws unless the request may. */
  readonly allow: (request: FastifyRequest, right: Right) => void
}

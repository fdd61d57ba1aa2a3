import type { HttpCaller } from './http-caller.ts'

/** Who answers. */
export interface Hello {
  /** Another one each time that a server begins. */
  readonly instance: string
  /** It holds pairs for a moment only, as a command that reads does: nobody may build on it. */
  readonly passing: boolean
}

export function hello(http: HttpCaller): Promise<Hello> {
  return http.json({ method: 'GET', path: '/api/v1/store/hello' })
}

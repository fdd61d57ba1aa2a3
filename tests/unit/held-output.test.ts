import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { HeldOutput } from '../../scripts/held-output.ts'

it.each(['ends', 'fails'])(
  'prints what came in the meantime when the other one %s',
  async (how) => {
    let settle: (() => void) | undefined
    const other = new Promise<void>((resolve, reject) => {
      settle = () => (how === 'ends' ? resolve() : reject(new Error('on purpose')))
    })
    const printed: string[] = []
    const output = new HeldOutput(other, (text) => printed.push(text))
    output.write('first')
    output.write('second')
    await setImmediate()
    expect(printed).toEqual([])

    settle!()
    await other.catch(() => undefined)
    expect(printed).toEqual(['first', 'second'])
    output.write('third')
    expect(printed).toEqual(['first', 'second', 'third'])
  },
)

import { Writable } from 'node:stream'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Terminal } from '../../../src/cli/terminal.ts'

class Memory extends Writable {
  text = ''
  readonly isTTY: boolean
  readonly columns: number
  constructor(isTTY = false, columns = 80) {
    super({ decodeStrings: false })
    this.isTTY = isTTY
    this.columns = columns
  }
  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.text += chunk
    done()
  }
}

function printed(value: unknown): string {
  const stdout = new Memory()
  new Terminal({ stdout, stderr: new Memory() }).printJson(value)
  return stdout.text
}

describe('printJson', () => {
  it('prints one document for any value, and ends it with a line', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = printed(value)
        expect(text.endsWith('\n')).toBe(true)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it('puts each element of a list on a line of its own', () => {
    expect(printed([{ a: 1 }, { a: 2 }])).toBe('[\n{"a":1},\n{"a":2}\n]\n')
    expect(printed([])).toBe('[]\n')
  })

  it('prints whole numbers as numbers while they are exact', () => {
    expect(printed({ safe: 5n, large: 2n ** 60n })).toBe(
      '{"safe":5,"large":"1152921504606846976"}\n',
    )
  })
})

describe('a terminal', () => {
  it('has colours and a width of its own only where a person looks', () => {
    const stderr = new Memory()
    const seen = new Terminal({ stdout: new Memory(true, 120), stderr, environment: {} })
    const piped = new Terminal({ stdout: new Memory(), stderr, environment: {} })
    const plain = new Terminal({ stdout: new Memory(true), stderr, environment: { NO_COLOR: '1' } })
    expect([seen.columns, seen.tableColumns, seen.ink.coloured]).toEqual([120, 120, true])
    expect([piped.columns, piped.tableColumns, piped.ink.coloured]).toEqual([80, Infinity, false])
    expect(plain.ink.coloured).toBe(false)
    expect(piped.showsProgress).toBe(false)
  })
})

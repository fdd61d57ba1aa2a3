import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  RecordScanner,
  type Delimiter,
  type TextRecord,
} from '../../../src/storage/import/record-scanner.ts'

describe('RecordScanner', () => {
  it('gives each row with the line on which it begins', () => {
    const text = 'a,b\n\n1,"x\ny"\r\n2,"say ""no"""\n\n3,'
    expect(scan(text, ',', [])).toEqual([
      { line: 1, fields: ['a', 'b'] },
      { line: 3, fields: ['1', 'x\ny'] },
      { line: 5, fields: ['2', 'say "no"'] },
      { line: 7, fields: ['3', ''] },
    ])
  })

  it('takes a line whose quote is never closed as one value, and goes on with the next', () => {
    expect(scan('1,"x\n2,y\n', ',', [])).toEqual([
      { line: 1, fields: ['1,"x'] },
      { line: 2, fields: ['2', 'y'] },
    ])
  })

  it('takes a line of JSON as it is', () => {
    expect(scan('{"a":"x,y"}\n\n{"b":2}', undefined, [])).toEqual([
      { line: 1, fields: ['{"a":"x,y"}'] },
      { line: 3, fields: ['{"b":2}'] },
    ])
  })

  it('reads back what was written, wherever the text is cut', () => {
    const field = fc.string({
      unit: fc.constantFrom('a', '1', ',', '"', '\n', '\r', ' ', 'é', '😀'),
      maxLength: 6,
      size: 'max',
    })
    const rows = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), {
      maxLength: 30,
      size: 'max',
    })
    fc.assert(
      fc.property(rows, fc.array(fc.nat(400), { maxLength: 20, size: 'max' }), (given, cuts) => {
        const text = given.map((fields) => fields.map(quote).join(',') + '\n').join('')
        let line = 1
        const wanted = given.map((fields) => {
          const record = { line, fields }
          line += fields.join('').split('\n').length
          return record
        })
        expect(scan(text, ',', cuts)).toEqual(wanted)
      }),
      { numRuns: 300 },
    )
  })
})

function quote(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
}

function scan(text: string, delimiter: Delimiter, cuts: readonly number[]): TextRecord[] {
  const scanner = new RecordScanner(delimiter)
  const ends = [...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length]
  let from = 0
  const records = ends.flatMap((end) => {
    const piece = text.slice(from, end)
    from = end
    return scanner.push(piece)
  })
  return [...records, ...scanner.push('', { last: true })]
}

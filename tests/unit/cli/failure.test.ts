import { CommanderError } from 'commander'
import { describe, expect, it } from 'vitest'
import {
  asUsage,
  checkedUsage,
  exitCodeOf,
  failureLine,
  UsageError,
} from '../../../src/cli/failure.ts'
import { PairduckError } from '../../../src/errors.ts'

describe('failureLine', () => {
  const locked = new PairduckError('PAIR_LOCKED', 'a/b/C is open in process 7\n  (see there)')
  it.each<[string, unknown, string | undefined, number]>([
    [
      'an error of ours',
      locked,
      'pairduck: PAIR_LOCKED: a/b/C is open in process 7 (see there)',
      1,
    ],
    [
      'one of the system',
      Object.assign(new Error('no such file'), { code: 'ENOENT' }),
      'pairduck: ENOENT: no such file',
      1,
    ],
    [
      'one of the system whose message has its code',
      Object.assign(new Error("ENOENT: no such file, open 'x'"), { code: 'ENOENT' }),
      "pairduck: ENOENT: no such file, open 'x'",
      1,
    ],
    [
      'a file that the system refuses',
      Object.assign(new Error("ENOSPC: no space left on device, write 'x'"), {
        code: 'ENOSPC',
        syscall: 'write',
        path: 'x',
      }),
      "pairduck: DISK_FULL: ENOSPC: no space left on device, write 'x'",
      1,
    ],
    [
      'several at once',
      new AggregateError([locked], 'all'),
      'pairduck: PAIR_LOCKED: a/b/C is open in process 7 (see there)',
      1,
    ],
    ['wrong usage', new UsageError('not so'), 'pairduck: not so', 2],
    ['help that was asked for', new CommanderError(0, 'commander.help', ''), undefined, 0],
    ['what commander has said', new CommanderError(1, 'commander.unknownOption', ''), undefined, 2],
    ['no error at all', 'text', 'pairduck: unexpected: text', 1],
  ])('%s', (_what, error, line, exitCode) => {
    expect(failureLine(error)).toBe(line)
    expect(exitCodeOf(error)).toBe(exitCode)
  })

  it('tells a mistake of ours from the user’s', () => {
    expect(failureLine(new TypeError('x is undefined'))).toMatch(
      /unexpected TypeError.*a mistake in pairduck/,
    )
    expect(() => checkedUsage(tooSmall)).toThrow(UsageError)
    expect(() => asUsage(locked)).toThrow(PairduckError)
  })
})

function tooSmall(): never {
  throw new RangeError('`binSize` is too small')
}

import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './scripts/longest-first.ts'

/** A process of tests that is stuck can then be asked where: see scripts/stalled-run.ts. */
const reportFolder = process.env['PAIRDUCK_REPORT_FOLDER']
const execArgv =
  reportFolder === undefined ? [] : ['--report-on-signal', `--report-directory=${reportFolder}`]

/**
 * Each process of Node reads the certificates that are named here before it does anything, for 45 ms,
 * and of the processes that the tests start none asks the network.
 */
const env = { NODE_EXTRA_CA_CERTS: '' }

/** What is waited for comes, however busy the machine is; vitest would give it a second. */
const expect = { poll: { timeout: 60_000 } }

const isShuffled = process.argv.some((each) => each.startsWith('--sequence.shuffle'))

export default defineConfig({
  test: {
    ...(!isShuffled && { sequence: { sequencer: LongestFirst } }),
    // A third of the time goes to waiting for disks, servers and child processes.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    projects: [
      {
        test: {
          // Those of both folders in the same processes: while some wait for a server, others compute.
          name: 'short',
          include: ['tests/{unit,integration}/**/*.test.ts'],
          env,
          expect,
          testTimeout: 240_000,
          hookTimeout: 120_000,
          pool: 'forks',
          execArgv,
          // Files share what they import, which took a fifth of their time. None leaves anything behind.
          isolate: false,
        },
      },
      {
        test: {
          // What takes minutes: `npm run test:long`. Each has a short sibling in the others.
          name: 'long',
          include: ['tests/long/**/*.test.ts'],
          expect,
          testTimeout: 7_200_000,
          hookTimeout: 120_000,
          pool: 'forks',
        },
      },
    ],
  },
})

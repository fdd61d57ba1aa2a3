#!/usr/bin/env node
import { endHeld, processContext } from './context.ts'
import { runCli } from './run.ts'

const context = processContext()
process.exitCode = await runCli(process.argv.slice(2), context)
if (context.isHeld) endHeld(context)

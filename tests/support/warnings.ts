import { onTestFinished } from 'vitest'

/** Warnings of this process from now on, such as that a signal has eleven listeners. */
export function warnings(): string[] {
  const told: string[] = []
  const listen = (warning: Error): void => void told.push(String(warning))
  process.on('warning', listen)
  onTestFinished(() => void process.off('warning', listen))
  return told
}

/** Warnings are told in a later turn of the loop. */
export async function untilWarned(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

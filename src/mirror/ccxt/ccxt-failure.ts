/** Whether it is an error of ccxt's of that name. */
export function isCcxtError(error: unknown, name: string): boolean {
  return error instanceof Error && (error.name === name || error.constructor.name === name)
}

/** An answer that this exchange does not give, or not for what was said. */
export function isUnsupported(error: unknown): boolean {
  return isCcxtError(error, 'ArgumentsRequired') || isCcxtError(error, 'NotSupported')
}

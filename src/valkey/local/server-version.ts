/** Whether it says which version is wanted: `8`, `8.0` or `8.0.1`. */
export function isVersionText(value: unknown): boolean {
  return typeof value === 'string' && /^\d+(?:\.\d+){0,2}$/.test(value)
}

/** Whether a version such as `8.0.1` is one of those that `8`, `8.0` or `8.0.1` mean. */
export function isOfVersion(version: string, wanted: string): boolean {
  return version === wanted || version.startsWith(`${wanted}.`)
}

/** Negative, zero or positive, as the first version is older than, the same as or newer than. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number))
  for (let part = 0; part < 3; part++) {
    const difference = (left![part] ?? 0) - (right![part] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

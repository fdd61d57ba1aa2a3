/**
 * One command as a line of text, in the quoting that Valkey's own command line reads: a plain
 * word stands as it is, other printable text between single quotes, anything else between double
 * quotes with escapes. Any bytes come back the same through {@link parseCommandLine}.
 */
export function formatCommandLine(args: readonly Uint8Array[]): string {
  return args.map(formatArgument).join(' ')
}

/** The inverse of {@link formatCommandLine}. Throws an Error that names the column. */
export function parseCommandLine(line: string): Buffer[] {
  const args: Buffer[] = []
  let at = 0
  while (at < line.length) {
    argument.lastIndex = at
    const match = argument.exec(line)
    if (match === null) throw new Error(`column ${at + 1}: an argument that can't be read`)
    const [, plain, single, double] = match
    if (plain !== undefined) args.push(Buffer.from(plain))
    else if (single !== undefined) args.push(Buffer.from(single))
    else args.push(unescape(double ?? ''))
    at = argument.lastIndex
  }
  return args
}

const argument =
  /([\w:.@+{}[\]/-]+)(?: |$)|'((?:[^'\\]|\\(?!'))*)'(?: |$)|"((?:[^"\\]|\\.)*)"(?: |$)/y
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function formatArgument(bytes: Uint8Array): string {
  const text = textOf(bytes)
  if (text === undefined) return `"${escapeBytes(bytes)}"`
  if (/^[\w:.@+{}[\]/-]+$/.test(text)) return text
  // Inside single quotes only \' is special, so text with either of the two goes the other way.
  if (!/'|\\$/.test(text)) return `'${text}'`
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}

/** The text of well-formed UTF-8 that a person can read and no reader splits into lines. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = decoder.decode(bytes)
    return /[\p{C}\u2028\u2029]/u.test(text) ? undefined : text
  } catch {
    return undefined
  }
}

function escapeBytes(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) {
    const char = String.fromCodePoint(byte)
    if (char === '"' || char === '\\') text += `\\${char}`
    else if (byte >= 0x20 && byte < 0x7f) text += char
    else text += named.get(byte) ?? `\\x${byte.toString(16).padStart(2, '0')}`
  }
  return text
}

function unescape(text: string): Buffer {
  const parts: Buffer[] = []
  for (const [piece] of text.matchAll(/\\x[\da-f]{2}|\\.|[^\\]+/gis)) {
    if (!piece.startsWith('\\')) parts.push(Buffer.from(piece))
    else if (piece.length === 4) parts.push(Buffer.from(piece.slice(2), 'hex'))
    else parts.push(byName.get(piece) ?? Buffer.from(piece.slice(1)))
  }
  return Buffer.concat(parts)
}

const named = new Map([
  [0x0a, String.raw`\n`],
  [0x0d, String.raw`\r`],
  [0x09, String.raw`\t`],
])
const byName = new Map([...named].map(([byte, name]) => [name, Buffer.from([byte])]))

import { createInflateRaw } from 'node:zlib'
import { openPromise, type Entry } from 'yauzl'
import { PairduckError, visible } from '../../../errors.ts'
import { begins, type ContainerFormat, type InputFile } from './format.ts'
import { spool } from './spool.ts'

interface Member {
  readonly entry: Entry
  readonly name: string
}

/**
 * The members' names are never paths here: each is unpacked to a temporary file of our own naming.
 */
export const zip: ContainerFormat = {
  kind: 'container',
  name: 'zip',
  about: 'the one or several files in a .zip; --member chooses among them',
  fits: (head) => begins(head, 0x50, 0x4b, 0x03, 0x04) || begins(head, 0x50, 0x4b, 0x05, 0x06),
  async *unpack(file, tools) {
    const archive = await openPromise(file.path, {
      lazyEntries: true,
      autoClose: false,
      decodeStrings: false,
    }).catch((cause: unknown) => {
      throw refused(
        file,
        `is a damaged zip archive, or was cut short (${firstLineOf(cause)}): download it again`,
      )
    })
    try {
      const members: Member[] = []
      for await (const entry of archive.eachEntry()) {
        const name = (entry.fileName as unknown as Buffer).toString('utf8')
        if (members.length > maxMembers) throw refused(file, `holds more than ${maxMembers} files`)
        members.push({ entry, name })
      }
      const wanted = chosen(file, members, tools.member)
      const left = members.filter((member) => !wanted.includes(member) && !isNoise(member.name))
      if (left.length > 0)
        tools.note(`left out of ${visible(file.name)}: ${listed(left.map(({ name }) => name))}`)
      for (const { entry, name } of wanted) {
        const of = `${file.name} › ${name}`
        if (entry.isEncrypted()) throw refused(file, `holds ${visible(name)} encrypted`)
        if (!readMethods.has(entry.compressionMethod))
          throw refused(
            file,
            `holds ${visible(name)} packed in a way that is not read (method ${entry.compressionMethod}): unpack it, and import what is in it`,
          )
        const isPacked = entry.compressionMethod === deflated
        // What is stored as it is has no such option.
        const raw = isPacked ? { decompress: false } : {}
        const stream = await archive.openReadStreamPromise(entry, raw)
        const inflate = isPacked ? createInflateRaw({ chunkSize: 1 << 18 }) : undefined
        yield { name: of, ...(await spool(of, [stream, inflate], tools, entry.crc32)) }
      }
    } finally {
      archive.close()
    }
  },
}

const maxMembers = 10_000
const deflated = 8
const readMethods = new Set([0, deflated])

/** The members to read, in the order of their names. */
function chosen(
  file: InputFile,
  members: readonly Member[],
  pattern: string | undefined,
): readonly Member[] {
  const files = members.filter(({ name }) => !isNoise(name))
  if (members.some(({ name }) => name === '[Content_Types].xml'))
    throw refused(
      file,
      'is an Excel workbook (or another Office file), which is not read: save the sheet as CSV UTF-8, and import that',
    )
  if (files.length === 0) throw refused(file, 'is a zip archive without a file in it')
  const wanted =
    pattern === undefined
      ? files.filter(({ name }) => !/(?:\.md|\.pdf|\.html?|\.CHECKSUM|readme\.txt)$/i.test(name))
      : files.filter(({ name }) => wildcard(pattern).test(name))
  if (wanted.length === 0)
    throw refused(
      file,
      `holds no file ${pattern === undefined ? 'of data' : `like ${pattern}`}: ${listed(files.map(({ name }) => name))}`,
    )
  const kinds = new Set(wanted.map(({ name }) => name.replaceAll(/\d+/g, '0')))
  if (pattern === undefined && kinds.size > 1)
    throw refused(
      file,
      `holds files that are called differently and may be of different instruments: ${listed(wanted.map(({ name }) => name))}; choose with \`--member\` (\`member\`), such as --member '*BTCUSDT*'`,
    )
  return wanted.toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
}

function isNoise(name: string): boolean {
  return name.endsWith('/') || /(?:^|\/)(?:__MACOSX\/|\.(?!\.?\/))/.test(name)
}

function wildcard(pattern: string): RegExp {
  const parts = pattern
    .split('*')
    .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`))
  return new RegExp(`^${parts.join('.*')}$`, 'is')
}

function listed(names: readonly string[]): string {
  const first = names.slice(0, 5).map(visible).join(', ')
  return names.length > 5 ? `${first} and ${names.length - 5} more` : first
}

function firstLineOf(error: unknown): string {
  return visible((error as Error).message.split(/[.\n]/, 1)[0]!)
}

function refused(file: InputFile, reason: string): PairduckError {
  return new PairduckError(
    'IMPORT_FAILED',
    `${visible(file.name)} ${reason}; nothing of it is stored`,
    {
      file: file.name,
      format: 'zip',
    },
  )
}

import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { begins, type ContainerFormat } from './format.ts'
import { spool } from './spool.ts'

export const gzip: ContainerFormat = {
  kind: 'container',
  name: 'gzip',
  about: 'one compressed file (.gz), whatever it is called',
  fits: (head) => begins(head, 0x1f, 0x8b),
  async *unpack(file, tools) {
    const from = [createReadStream(file.path), createGunzip({ chunkSize: 1 << 18 })] as const
    yield { name: file.name, ...(await spool(file.name, from, tools)) }
  },
}
